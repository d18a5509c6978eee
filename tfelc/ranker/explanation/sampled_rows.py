"""A draw of a split's rows in memory, some columns of which may be permuted."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np
import pyarrow as pa

from tfelc.core.errors import DataError
from tfelc.data.split_tables import SplitTables
from tfelc.ranker.evaluation.requests import Requests
from tfelc.schema.schema import Schema


class SampledRows:
    """Rows that were drawn at random, in their order.

    Args:
        table: The rows.
        permuted: Columns that take their values from other rows, all of one row from the same other one.
        order: Of which row, `(rows,)`; of no use without `permuted`.
    """

    def __init__(self, table: pa.Table, permuted: Collection[str] = (), order: np.ndarray | None = None) -> None:
        self.table = table
        self._permuted = permuted
        self._order = order

    @classmethod
    def draw(cls, dataset: SplitTables, schema: Schema, split: str, most: int, seed: int) -> SampledRows:
        """Draws rows, every one with the same chance.

        Args:
            dataset: The rows.
            schema: Columns of the ranker.
            split: Their split.
            most: How many to draw; all where there are fewer.
            seed: Seed of the draw.

        Raises:
            DataError: There are none.
        """
        random = np.random.default_rng(seed)
        tables: list[pa.Table] = []
        keys = np.empty(0)
        for table in dataset.tables(split, _needed(schema)):
            # Those with the smallest keys are kept, so that no more than twice as many are in memory.
            keys = np.concatenate([keys, random.random(len(table))])
            whole = pa.concat_tables([*tables, table])
            kept = np.sort(np.argsort(keys, kind="stable")[:most])
            tables, keys = [whole.unify_dictionaries().take(pa.array(kept)).combine_chunks()], keys[kept]
        if not len(keys):
            raise DataError(f"split `{split}` has no rows to explain by")
        return cls(tables[0])

    def permuted(self, columns: Collection[str], seed: Sequence[int]) -> SampledRows:
        """The same rows, with some columns in a random order.

        Args:
            columns: Names of the columns.
            seed: Seed of the order.
        """
        return SampledRows(self.table, columns, np.random.default_rng(seed).permutation(len(self.table)))

    def check(self, schema: Schema, whose: str = "the run's schema") -> None:
        """Nothing: what the rows were drawn of has been checked."""

    def tables(self, split: str, columns: Sequence[str]) -> Iterator[pa.Table]:
        """All rows, whatever the split is called, with the columns wanted."""
        table = self.table.select(list(columns))
        for name in self._permuted:
            if name in table.column_names:
                place = table.column_names.index(name)
                table = table.set_column(place, name, self.table[name].take(pa.array(self._order)))
        yield table


def _needed(schema: Schema) -> list[str]:
    """Every column that answers and their judgment need."""
    groups, users = schema.of_kind("group"), [schema.user_key] if schema.user_key else []
    requests = Requests(schema).columns if schema.request_key else ()
    return list(dict.fromkeys([*schema.features, *schema.outcomes, *groups, *users, *requests]))
