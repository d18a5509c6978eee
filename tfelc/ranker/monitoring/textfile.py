"""A window of served requests in Prometheus's text format, for the textfile collector of its node exporter."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from tfelc.core.atomic_files import write_text
from tfelc.ranker.monitoring.watched import Watched

_STATUSES = ("ok", "moved", "too_few_rows")
_HELP = {
    "status": "1 for the status of the last look, else 0.",
    "last_look_timestamp_seconds": "When it was.",
    "requests": "Requests of the window.",
    "rows": "Their rows.",
    "thresholds_passed": "Thresholds that are passed.",
    "feature_psi": "Population stability index of a feature against the export.",
    "feature_missing": "Share of the rows without a value.",
    "feature_unknown": "Share of the values that the model has never seen.",
    "score_psi": "Population stability index of a score against the export.",
    "score_mean": "Mean score.",
    "calibration_ratio": "Mean score over mean outcome.",
}

Sample = tuple[dict[str, str], float | None]


def write_textfile(path: Path, watched: Watched) -> None:
    """Writes the gauges, whole by rename: the collector never sees half a file.

    Args:
        path: The file, whose name should end in `.prom`.
        watched: What was measured.

    Raises:
        OSError: It cannot be written.
    """
    write_text(path, "".join(_lines(watched)))


def _lines(watched: Watched) -> Iterator[str]:
    common = {"model": Path(watched.model).name, "version": str(watched.version)}
    for name, samples in _samples(watched).items():
        known = [(labels, value) for labels, value in samples if value is not None]
        if known:
            yield f"# HELP tfelc_monitor_{name} {_HELP[name]}\n# TYPE tfelc_monitor_{name} gauge\n"
        for labels, value in known:
            said = ",".join(f'{key}="{_escaped(text)}"' for key, text in (common | labels).items())
            yield f"tfelc_monitor_{name}{{{said}}} {value!r}\n"


def _samples(watched: Watched) -> Mapping[str, list[Sample]]:
    features, outputs = watched.features.items(), watched.outputs.items()
    return {
        "status": [({"status": each}, float(each == watched.status)) for each in _STATUSES],
        "last_look_timestamp_seconds": [({}, time.time())],
        "requests": [({}, float(watched.requests))],
        "rows": [({}, float(watched.rows))],
        "thresholds_passed": [({}, float(len(watched.passed)))],
        "feature_psi": [({"feature": name}, each.psi) for name, each in features],
        "feature_missing": [({"feature": name}, each.missing) for name, each in features],
        "feature_unknown": [({"feature": name}, each.unknown) for name, each in features],
        "score_psi": [({"output": name}, each.psi) for name, each in outputs],
        "score_mean": [({"output": name}, each.mean) for name, each in outputs],
        "calibration_ratio": [
            ({"output": name}, each.calibration.ratio if each.calibration else None) for name, each in outputs
        ],
    }


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
