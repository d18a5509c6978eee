"""A task of a schema: one head of the ranker."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, FiniteFloat, model_validator

from tfelc.schema.delay import Delay
from tfelc.schema.schema_part import SchemaPart

# Where a task that is conditioned on another one is trained.
Space = Literal["conditional", "entire"]

# What a task predicts: a probability, or an expected quantity in one of four ways.
TaskKind = Literal["binary", "regression", "watch_time", "lifetime_value", "ordinal"]

# The served outputs beside the tasks' own.
CLUSTER_OUTPUTS = ("cluster", "cluster_share")


class Task(SchemaPart):
    """One head of the model.

    Attributes:
        label: Column with the outcome: of kind `label` for a binary task, of kind `value` for the others.
        kind: What is predicted: `binary`, a probability; `regression`, a quantity by its error; `watch_time`, a
            quantity of at least 0 as the odds of a weighted logistic regression; `lifetime_value`, one that is mostly 0
            with a long tail, as zero-inflated and log-normal; `ordinal`, one of some `levels`, as stars are, by the
            probability of each. Defaults to `binary`.
        loss: The error of a regression, `squared` or `absolute`. Defaults to `squared`.
        scale: What a regression's error is of: the `linear` label, or log(1 + label). Defaults to `linear`.
        levels: The values that the label of an ordinal task has, two at least, in ascending order. Defaults to none.
        conditioned_on: Task whose outcome this one needs first, as a conversion needs a click. Defaults to none.
        space: Where a task with `conditioned_on` is trained: `conditional`, on the rows where that outcome is 1, or
            `entire`, over all rows through the product of the probabilities (ESMM). Defaults to `conditional`.
        joint: Name of the product's output, P(this one and that one). Defaults to `<conditioned_on>_<task>`.
        weight: Weight of the task's loss; or a column's name, which is then its `row_weight`. Defaults to 1.
        row_weight: Column of kind `weight` that weighs the rows for this task, in the place of the one for all tasks.
            Defaults to none of its own.
        negatives_kept: Share of the training rows with a label of 0 that are kept, within (0, 1): `prepare` drops the
            others, and the logits are corrected for it. Defaults to none: all are.
        already_sampled: Where the log holds no more than that share as it is, so that `prepare` drops nothing: in the
            rows of its `train` split, or in `all` rows. Defaults to none: nowhere.
        delay: How long the outcome is waited for, where it comes some time after its row. Defaults to none: it is known
            with the row.
    """

    label: str
    kind: TaskKind = "binary"
    loss: Literal["squared", "absolute"] = "squared"
    scale: Literal["linear", "log"] = "linear"
    levels: tuple[FiniteFloat, ...] | None = None
    conditioned_on: str | None = None
    space: Space = "conditional"
    joint: str | None = None
    weight: float = Field(1.0, gt=0)
    row_weight: str | None = None
    negatives_kept: float | None = Field(None, gt=0, lt=1)
    already_sampled: Literal["train", "all"] | None = None
    delay: Delay | None = None

    @model_validator(mode="before")
    @classmethod
    def _weight_may_be_a_column(cls, content: Any) -> Any:
        if isinstance(content, dict) and isinstance(content.get("weight"), str):
            if content.get("row_weight", content["weight"]) != content["weight"]:
                raise ValueError("`weight` and `row_weight` name two columns; name one")
            content = {**content, "row_weight": content["weight"]}
            del content["weight"]
        return content

    @model_validator(mode="after")
    def _needs_a_condition(self) -> Self:
        if self.conditioned_on is None and (self.joint or self.space == "entire"):
            raise ValueError("`joint` and `space: entire` need `conditioned_on`")
        return self

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.kind != "regression":
            for key in ("loss", "scale"):
                if getattr(self, key) != type(self).model_fields[key].default:
                    raise ValueError(f"a task of kind `{self.kind}` takes no `{key}`")
        if (self.kind == "ordinal") != (self.levels is not None):
            raise ValueError(
                "a task of kind `ordinal` needs `levels`, the values of its label, and no other takes them"
            )
        if self.levels is not None and (len(self.levels) < 2 or list(self.levels) != sorted(set(self.levels))):
            raise ValueError("`levels` must be two numbers or more, each above the one before")
        if self.is_value and self.delay is not None:
            raise ValueError(f"a task of kind `{self.kind}` takes no `delay`, which is of outcomes that come or do not")
        if self.is_value and self.space == "entire":
            raise ValueError(
                f"a task of kind `{self.kind}` takes no `space: entire`; conditioned on another, its `joint` output is "
                "the probability of that times its value"
            )
        return self

    @model_validator(mode="after")
    def _can_be_sampled(self) -> Self:
        if self.already_sampled is not None and self.negatives_kept is None:
            raise ValueError("`already_sampled` needs `negatives_kept`, the share that is there")
        if self.negatives_kept is not None and (self.is_value or self.conditioned_on is not None):
            why = f"is of kind `{self.kind}`" if self.is_value else "has `conditioned_on`"
            raise ValueError(f"`negatives_kept` is for a binary task on all rows, and this one {why}")
        if self.negatives_kept is not None and self.delay is not None:
            raise ValueError("a task with `delay` takes no `negatives_kept`: of young rows it is not known which are 0")
        return self

    @property
    def is_value(self) -> bool:
        """Whether it predicts a quantity, and no probability."""
        return self.kind != "binary"

    @property
    def never_negative(self) -> bool:
        """Whether its label must be at least 0."""
        return self.kind in ("watch_time", "lifetime_value") or self.scale == "log"
