import numpy as np
import pytest

from tests.support.reading import Reading
from tfelc.ranker.report.cluster_groups import ClusterGroups


def test_each_user_counts_once():
    # User 1 (new) has three impressions, two of them in cluster 4; user 2 (HA) one; user 3 is in no group.
    counted = ClusterGroups.of(
        np.array([4, 4, 0, 0, 7]),
        np.array(["N", "N", "N", "HA", None], dtype=object),
        np.array([1, 1, 1, 2, 3]),
    )
    assert (counted.groups, counted.clusters) == (["N", "HA"], [0, 4])
    assert counted.users == pytest.approx(np.array([[1 / 3, 2 / 3], [1, 0]]))


def test_rows_without_users_count_by_themselves():
    clusters, groups = np.array([0, 0, 1]), np.array(["a", "b", "b"], dtype=object)
    assert ClusterGroups.of(clusters, groups, None).users == pytest.approx(np.array([[1, 0], [1, 1]]))
    unknown = np.array([5, None, None], dtype=object)
    assert ClusterGroups.of(clusters, groups, unknown).users == pytest.approx(np.array([[1, 0], [1, 1]]))


def test_pictures_say_in_words_what_they_show():
    counted = ClusterGroups(np.array([[9.0, 1.0], [2.0, 8.0]]), ["N", "HA"], [3, 5])
    first, second = (Reading(markup).all("svg")[0]["aria-label"] for markup in counted.pictures("level"))
    assert "N: 90% in cluster 3." in first and "HA: 80% in cluster 5." in first
    assert "Cluster 3: 82% N." in second and "Cluster 5: 89% HA." in second


def test_many_clusters_and_groups_are_cut_to_the_largest():
    users = np.arange(1.0, 1 + 30 * 40).reshape(30, 40)[:, ::-1]
    counted = ClusterGroups(users, [f"g{row}" for row in range(30)], list(range(40)))
    first, second = (Reading(markup) for markup in counted.pictures("level"))
    shown = [text for text in first.text("text") if text.startswith("g")]
    assert shown == [f"g{row}" for row in range(20, 30)]
    assert "rest" in first.text("text") and "20" not in first.text("text")
    assert sum("of users)" in text for text in second.text("text")) == 20
