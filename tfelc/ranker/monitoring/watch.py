"""Measures a window of logged requests against an export."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tfelc.core.errors import ExportError
from tfelc.data.delays.mature_rows import mature_rows
from tfelc.data.log_source import LogInput
from tfelc.lifecycle.export.served_requests import log_files_of
from tfelc.metrics.population_stability_index import population_stability_index
from tfelc.ranker.data.outcomes import Outcomes
from tfelc.ranker.data.requests.joined_rows import JoinedRows, Unmatched
from tfelc.ranker.data.requests.keys import Keys
from tfelc.ranker.data.requests.outcome_log import OutcomeLog
from tfelc.ranker.data.requests.served_rows import ServedRows, Window
from tfelc.ranker.data.task_labels import task_labels
from tfelc.ranker.export.known_values import KnownValues, present
from tfelc.ranker.export.reference_statistics import (
    NumberReference,
    ReferenceStatistics,
    ValueReference,
    numbers_of,
)
from tfelc.ranker.monitoring.thresholds import Thresholds
from tfelc.ranker.monitoring.watched import Calibration, Passed, Watched, WatchedFeature, WatchedOutput
from tfelc.ranker.scoring.exported_ranker import ExportedRanker
from tfelc.schema.column import OUTCOME_KINDS
from tfelc.schema.schema import Schema
from tfelc.schema.score import LAST_SCORE
from tfelc.schema.task_chain import select_tasks


class OutcomeSource:
    """Where the outcomes of requests are, and how they are joined.

    Args:
        schema: The columns.
        source: DataFrame, Arrow table, or files.
        unmatched: Whether a row without an outcome is dropped, or one where nothing happened.
        key: Names of the columns that join them. Defaults to the schema's `request_key`.
        beside: Further columns wanted, as far as the outcomes have them. Defaults to none.

    Raises:
        DataError: A label or a part of the key is missing, or a key is there twice.
        UsageError: A column of the key is not in the requests.
    """

    def __init__(
        self,
        schema: Schema,
        source: LogInput,
        unmatched: Unmatched,
        key: Sequence[str] = (),
        beside: Sequence[str] = (),
    ) -> None:
        # Features, keys and labels are all that is needed here, and the times of those that come late.
        needed = (*OUTCOME_KINDS, "timestamp", "event_time") if schema.delays else OUTCOME_KINDS
        names = [name for name, column in schema.columns.items() if column.is_feature or column.kind in needed]
        own = [name for name in key if name in schema.columns] or [str(schema.request_key)]
        names += [name for name in own if name in schema.columns]
        self.schema = schema.only(dict.fromkeys([*names, *beside]))
        self.keys = Keys(self.schema, key)
        self.log = OutcomeLog.read(self.schema, self.keys, source)
        there = [name for name in beside if schema.columns[name].is_feature or name in self.log.columns.column_names]
        self.schema = schema.only(dict.fromkeys([*names, *there]))
        self.unmatched = unmatched

    def joined(self, rows: ServedRows) -> JoinedRows:
        """The rows with their outcomes."""
        return JoinedRows.of(self.schema, rows, self.log, self.keys, self.unmatched)


def watch(
    ranker: ExportedRanker,
    requests: Sequence[str],
    thresholds: Thresholds,
    outcomes: OutcomeSource | None = None,
    since: float | None = None,
    until: float | None = None,
) -> Watched:
    """Measures the requests that an export has answered.

    Args:
        ranker: The export; its graph is not loaded.
        requests: Files of the log, patterns or folders.
        thresholds: What calls for a look.
        outcomes: What came of the requests. Defaults to None: calibration is then not measured.
        since: The first second of the window, since 1970. Defaults to None: no bound.
        until: The second after its last. Defaults to None: no bound.

    Raises:
        ExportError: The export has no statistics to be compared with.
        DataError: A log is missing or damaged, or a request does not fit the model.
    """
    reference = ranker.manifest.reference
    if reference is None:
        raise ExportError(
            f"{ranker.path}: was exported without its data, so there are no statistics to compare with; export again"
        )
    window = Window(ranker.version, since, until)
    rows = ServedRows.read(ranker.schema, log_files_of(requests), ranker.probabilities, window)
    joined = outcomes.joined(rows) if outcomes is not None and len(rows.features) else None
    features = _features(ranker, reference, rows)
    outputs = _outputs(ranker, reference, rows, joined)
    passed = [*_moved_features(features, thresholds), *_moved_outputs(outputs, thresholds)]
    times = rows.seconds[rows.seconds > 0]
    return Watched(
        model=str(ranker.path.parent),
        version=ranker.version,
        requests=len(rows.where),
        rows=len(rows.features),
        first=int(times.min()) if len(times) else None,
        last=int(times.max()) if len(times) else None,
        left_out=rows.left_out,
        outcomes=None if joined is None else joined.counts(),
        features=features,
        outputs=outputs,
        passed=passed if len(rows.features) >= thresholds.rows else [],
        fewest=thresholds.rows,
    )


def _features(ranker: ExportedRanker, reference: ReferenceStatistics, rows: ServedRows) -> dict[str, WatchedFeature]:
    schema, known = ranker.schema, KnownValues.load(ranker.path)
    found = {}
    for name, before in reference.features.items():
        values = rows.features[name].combine_chunks()
        unknown = unknown_before = None
        if isinstance(before, ValueReference):
            counts = before.count(schema.columns[name], values)
            unseen = None if known is None else known.unknown(schema, name, values)
            unknown = _share(unseen, len(present(schema.columns[name], values)))
            unknown_before = _share(before.unknown, sum(before.counts[:-1]))
        else:
            counts = before.count(numbers_of(schema.columns[name], values))
        found[name] = WatchedFeature(
            _defined(population_stability_index(before.counts, counts)),
            _share(int(counts[-1]), len(values)),
            _share(before.counts[-1], reference.rows),
            unknown,
            unknown_before,
        )
    return found


def _outputs(
    ranker: ExportedRanker, reference: ReferenceStatistics, rows: ServedRows, joined: JoinedRows | None
) -> dict[str, WatchedOutput]:
    calibrations = {} if joined is None else _calibrations(ranker, rows, joined)
    found = {}
    for name, before in reference.outputs.items():
        scores = rows.scores[name]
        there = scores[~np.isnan(scores)]
        # A row for which a score is no finite number has one that stands for it, which is in no mean.
        finite = there[there > np.float32(LAST_SCORE)]
        found[name] = WatchedOutput(
            _index(before, there) if len(there) else None,
            float(finite.mean(dtype=np.float64)) if len(finite) else None,
            calibrations.get(name),
        )
    return found


def _calibrations(ranker: ExportedRanker, rows: ServedRows, joined: JoinedRows) -> dict[str, Calibration]:
    """By output, over the rows where it is judged and the log has its score."""
    heads = list(ranker.manifest.tasks)
    tasks = select_tasks(ranker.schema, heads, {})
    table = mature_rows(ranker.schema, joined.table, "outcomes of requests")
    outcomes = Outcomes(tasks, task_labels(table, tasks, ranker.schema.nullable_labels))
    found = {}
    for name, (judged, labels) in outcomes.judged(heads).items():
        scores = rows.scores[name][joined.places]
        used = judged & ~np.isnan(scores)
        if used.any():
            means = (float(each[used].mean(dtype=np.float64)) for each in (scores, labels))
            found[name] = Calibration(int(used.sum()), int((labels[used] > 0).sum()), *means)
    return found


def _moved_features(features: Mapping[str, WatchedFeature], thresholds: Thresholds) -> Iterator[Passed]:
    for name, feature in features.items():
        rises = {
            "psi": feature.psi,
            "unknown": _rise(feature.unknown, feature.unknown_before),
            "missing": _rise(feature.missing, feature.missing_before),
        }
        for measure, value in rises.items():
            threshold = thresholds.of_feature(name, measure)
            if value is not None and value > threshold:
                yield Passed(name, measure, value, threshold)


def _moved_outputs(outputs: Mapping[str, WatchedOutput], thresholds: Thresholds) -> Iterator[Passed]:
    for name, output in outputs.items():
        if output.psi is not None and output.psi > thresholds.score_psi:
            yield Passed(name, "psi", output.psi, thresholds.score_psi)
        found = output.calibration
        if found is not None and found.ratio is not None and found.positives >= thresholds.positives:
            off = abs(found.ratio - 1)
            if off > thresholds.calibration:
                yield Passed(name, "calibration", off, thresholds.calibration)


def _rise(now: float | None, before: float | None) -> float | None:
    return None if now is None or before is None else now - before


def _index(before: NumberReference, scores: np.ndarray) -> float | None:
    return _defined(population_stability_index(before.counts, before.count(scores)))


def _share(part: int | None, whole: int) -> float | None:
    return None if part is None or not whole else part / whole


def _defined(value: float) -> float | None:
    return None if math.isnan(value) else value
