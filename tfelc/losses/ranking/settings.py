"""The settings of each ranking term, which create it."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Literal

from pydantic import Field

from tfelc.core.part_settings import PartSettings
from tfelc.core.registry import Registry

RANKING_TERMS: Registry[type[RankingTermSettings]] = Registry(
    "ranking term",
    {
        "none": f"{__name__}:NoRankingSettings",
        "pairwise": f"{__name__}:PairwiseRankingSettings",
        "listwise": f"{__name__}:ListwiseRankingSettings",
    },
)


class RankingTermSettings(PartSettings):
    """What orders the rows of one user, beside the loss of each binary task."""

    registry: ClassVar[Registry[Any]] = RANKING_TERMS
    default_name: ClassVar[str] = "none"

    @abstractmethod
    def create(self) -> Any:
        """The `RankingTerm`; None where there is none."""


class NoRankingSettings(RankingTermSettings):
    """The tasks' own losses alone."""

    name: Literal["none"] = "none"

    def create(self) -> Any:
        """None."""
        return None


class GroupedRankingSettings(RankingTermSettings):
    """What the terms share that compare rows.

    Attributes:
        weight: What it weighs beside each task's own loss.
        group: What is ranked together: a column of kind `id`, `category` or `group`, or `user_and_day`. Where nothing
            is set, what GAUC is within: the schema's `request_key`, or else its `user_key`.
    """

    weight: float = Field(0.1, gt=0)
    group: str | None = None


class PairwiseRankingSettings(GroupedRankingSettings):
    """Each positive above one negative of its user, by a logistic loss (RankNet)."""

    name: Literal["pairwise"] = "pairwise"

    def create(self) -> Any:
        """The `PairwiseTerm`."""
        from tfelc.losses.ranking.pairwise import PairwiseTerm

        return PairwiseTerm(self.weight)


class ListwiseRankingSettings(GroupedRankingSettings):
    """Each positive above all rows of its user, by a softmax over them (ListNet)."""

    name: Literal["listwise"] = "listwise"

    def create(self) -> Any:
        """The `ListwiseTerm`."""
        from tfelc.losses.ranking.listwise import ListwiseTerm

        return ListwiseTerm(self.weight)
