"""How well an exported next-item model ranks the catalog, by the answers that it gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import ValidationError

from tfelc.core.errors import DataError, ExportError
from tfelc.data.contract import arrow_type
from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.metrics.registries import RANKING_METRICS
from tfelc.metrics.summary import ranking_metrics
from tfelc.next_item.data.examples import Examples
from tfelc.next_item.data.sources import load_sequences
from tfelc.next_item.run import refuse_unmeasured, split
from tfelc.next_item.scoring.exported_recommender import ExportedRecommender
from tfelc.next_item.settings import NEXT_ITEM, SplitSettings

_ROWS = 1_024


def evaluate_export(
    recommender: ExportedRecommender,
    source: str,
    split_name: str,
    csv_delimiter: str | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> EvaluationResult:
    """Ranks every target by what the export recommends, which by the setting `repeats` is also what a user had before.

    The figures are those of the run that was exported, as far as the index finds the best items.

    Args:
        recommender: The export.
        source: The sequences that it was trained on: the name of a data set, or what names files.
        split_name: `validation` or `test`.
        csv_delimiter: What separates the columns of CSV files. Defaults to None: a comma, and a tab in .tsv files.
        progress: Called with the users ranked so far and their total. Defaults to a function that does nothing.

    Raises:
        UsageError: The split is neither.
        DataError: The sequences cannot be read, or are others.
        ExportError: The export is of another version, or a score is not a number.
    """
    refuse_unmeasured(split_name)
    manifest = recommender.manifest
    try:
        settings = SplitSettings.model_validate(manifest.settings["split"])
    except (KeyError, ValidationError):
        raise ExportError(f"{recommender.path}: is of another version of tfelc; measure its run, by `run`") from None
    sequences = load_sequences(
        source, lambda text: None, settings.min_user_actions, settings.min_item_users, csv_delimiter
    )
    if sequences.hash != manifest.run["data_hash"]:
        raise DataError(
            f"{source}: other sequences than {recommender.path} was trained on; only its run can be measured on them, "
            "by `run`",
            ["run"],
        )
    examples: Examples = getattr(split(sequences, settings, [split_name]), split_name)
    ranks = _ranks(recommender, examples, sequences.catalog, progress)
    return EvaluationResult(split_name, "users", len(examples), {NEXT_ITEM: ranking_metrics(ranks)})


def _ranks(
    recommender: ExportedRecommender, examples: Examples, catalog: NDArray[Any], progress: Callable[[int, int], None]
) -> NDArray[np.int64]:
    """The place of each target among what is recommended from 1; one more than there are items where it is not."""
    headings = [RANKING_METRICS.get(name).heading.partition("@")[2] for name in RANKING_METRICS.names()]
    # One without a cutoff looks at the whole catalog.
    wanted = max(map(int, headings)) if all(headings) else len(catalog)
    kind = arrow_type(recommender.history_column)
    ids = pa.array(catalog.tolist(), kind.value_type)
    ranks = np.full(len(examples), len(catalog) + 1)
    for start in range(0, len(examples), _ROWS):
        block = examples.take(slice(start, start + _ROWS))
        offsets = np.concatenate([[0], np.cumsum(block.lengths)])
        values = ids.take(pa.array(block.actions[block.entries()[1]] - 1))
        histories = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)
        targets = np.array(ids.take(pa.array(block.targets - 1)).to_pylist(), object)
        found = _texts(recommender.answer(histories, wanted)["ids"]) == targets[:, None]
        rows, places = np.nonzero(found)
        ranks[start + rows] = places + 1
        progress(start + len(block), len(examples))
    return ranks


def _texts(ids: NDArray[Any]) -> NDArray[Any]:
    """Ids as Python holds them: TensorFlow's texts are bytes."""
    if ids.dtype.kind != "O":
        return ids.astype(object)
    return np.array([[each.decode() for each in row] for row in ids], object).reshape(ids.shape)
