import json

from tests.support.command import call
from tfelc.experiments.yardsticks.tables import tables

QUICK = (
    "training.epochs=1",
    "training.batch_size=300",
    "training.steps_per_execution=1",
    "model.architecture.units=[4]",
    "model.clusters.num_clusters=0",
)


def test_the_differences_are_from_the_mean_over_the_seeds():
    found = {
        "rows": {"train": 1234},
        "ranker": {"ctr": {"mean": 0.75, "std": 0.01}, "cvr": {"mean": 0.6, "std": 0.0}},
        "yardsticks": {"constant": {"ctr": 0.5}, "logistic regression": {"ctr": 0.7}, "boosted trees": {"ctr": 0.8}},
    }
    (table,) = tables({"datasets": {"shop": found}, "seeds": [0, 1]})
    assert table.rows == [
        ["shop, ctr", "1,234", "0.7500 ± 0.0100", "0.7000", "0.8000", "+0.0500", "-0.0500"],
        ["shop, cvr", "1,234", "0.6000", "–", "–", "", ""],
    ]


def test_the_command_trains_by_what_auto_comes_to(every_kind_dataset, tmp_path):
    words = [word for setting in QUICK for word in ("--set", setting)]
    out = tmp_path / "found.json"
    options = ("--data", every_kind_dataset.path, "--seeds", 1, "--runs", tmp_path / "runs", "--out", out)
    assert (done := call("experiment", "yardsticks", *options, *words)).code == 0, done.err
    found = json.loads(out.read_text())["datasets"][every_kind_dataset.path.name]
    assert list(found["ranker"]) == list(found["yardsticks"]["boosted trees"]) == ["click", "buy", "click_and_buy"]
    assert found["auto"]["model.number_bins"] > 0 and "training.batch_size" not in found["auto"]
    assert "minus boosted trees" in out.with_suffix(".md").read_text()
