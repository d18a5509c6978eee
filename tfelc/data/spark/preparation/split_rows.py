"""Tasks that say of each row which split it falls into, and count what a manifest says of the rows."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tfelc.data.checks.log_checks import LogChecks
from tfelc.data.contract import arrow_schema
from tfelc.data.delays.matured_labels import MaturedLabels
from tfelc.data.spark.preparation.feature_blocks import FeatureBlocks
from tfelc.data.spark.preparation.log_rules import SPLIT
from tfelc.data.spark.preparation.staged_rows import StagedRows, staged_batches
from tfelc.data.spark.preparation.task import Task
from tfelc.data.split_rule import SplitRule
from tfelc.data.splits import SPLITS
from tfelc.schema.schema import Schema


def splits_of(rows: pa.Table, rule: SplitRule, first: int) -> NDArray[np.int64]:
    """The split of each staged row, as an index into `SPLITS`.

    Args:
        rows: The rows.
        rule: The way to split, of which a column may have said the result.
        first: Place of the first row in the log.
    """
    return rows[SPLIT].to_numpy() if SPLIT in rows.column_names else rule.splits(rows, first)


@dataclass(frozen=True)
class SplitRows(Task):
    """Writes the rows of a file again: of each batch those of train, of validation, and of test, in their order.

    Attributes:
        schema: The columns.
        names: Columns that the log has.
        rule: The way to split.
        matured: The labels that come late.
        features: The columns of aggregates.
        files: The files of the rows.
        firsts: Place in the log of the first row of each.
        rows: Rows of the log.
    """

    schema: Schema
    names: Sequence[str]
    rule: SplitRule
    matured: MaturedLabels
    features: FeatureBlocks
    files: Sequence[str]
    firsts: Sequence[int]
    rows: int

    def work(self, number: int) -> Any:
        """Gives the file, the rows of each batch in it, what the checks say, and what is said of late labels."""
        first = self.firsts[number]
        matured = copy.deepcopy(self.matured)
        checks = LogChecks(self.schema, self.names, first, self.rows)
        counts = []
        with StagedRows.written(self.folder, arrow_schema(self.schema)) as staged:
            for batch in staged_batches(self.folder, self.files[number]):
                split = splits_of(batch, self.rule, first)
                rows = batch.drop_columns([SPLIT]) if SPLIT in batch.column_names else batch
                rows = matured.added_to(self.features.added_to(rows, first), split)
                checks.see(rows, split)
                for index in range(len(SPLITS)):
                    staged.add(rows.filter(pa.array(split == index)))
                counts += np.bincount(split, minlength=len(SPLITS)).tolist()
                first += len(rows)
        return {"file": staged.name, "rows": counts, "checks": checks.said(), "matured": matured.said()}
