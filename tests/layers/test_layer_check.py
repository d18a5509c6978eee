import itertools
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from tests.layers.layer_check import check_layer

_NUMBERS = itertools.count(1)


@keras.saving.register_keras_serializable(package="tfelc_tests")
class Scaled(keras.layers.Layer):
    """A sound layer with dict inputs and outputs; `fault` names what is broken in it."""

    def __init__(self, units: int = 2, fault: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.fault = fault
        self.number = next(_NUMBERS)

    def build(self, input_shape: Any) -> None:
        dtype = None if self.fault == "mixed" else self.dtype_policy
        self.dense = keras.layers.Dense(self.units, dtype=dtype)
        self.dense.build(input_shape["a"])
        self.scale = self.add_weight(shape=(), initializer="ones", name="scale")

    def call(self, inputs: Any) -> Any:
        scale = ops.stop_gradient(self.scale) if self.fault == "gradient" else self.scale
        out = self.dense(inputs["a"]) * ops.cast(scale, self.dense.compute_dtype)
        if self.fault == "saving":
            out = out * float(self.number)
        return {"out": out, "largest": ops.argmax(inputs["b"], axis=-1)}

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "fault": self.fault}
        return config if self.fault == "config" else {**config, "units": self.units}


def _check(fault: str) -> None:
    rng = np.random.default_rng(0)
    inputs = {"a": rng.normal(size=(5, 4)).astype("float32"), "b": rng.integers(0, 9, size=(5, 3))}
    check_layer(Scaled, {"units": 3, "fault": fault}, inputs, {"out": (5, 3), "largest": (5,)}, 3)


def test_a_sound_layer_passes() -> None:
    _check("")


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("config", "`units` is missing"),
        ("gradient", "did not move"),
        ("mixed", "output is float32 in mixed precision"),
        ("saving", "predictions changed"),
    ],
)
def test_a_faulty_layer_fails(fault: str, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        _check(fault)
