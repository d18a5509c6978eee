"""The examples in the docstrings run, and each public layer, loss, metric and model has one."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
from pathlib import Path

import keras
import pytest

from tfelc.losses.next_item.next_item_loss import NextItemLoss
from tfelc.next_item.model_settings.sequence_model import SEQUENCE_MODELS
from tfelc.ranker.architectures.multi_task_architecture import ARCHITECTURES

ROOT = Path(__file__).parents[1]
WITH_EXAMPLES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in sorted((ROOT / "tfelc").rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]
BUILDING_BLOCKS = [
    module.name
    for package in ("tfelc.layers", "tfelc.losses", "tfelc.metrics", "tfelc.next_item.models", "tfelc.ranker.models")
    for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}.")
]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_run(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    keras.utils.set_random_seed(0)
    failed = doctest.testmod(importlib.import_module(name)).failed
    assert not failed, capsys.readouterr().out


@pytest.mark.parametrize("name", BUILDING_BLOCKS)
def test_each_layer_loss_metric_and_model_has_an_example(name: str) -> None:
    module = importlib.import_module(name)
    room = name.split(".")[1]
    for part, value in vars(module).items():
        if part.startswith("_") or getattr(value, "__module__", None) != name:
            continue
        is_part = inspect.isclass(value) and issubclass(value, keras.layers.Layer | keras.metrics.Metric | NextItemLoss)
        is_function = inspect.isfunction(value) and room in ("losses", "metrics")
        if is_part or is_function:
            assert ">>> " in (inspect.getdoc(value) or ""), f"{name}.{part} has no example"


def test_each_architecture_has_an_example() -> None:
    for name in ARCHITECTURES.names():
        assert ">>> " in ARCHITECTURES.get(name).__doc__


def test_each_next_item_model_has_an_example() -> None:
    for name in SEQUENCE_MODELS.names():
        model = type(SEQUENCE_MODELS.get(name)().create(3, 2, [1, 1, 1], 0))
        assert ">>> " in str(model.__doc__)
