import math

import pytest

from tests.support.training import SETTINGS
from tfelc.experiments.benchmarks import clusters
from tfelc.ranker.settings import RankerSettings


@pytest.fixture(scope="module")
def settings():
    whole, plain = (
        RankerSettings.load(SETTINGS, ["training.batch_size=50", *more]).to_dict()
        for more in ((), ["model.clusters.num_clusters=0"])
    )
    return {"settings": whole, "plain": plain}


def test_the_share_of_a_step_is_measured(every_kind_dataset, settings):
    found = clusters.training_step(str(every_kind_dataset.path), "click,buy", rounds=3, **settings)
    assert 0 < found["layer_share"] < 1 and found["share"] < 1
    assert found["with_ms"] > 0 and found["without_ms"] > 0


def test_the_layer_is_measured(settings):
    found = clusters.layer(settings["settings"], (128, 16))
    assert found["ms"] > 0 and 0 <= found["memory_mb"] < 500
    assert found["ns"] == pytest.approx(1e6 * found["ms"] / (128 * 16)) and math.isnan(found["tensors"])


def test_the_layer_is_that_of_the_settings(settings):
    assert len(clusters._layer_step(settings["settings"])()) == 2  # Gradients of the rows and of the centers.


def _measured(label, **figures):
    return {"label": label, "figures": {name: {"median": value} for name, value in figures.items()}}


def test_the_tables_show_each_figure_once():
    step = {"step": _measured("8,192 rows", without_ms=90.0, with_ms=100.0, layer_ms=4.0, share=0.1, layer_share=0.04)}
    layer = {
        "20-512": _measured("20 clusters, 512 rows", ms=4.0, ns=390.62, memory_mb=3.0, tensors=None),
        "512-65536": _measured("512 clusters, 65,536 rows", ms=1_270.5, ns=37.86, memory_mb=1_024.0, tensors=8.0),
    }
    one, grid = clusters.tables({"rounds": 25, "step": step, "layer": layer})
    assert one.rows == [["8,192 rows", "90.0", "100.0", "10.0%", "4.0%"]]
    assert grid.rows == [
        ["20 clusters, 512 rows", "4.0", "390.62", "3", ""],
        ["512 clusters, 65,536 rows", "1,270.5", "37.86", "1,024", "8.0"],
    ]
    assert len(clusters.tables({"rounds": 25, "step": step, "layer": {}})) == 1
