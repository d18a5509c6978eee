"""A trained run -> a verified version for TensorFlow Serving."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import tensorflow as tf

from tfelc.lifecycle.export.publish import publish
from tfelc.lifecycle.export.request_log import LoggedRequest
from tfelc.lifecycle.export.verify import Differences
from tfelc.ranker.export.feature_manifest import FeatureManifest
from tfelc.ranker.export.known_values import KnownValues
from tfelc.ranker.export.quantized_rows import RowsFormat, quantize_tables
from tfelc.ranker.export.reference_statistics import take_statistics
from tfelc.ranker.export.requests import ranked_rows, request_inputs
from tfelc.ranker.export.sample_rows import hard_rows, made_rows, real_rows
from tfelc.ranker.export.serving_module import ServingModule
from tfelc.ranker.export.signatures import RANK_TOP, RANKINGS, input_specs
from tfelc.ranker.export.trained_answers import trained_answers
from tfelc.ranker.models.ranking_model import RankingModel
from tfelc.ranker.models.score import unsteady_scores
from tfelc.ranker.run import RankerRun
from tfelc.schema.score import K_INPUT, SCORE_OUTPUT
from tfelc.schema.task import CLUSTER_OUTPUTS

_ROWS = 256
# Users whose ranking requests are verified, of the ordinary rows and of the hard ones.
_RANKED_USERS = 3


@dataclass(frozen=True)
class Export:
    """A published version.

    Attributes:
        version: Its number.
        path: Its folder.
        manifest: What it says of itself.
        differences: Signature -> output -> largest difference from the trained model's answers.
        rows: The ordinary rows it was verified with, in the types of a prepared dataset.
        rows_are_real: Whether these are from the run's validation split, and not made from the vocabularies.
    """

    version: int
    path: Path
    manifest: FeatureManifest
    differences: Differences
    rows: pa.Table
    rows_are_real: bool


def export(
    run: RankerRun,
    base: Path,
    progress: Callable[[str], None] = lambda step: None,
    tables: RowsFormat | None = None,
    score: str | None = None,
) -> Export:
    """Exports a run's best weights as the next version under `base`.

    The version appears once a fresh process has answered every signature as the trained ranker does: on rows of the
    validation split (or, where the data is gone, rows made from the vocabularies) and on rows that are missing,
    unknown or out of range. The graph computes in float32, also where training did not.

    Args:
        run: The run.
        base: The model's base folder.
        progress: Called with the name of each step.
        tables: `float16` or `int8`: the embedding tables are served in so many bytes, and the version is verified
            against the ranker with these. Defaults to None: as they were trained, in float32.
        score: The formula of the output `score`. Defaults to None: that of the run's schema, if it has one.

    Raises:
        UsageError: `score` is no formula over the run's outputs.
        RunError: The folder is no run, or is damaged.
        ExportError: `base` cannot be written to, or an answer differs. Nothing is left behind.
    """
    progress("loading the run")
    # On the CPU, where the verification computes too: a GPU rounds matrix products to fewer bits.
    with tf.device("/CPU:0"):
        model = _served_model(run, tables, score)
        progress("taking reference statistics")
        reference = take_statistics(run, model)
    fitted = run.fitted
    manifest = FeatureManifest.of(model, fitted, run.metadata, reference)
    found = real_rows(run, _ROWS)
    rows = made_rows(model.schema, fitted, _ROWS) if found is None else found

    def module(file: Path) -> ServingModule:
        KnownValues.of(fitted).write(file.parent)
        return ServingModule(model, file)

    published = publish(
        base,
        manifest,
        module,
        _warmup(model, rows),
        lambda: [*_answered(model, rows), *_answered(model, hard_rows(model.schema, fitted))],
        progress,
    )
    return Export(published.version, published.path, manifest, published.differences, rows, found is not None)


def _warmup(model: RankingModel, rows: pa.Table) -> list[LoggedRequest]:
    return [
        LoggedRequest(signature, request_inputs(model.schema, signature, rows.slice(0, count)))
        for signature in input_specs(model.schema)
        # One item alone for a ranking: a server that batches refuses a request whose inputs differ in rows, and with
        # one in its warm-up the whole version would not load there.
        for count in ((1,) if signature in RANKINGS else (1, len(rows)))
    ]


def _served_model(run: RankerRun, tables: RowsFormat | None, score: str | None) -> RankingModel:
    model = run.model("float32")
    if score is not None:
        model = model.scored_by(score)
    if tables is not None:
        quantize_tables(model, tables)
    return model


def _answered(model: RankingModel, rows: pa.Table) -> Iterator[LoggedRequest]:
    """Requests to every signature, with what the trained ranker answers."""
    answers, tied = trained_answers(model, rows)
    # Apart, since where two centers tie any cluster will do, and a score may jump; and one row for itself.
    tied |= _unsteady(model, answers)
    parts = [rows.filter(pa.array(~tied)), rows.filter(pa.array(tied)), rows.slice(0, 1)]
    # The user to rank for comes first.
    users = [rows.take(np.roll(np.arange(len(rows)), -user)) for user in range(min(_RANKED_USERS, len(rows)))]
    for signature in input_specs(model.schema):
        for table in users if signature in RANKINGS else parts:
            if len(table):
                yield _request(model, signature, table)


def _request(model: RankingModel, signature: str, table: pa.Table) -> LoggedRequest:
    scored = ranked_rows(model.schema, table) if signature in RANKINGS else table
    answers, tied = trained_answers(model, scored)
    inputs = request_inputs(model.schema, signature, table)
    if tied.any():
        del answers[CLUSTER_OUTPUTS[0]]
    if _unsteady(model, answers).any():
        del answers[SCORE_OUTPUT]
    if signature == RANK_TOP:
        # Items whose scores are nearly equal may stand in either order: the scores alone tell whether it is right.
        best = np.sort(answers.get(SCORE_OUTPUT, np.empty(0, np.float32)))[::-1]
        answers = {SCORE_OUTPUT: best[: int(inputs[K_INPUT][0])]} if len(best) else {}
    return LoggedRequest(signature, inputs, answers)


def _unsteady(model: RankingModel, answers: Mapping[str, Any]) -> npt.NDArray[np.bool_]:
    """Rows whose score by the formula changes much where the outputs change as little as rounding does."""
    if model.formula is None:
        return np.zeros(len(next(iter(answers.values()))), bool)
    return unsteady_scores(model.formula, {name: answers[name] for name in model.formula.used})
