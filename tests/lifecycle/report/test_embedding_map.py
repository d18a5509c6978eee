import numpy as np

from tests.support.reading import Reading
from tfelc.lifecycle.report.embedding_map import embedding_map


def test_panels_are_drawn_and_told():
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(2, 6))
    clusters = np.repeat([0, 1], 30)
    embeddings = centers[clusters] + 0.05 * rng.normal(size=(60, 6))
    groups = np.array(["N"] * 45 + [None] * 15, dtype=object)
    colorings = {"by cluster": clusters.astype(object), "by level": groups}
    reading = Reading(embedding_map(embeddings, colorings, "impressions"))
    text = reading.all("svg")[0]["aria-label"]
    assert text.startswith("Map of 60 impressions.")
    assert "by cluster: 0: 50%, 1: 50%." in text and "by level: N: 75%, others 25%." in text
    assert {"by cluster", "by level", "N"} <= set(reading.text("text"))


def test_nothing_to_lay_out_is_said():
    alike = embedding_map(np.ones((50, 4)), {"by cluster": np.zeros(50, object)}, "users")
    few = embedding_map(np.eye(4), {"by cluster": np.zeros(4, object)}, "users")
    assert "No map" in alike and "No map" in few and "<svg" not in alike + few
