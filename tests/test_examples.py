"""The examples in the docstrings run, and each public layer, loss and model has one."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
from pathlib import Path

import keras
import pytest

from tfelc.core.part_settings import PartSettings
from tfelc.losses.next_item.next_item_loss import NextItemLoss

PACKAGES = (
    "tfelc.core",
    "tfelc.layers",
    "tfelc.losses",
    "tfelc.next_item.model_settings",
    "tfelc.next_item.models",
    "tfelc.ranker.architectures",
    "tfelc.ranker.models",
)
MODULES = [
    module.name
    for package in PACKAGES
    for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}.")
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_run(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    keras.utils.set_random_seed(0)
    failed = doctest.testmod(importlib.import_module(name)).failed
    assert not failed, capsys.readouterr().out


@pytest.mark.parametrize("name", [name for name in MODULES if not name.startswith("tfelc.core")])
def test_each_layer_loss_and_model_has_an_example(name: str) -> None:
    module = importlib.import_module(name)
    for part, value in vars(module).items():
        if part.startswith("_") or getattr(value, "__module__", None) != name:
            continue
        is_part = inspect.isclass(value) and issubclass(value, keras.layers.Layer | NextItemLoss)
        is_loss = inspect.isfunction(value) and Path(str(module.__file__)).parent.name == "losses"
        if is_part or is_loss:
            assert ">>> " in (inspect.getdoc(value) or ""), f"{name}.{part} has no example"


def test_each_architecture_has_an_example() -> None:
    from tfelc.ranker.architectures.multi_task_architecture import ARCHITECTURES

    for name in ARCHITECTURES.names():
        architecture: type[PartSettings] = ARCHITECTURES.get(name)
        assert ">>> " in str(architecture.__doc__)
