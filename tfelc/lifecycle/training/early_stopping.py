"""The validation metric that decides which weights are the best, and when to stop."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tfelc.core.errors import ConfigError
from tfelc.core.registry import Registry
from tfelc.metrics.metric import Metric
from tfelc.metrics.ranker_metric import RankerMetric
from tfelc.metrics.ranking_metric import RankingMetric

_MEAN = "mean"


@dataclass(frozen=True)
class WatchedMetric:
    """A validation metric by its name in the settings, as a value of which more is better.

    Attributes:
        name: The name in the settings, such as `mean.auc` or `ndcg@20`.
        outputs: The outputs whose values are averaged.
        metric: The metric.
    """

    name: str
    outputs: tuple[str, ...]
    metric: Metric

    @classmethod
    def of(
        cls,
        name: str,
        outputs: Sequence[str],
        metrics: Registry[RankerMetric] | Registry[RankingMetric],
        has_users: bool = True,
    ) -> WatchedMetric:
        """Looks a name up.

        Args:
            name: `<output>.<metric>`, or `mean.<metric>` for the mean over the outputs; for a model of a single output
                `<metric>` alone will do.
            outputs: The outputs that are measured.
            metrics: The metrics that are measured, `RANKER_METRICS` or `RANKING_METRICS`.
            has_users: Whether the users of the rows may be known. Defaults to True.

        Raises:
            ConfigError: A run with these outputs would never measure it, or the metric has no direction.
        """
        output, dot, metric_name = name.rpartition(".")
        directed = [one for one in metrics.names() if metrics.get(one).sign]
        places = [_MEAN, *outputs] if dot else []
        if not outputs or metric_name not in directed or (output not in places if dot else len(outputs) != 1):
            where = "" if len(outputs) == 1 else f"{', '.join(outputs)} or `{_MEAN}`, a dot, and one of "
            raise ConfigError(
                f"training.early_stopping.metric: `{name}` is not measured; it is one of {where}{', '.join(directed)}"
            )
        metric = metrics.get(metric_name)
        watched = cls(name, (output,) if dot and output != _MEAN else tuple(outputs), metric)
        if watched.needs_users and not has_users:
            raise ConfigError(f"training.early_stopping.metric: `{name}` needs a `user_key` in the schema")
        return watched

    @property
    def needs_users(self) -> bool:
        """Whether the metric is made of figures of single users."""
        return isinstance(self.metric, RankerMetric) and self.metric.needs_users

    def value(self, metrics: Mapping[str, Mapping[str, float]]) -> float:
        """The value, larger being better: the mean over the outputs whose rows define it; NaN where none do.

        Args:
            metrics: Output -> metric -> value, as in an `EvaluationResult`.
        """
        values = [metrics[output][self.metric.name] for output in self.outputs]
        defined = [value for value in values if math.isfinite(value)]
        return self.metric.sign * float(np.mean(defined)) if defined else math.nan
