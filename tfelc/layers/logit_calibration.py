"""Logits moved so that probabilities come true as often as they say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

Tensor = Any


@keras.saving.register_keras_serializable(package="tfelc")
class LogitCalibration(keras.layers.Layer):
    """A piecewise linear function of logits that is set after training; until then it changes nothing.

    Args:
        knots: int. How many points it is given by, at most. Defaults to 32.
        **kwargs: Arguments of `keras.layers.Layer`. It computes in float32 whatever they say.

    Call arguments:
        inputs: Float tensor of shape `(batch,)`.

    Returns:
        Tensor of shape `(batch,)`: linear between the points, and outside by the slopes of the ends.

    Raises:
        ValueError: `knots` is below 2; of `set_points`, what it says.

    Example:
        >>> calibration = LogitCalibration(knots=3)
        >>> calibration.build((None,))
        >>> calibration.set_points([-1.0, 1.0], [-2.0, 0.0], ends=(1.0, 1.0))
        >>> calibration(ops.convert_to_tensor([-3.0, 0.0, 4.0])).numpy().tolist()
        [-4.0, -1.0, 3.0]
    """

    def __init__(self, knots: int = 32, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})
        if knots < 2:
            raise ValueError(f"`knots` must be at least 2. Received: knots={knots}")
        self.knots = knots

    def build(self, input_shape: Any) -> None:
        """Makes the points, those of a function that changes nothing."""
        made = {
            name: self.add_weight(shape=(count,), initializer="ones", trainable=False, name=name)
            for name, count in (("inputs", self.knots), ("outputs", self.knots), ("ends", 2))
        }
        self.points = made
        self.set_points([0.0, 1.0], [0.0, 1.0], (1.0, 1.0))

    def call(self, inputs: Tensor) -> Tensor:
        """Moves the logits."""
        x, y, ends = (ops.convert_to_tensor(self.points[name]) for name in ("inputs", "outputs", "ends"))
        widths = x[1:] - x[:-1]
        slopes = (y[1:] - y[:-1]) / ops.where(widths > 0, widths, 1.0)
        inside = ops.clip(inputs[:, None] - x[:-1], 0.0, widths)
        below = ops.minimum(inputs - x[0], 0.0) * ends[0]
        above = ops.maximum(inputs - x[-1], 0.0) * ends[1]
        return y[0] + ops.matmul(inside, slopes[:, None])[:, 0] + below + above

    def set_points(
        self,
        inputs: Sequence[float] | NDArray[np.floating[Any]],
        outputs: Sequence[float] | NDArray[np.floating[Any]],
        ends: tuple[float, float],
    ) -> None:
        """Sets the function.

        Args:
            inputs: Rising logits, 2 to `knots` of them.
            outputs: What becomes of each, none below the one before it.
            ends: Slopes below the first point and above the last one.

        Raises:
            ValueError: They are too few or many, not finite, or do not rise.
        """
        x, y = np.asarray(inputs, np.float32), np.asarray(outputs, np.float32)
        if not 2 <= len(x) == len(y) <= self.knots:
            raise ValueError(f"`inputs` and `outputs` must be 2 to {self.knots}. Received: {len(x)} and {len(y)}")
        if not (np.isfinite(x).all() and np.isfinite(y).all() and (np.diff(x) > 0).all() and (np.diff(y) >= 0).all()):
            raise ValueError(f"`inputs` and `outputs` must be finite and rise. Received: {x} and {y}")
        rest = self.knots - len(x)
        # Points that are not needed lie on the last one, where they add nothing.
        self.points["inputs"].assign(np.pad(x, (0, rest), mode="edge"))
        self.points["outputs"].assign(np.pad(y, (0, rest), mode="edge"))
        self.points["ends"].assign(np.asarray(ends, np.float32))

    def move(self, offset: float) -> None:
        """Makes it the same function of logits that lie higher, inputs and outputs alike.

        Args:
            offset: How much higher.
        """
        for name in ("inputs", "outputs"):
            self.points[name].assign(self.points[name] + offset)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), "knots": self.knots}
