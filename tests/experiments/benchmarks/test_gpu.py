from importlib.util import find_spec

import pytest

from tests.support.command import call
from tfelc.experiments.benchmarks import array_steps, gpu
from tfelc.experiments.benchmarks.array_steps import device, products, training_step
from tfelc.experiments.benchmarks.torch_mmoe import torch_step


def test_a_step_beside_its_products(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(array_steps, "_ITEMS", 50)
    step = training_step("sasrec", 8, "float32", xla=False, seconds=0.01)
    alone = products("sasrec", 8, "float32", seconds=0.01)
    for found in (step, alone):
        assert found.keys() == {"step_ms", "rows_per_second", "peak_mb"} and min(found.values()) > 0
        assert found["rows_per_second"] == pytest.approx(8_000 / found["step_ms"])
    assert alone["step_ms"] < step["step_ms"]


def test_the_products_are_those_of_the_models_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(array_steps, "TABLE_ROWS", 20)
    trainer, _ = array_steps._trainer("ranker", 1)
    shapes = array_steps._ranker_products(trainer, 16)
    features = sum(trainer.ranker.encoder.output_widths.values())
    # Four experts of 128 and 64 units side by side, or one after the other; two towers of 32 units.
    assert (1, 16, features, 4 * 128) in shapes and (4, 16, 128, 64) in shapes and (2, 16, 64, 32) in shapes
    assert all(rows == 16 for _, rows, _, _ in shapes)


@pytest.mark.skipif(find_spec("torch") is not None, reason="torch is installed")
def test_without_torch_its_row_says_so() -> None:
    assert torch_step(8, "float32", 0.01) is None


def test_the_table_says_where_it_was_measured() -> None:
    figures = {
        "step_ms": {"median": 2.0, "ratio": 1.25},
        "rows_per_second": {"median": 4_096.0, "ratio": 1.0},
        "peak_mb": {"median": 512.0, "ratio": 1.0},
    }
    ways = {"one": {"label": "ranker", "figures": figures}, "torch": {"label": "PyTorch's MMoE", "figures": {}}}
    (table,) = gpu.tables({"backend": "jax", "device": device(), "ways": ways})
    assert "backend jax, on cpu" in table.title
    assert table.rows[0] == ["ranker", "2.0", "1.25", "4,096", "512"]
    assert table.rows[1][:2] == ["PyTorch's MMoE", "not installed"]


@pytest.mark.parametrize("wrong", [("--backend", "numpy"), ("--batch-sizes", "8,none"), ("--batch-sizes", "0")])
def test_what_cannot_be_measured_is_refused(wrong: tuple[str, str]) -> None:
    refused = call("benchmark", "gpu", *wrong)
    assert refused.code == 2 and refused.err.startswith(f"error: {wrong[0]}: ")
