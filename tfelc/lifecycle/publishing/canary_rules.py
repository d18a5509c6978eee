"""What a canary must fulfill."""

from __future__ import annotations

from tfelc.lifecycle.publishing.rules import NotWorse, PublishRules

# How often what a task predicts has happened, which is a metric of what was served alone.
OUTCOME = "outcome"


class CanaryRules(PublishRules):
    """The rules of a canary beside the served version, each judged on the requests that it has answered.

    Each request went to one of the two, so that a difference is known far less surely than on the same rows, and the
    defaults refuse what is shown to be worse. Rules about latency, size and inputs are passed over.

    Attributes:
        not_worse: Beside the served version; `outcome` is a metric here, too.
    """

    not_worse: tuple[NotWorse, ...] = (
        NotWorse(metric=OUTCOME, by_more_than=0.0, refuse="if_shown"),
        NotWorse(metric="auc", by_more_than=0.001, refuse="if_shown"),
        NotWorse(metric="gauc", by_more_than=0.003, refuse="if_shown"),
        NotWorse(metric="ne", by_more_than=0.003, refuse="if_shown"),
        NotWorse(metric="nrmse", by_more_than=0.005, refuse="if_shown"),
    )
