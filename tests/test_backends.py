"""One training step of the models on Keras's JAX backend, without TensorFlow, beside the same one on TensorFlow."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.backend_cases import CASES, one_step

pytestmark = pytest.mark.skipif(find_spec("jax") is None, reason="jax is not installed; pip install 'tfelc[jax]'")


@pytest.fixture(scope="module")
def on_jax(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("jax") / "steps.npz"
    # What XLA would make faster runs once.
    flags = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "XLA_FLAGS": flags}
    command = [sys.executable, "-m", "tests.support.backend_cases", str(path)]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return dict(np.load(path))


@pytest.mark.parametrize("case", CASES)
def test_gradients_and_state_are_those_of_tensorflow(case: str, on_jax: dict[str, Any]) -> None:
    expected = {kind: _of(on_jax, case, kind) for kind in ("before", "after", "loss")}
    found = one_step(case, expected["before"])
    np.testing.assert_allclose(found["loss"], expected["loss"], rtol=1e-4)
    moved = [np.any(b != a) for b, a in zip(found["before"], found["after"], strict=True)]
    assert np.mean(moved) > 0.8  # The step has gradients to compare.
    for ours, theirs in zip(found["after"], expected["after"], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


def _of(arrays: dict[str, Any], case: str, kind: str) -> list[Any]:
    count = sum(name.startswith(f"{case}|{kind}|") for name in arrays)
    return [arrays[f"{case}|{kind}|{position}"] for position in range(count)]
