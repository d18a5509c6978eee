import pytest

from tests.support.training import SETTINGS
from tfelc.experiments.benchmarks import clusters
from tfelc.ranker.settings import Config


@pytest.fixture(scope="module")
def settings():
    whole, plain = (
        Config.load(SETTINGS, ["training.batch_size=50", *more]).model_dump(mode="json")
        for more in ((), ["model.clusters.count=0"])
    )
    return {"settings": whole, "plain": plain}


def test_the_share_of_a_step_is_measured(every_kind_dataset, settings):
    found = clusters.training_step(str(every_kind_dataset.path), "click,buy", rounds=3, **settings)
    assert 0 < found["layer_share"] < 1 and found["share"] < 1
    assert found["with_ms"] > 0 and found["without_ms"] > 0


def test_the_layer_is_measured(settings):
    found = clusters.layer(128, 16, settings["settings"])
    assert (found["batch"], found["count"]) == (128, 16)
    assert found["ms"] > 0 and 0 <= found["memory_mb"] < 500


def test_the_layer_is_that_of_the_settings(settings):
    assert len(clusters._layer_step(settings["settings"])()) == 2  # Gradients of the rows and of the centers.


def test_the_tables_show_each_figure_once():
    step = {"without_ms": 90.0, "with_ms": 100.0, "layer_ms": 4.0, "share": 0.1, "layer_share": 0.04}
    cell = {"batch": 65_536, "count": 512, "ms": 1_270.5, "memory_mb": 1_024.0}
    small = {"batch": 512, "count": 20, "ms": 4.0, "memory_mb": 3.0}
    one, grid = clusters.tables({"batch_size": 8_192, "step": step, "layer": [small, cell]})
    assert one.title == "training step, 8,192 rows, medians in ms"
    assert one.rows == [["90.0", "100.0", "10.0%", "4.0%"]]
    assert grid.rows == [
        ["20", "512", "4.0", "390.62", "3", ""],
        ["512", "65,536", "1,270.5", "37.86", "1,024", "8.0"],
    ]
    assert len(clusters.tables({"batch_size": 8_192, "step": step, "layer": []})) == 1
