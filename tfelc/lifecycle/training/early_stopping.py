"""The validation metric that decides which weights are the best, and when to stop."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from tfelc.core.errors import ConfigError

# Metric -> 1 where larger is better, -1 where smaller is.
_SIGNS = {"auc": 1, "gauc": 1, "logloss": -1, "ne": -1, "ece": -1}


def watched_value(metrics: Mapping[str, Mapping[str, float]], name: str) -> float:
    """The value that early stopping watches, larger being better; minus infinity where the rows do not define it.

    Args:
        metrics: Output -> metric -> value.
        name: `<output>.<metric>`, or `mean.<metric>` for the mean over the outputs.

    Raises:
        ConfigError: No such output or metric.
    """
    output, metric = _parts(name, list(metrics))
    outputs = list(metrics) if output == "mean" else [output]
    value = _SIGNS[metric] * float(np.mean([metrics[output][metric] for output in outputs]))
    return value if math.isfinite(value) else -math.inf


def check_watched(name: str, outputs: Sequence[str], has_users: bool) -> None:
    """Raises ConfigError where a run with these outputs would never measure the metric `name`."""
    _, metric = _parts(name, outputs)
    if metric == "gauc" and not has_users:
        raise ConfigError(f"training.early_stopping.metric: `{name}` needs a `user_key` in the schema")


def _parts(name: str, outputs: Sequence[str]) -> tuple[str, str]:
    output, _, metric = name.partition(".")
    if metric not in _SIGNS or output not in ("mean", *outputs):
        raise ConfigError(
            f"training.early_stopping.metric: `{name}` is not measured; it is one of {', '.join(outputs)} or `mean`, "
            f"a dot, and one of {', '.join(_SIGNS)}"
        )
    return output, metric
