"""The settings of early stopping."""

from __future__ import annotations

from pydantic import Field

from tfelc.core.settings import Settings


class EarlyStoppingSettings(Settings):
    """Stops once a validation metric has not improved for some epochs; the weights of its best epoch are kept.

    Attributes:
        metric: The metric of the validation split that is watched: a ranker's `<output>.<metric>`, such as `ctr.auc`,
            or `mean.<metric>` for the mean over the outputs; a next-item model's `<metric>`, such as `ndcg@20`.
        patience: Epochs without an improvement after which training stops.
    """

    metric: str
    patience: int = Field(2, ge=0)
