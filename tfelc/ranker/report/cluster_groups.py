"""Which clusters the users of each group are in, and who makes up each cluster (Figures 8 and 9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tfelc.lifecycle.report.group_names import in_order
from tfelc.lifecycle.report.heat_map import draw_heat_map
from tfelc.lifecycle.report.markup import Markup
from tfelc.lifecycle.report.picture import COLORS, GREY, drawing, picture

# More do not fit on a page; the largest are shown.
MOST_CLUSTERS = 20
MOST_GROUPS = 10
# Share of all users above which one cluster holds everybody.
_ONE_CLUSTER = 0.95


@dataclass(frozen=True)
class ClusterGroups:
    """Users counted by cluster and group; each counts once, spread over the clusters of their impressions.

    Attributes:
        users: `(groups, clusters)`.
        groups: Names of the groups, the paper's by activity.
        clusters: Numbers of the clusters, the largest first.
    """

    users: NDArray[np.float64]
    groups: list[str]
    clusters: list[int]

    @classmethod
    def of(cls, clusters: NDArray[np.integer[Any]], groups: NDArray[Any], users: NDArray[Any] | None) -> Self:
        """Counts.

        Args:
            clusters: Nearest cluster of each row, `(rows,)`.
            groups: Group of each row, `(rows,)`, None where it is in none; such a row does not count.
            users: User of each row, `(rows,)`, or None; a row whose user is not known counts as one.
        """
        frame = pd.DataFrame({"cluster": clusters, "group": np.asarray(groups, dtype=object), "weight": 1.0})
        if users is not None:
            rows = frame.groupby(np.asarray(users, dtype=object))["weight"].transform("sum")
            frame["weight"] = 1 / rows.fillna(1.0)
        frame = frame.dropna(subset="group")
        frame["group"] = frame["group"].map(str)
        counted = frame.pivot_table("weight", "group", "cluster", "sum", fill_value=0.0)
        names, numbers = in_order(counted.index), counted.sum().sort_values(ascending=False, kind="stable").index
        ordered = counted.loc[names, numbers]
        return cls(ordered.to_numpy(np.float64), names, [int(number) for number in numbers])

    def pictures(self, column: str) -> list[Markup]:
        """Both figures.

        Args:
            column: What the groups are called.
        """
        shown = self._largest()
        return [shown._distribution(column), shown._composition(column)]

    def _largest(self) -> ClusterGroups:
        kept = np.sort(np.argsort(-self.users.sum(axis=1), kind="stable")[:MOST_GROUPS])
        return ClusterGroups(self.users[kept], [self.groups[row] for row in kept], self.clusters)

    def _distribution(self, column: str) -> Markup:
        shares = self.users / self.users.sum(axis=1, keepdims=True)
        names = [str(number) for number in self.clusters]
        if len(names) > MOST_CLUSTERS:
            shares = np.c_[shares[:, :MOST_CLUSTERS], shares[:, MOST_CLUSTERS:].sum(axis=1)]
            names = [*names[:MOST_CLUSTERS], "rest"]
        with drawing(9, 1.4 + 0.34 * len(self.groups)) as figure:
            axes = figure.subplots()
            draw_heat_map(axes, shares, self.groups, names, "", "cluster, the largest first")
            axes.set_ylabel(column)
            text = "Share of each group's users by cluster. " + " ".join(
                f"{group}: {row.max():.0%} in cluster {names[int(row.argmax())]}."
                for group, row in zip(self.groups, shares, strict=True)
            )
            return picture(
                figure,
                text,
                f"Where the users of each {column} are, in percent of the group (each row sums to 100). "
                f"{self._apart()} As Figure 8 of the paper.",
            )

    def _apart(self) -> str:
        """Whether groups lie in clusters of their own."""
        totals = self.users.sum(axis=0)
        if totals.max() > _ONE_CLUSTER * totals.sum():
            return "Nearly all are in one cluster, which tells no group from another."
        return "Groups that lie in different clusters are told apart."

    def _composition(self, column: str) -> Markup:
        users = self.users[:, :MOST_CLUSTERS]
        clusters = self.clusters[:MOST_CLUSTERS]
        totals = users.sum(axis=0)
        shares = users / np.where(totals > 0, totals, 1.0)
        sizes = totals / self.users.sum()
        names = [f"{number}  ({size:.0%} of users)" for number, size in zip(clusters, sizes, strict=True)]
        with drawing(9, 1.2 + 0.28 * len(clusters)) as figure:
            axes = figure.subplots()
            left = np.zeros(len(clusters))
            for place, (group, row) in enumerate(zip(self.groups, shares, strict=True)):
                color = COLORS[place] if place < len(COLORS) else GREY
                axes.barh(names, row, left=left, color=color, label=group, height=0.75)
                for height, (start, share) in enumerate(zip(left, row, strict=True)):
                    if share >= 0.08:
                        axes.text(
                            start + share / 2, height, group, ha="center", va="center", fontsize=8, color="#000000"
                        )
                left += row
            axes.set(xlim=(0, 1), xlabel="share of the cluster's users", ylabel="cluster")
            axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
            axes.invert_yaxis()
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(self.groups))
            text = "Groups within each cluster. " + " ".join(
                f"Cluster {number}: {row.max():.0%} {self.groups[int(row.argmax())]}."
                for number, row in zip(clusters, shares.T, strict=True)
            )
            return picture(
                figure,
                text,
                f"Who makes up each cluster, by {column}. Bars that look alike: the cluster does not mind the group. "
                "As Figure 9 of the paper.",
            )
