"""The tables of a comparison of degrees of freshness, and the schemas that make them."""

from tfelc.experiments.freshness.datasets import DEGREES, TRAINED_ON
from tfelc.experiments.freshness.tables import tables


def _spread(mean: float, std: float = 0.0) -> dict[str, float]:
    return {"mean": mean, "std": std}


def test_one_row_for_each_model_and_degree() -> None:
    ranker = {"ctr": {"auc": _spread(0.75, 0.001), "gauc within user, held": _spread(0.6)}}
    trees = {"ctr": {"auc": _spread(0.74), "gauc within user, held": _spread(0.5)}}
    lift = {"difference": 0.004, "low": 0.003, "high": 0.005, "p_value": 0.001, "replicates": 1000}
    metrics, gains = tables(
        {
            "seeds": [0, 1, 2],
            "models": {"B": {"frozen": ranker, "daily": ranker}, "boosted trees": {"frozen": trees, "daily": trees}},
            "differences": {"daily": {"ctr": lift}},
        }
    )
    assert list(metrics.headings) == ["", "AUC", "GAUC within user, held"]
    assert [row[0] for row in metrics.rows] == [
        "B, frozen", "B, daily", "boosted trees, frozen", "boosted trees, daily"
    ]  # fmt: skip
    assert metrics.rows[0][1:] == ["0.7500 ± 0.0010", "0.6000"] and metrics.rows[2][1:] == ["0.7400", "0.5000"]
    assert gains.rows == [["ctr, daily", "+0.0040 (+0.0030, +0.0050)"]]


def test_each_degree_is_trained_on_data_that_there_is() -> None:
    assert list(DEGREES) == list(TRAINED_ON) and set(TRAINED_ON.values()) <= set(DEGREES)
