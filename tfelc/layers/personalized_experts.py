"""A network for each task, whose input and hidden units are scaled by who the user is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from tfelc.layers.experts import Experts
from tfelc.layers.personal_scale import PersonalScale

Tensor = Any


@keras.saving.register_keras_serializable(package="tfelc")
class PersonalizedExperts(keras.layers.Layer):
    """Each task's network over `s * E`, with each of its layers scaled; the factors follow from `gate_inputs` and `E`.

    `E` is the concatenation of the sides. The factors `s` of the input (EPNet) and those of each layer (PPNet) are
    `PersonalScale`s of `gate_inputs` beside `E`, through which no gradient flows back into `E`.

    Args:
        num_tasks: int. Number of tasks.
        units: Sequence of int. Widths of the layers of each task's network.
        hidden: int. Width of the layer inside each of the scales. Defaults to 32.
        dropout: float. Dropout inside the networks. Defaults to 0.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        sides: Sequence of float tensors, `(batch, width)` each; see `SidedDense`.
        gate_inputs: Float tensor of shape `(batch, gate width)`, or one row with `broadcast`.
        broadcast: bool. Whether some inputs are one row for all. Defaults to False.

    Returns:
        Tuple of the tasks' outputs, `(batch, num_tasks, units[-1])`, and float32 ones of shape `(batch, num_tasks,
        1)`: no task chooses between experts.

    Example:
        >>> layer = PersonalizedExperts(num_tasks=2, units=(8, 4))
        >>> user, items = ops.ones((1, 3)), ops.ones((6, 5))
        >>> outputs, _ = layer([user, items], ops.ones((1, 2)), broadcast=True)
        >>> tuple(outputs.shape)
        (6, 2, 4)

    Source: PEPNet (Chang et al., 2023), section 3.
    """

    def __init__(
        self, num_tasks: int, units: Sequence[int], hidden: int = 32, dropout: float = 0.0, **kwargs: Any
    ) -> None:
        """See the class."""
        super().__init__(**kwargs)
        self.num_tasks = num_tasks
        self.units = tuple(units)
        self.hidden = hidden
        self.dropout = dropout

    @property
    def shared_variables(self) -> list[keras.Variable]:
        """The scale of the input, which every task trains."""
        return self.input_scale.trainable_variables

    def build(self, sides_shape: Sequence[Any], gate_inputs_shape: Any) -> None:
        """Makes the networks and the scales."""
        width = sum(shape[-1] for shape in sides_shape)
        self.experts = Experts(self.num_tasks, self.units, self.dropout, dtype=self.dtype_policy, name="experts")
        self.experts.build([(None, width)])
        self.input_scale = PersonalScale(1, width, self.hidden, dtype=self.dtype_policy, name="input_scale")
        self.input_scale.build([gate_inputs_shape, *sides_shape])
        self.scales = []
        for position, units in enumerate(self.units):
            scale = PersonalScale(self.num_tasks, units, self.hidden, dtype=self.dtype_policy, name=f"scale_{position}")
            scale.build([gate_inputs_shape, (None, width)])
            self.scales.append(scale)

    def call(
        self, sides: Sequence[Tensor], gate_inputs: Tensor, broadcast: bool = False, training: bool | None = None
    ) -> tuple[Tensor, Tensor]:
        """Runs each task's network."""
        who = ops.cast(gate_inputs, self.compute_dtype)
        seen = [who, *map(ops.stop_gradient, sides)]
        if broadcast:
            rows = sum(ops.zeros_like(side[:, :1]) for side in sides)
            sides = [side + rows for side in sides]
        scaled = ops.concatenate(list(sides), axis=-1) * self.input_scale(seen, broadcast=broadcast)[:, 0]
        seen = [who, ops.stop_gradient(scaled)]
        scales = [scale(seen, broadcast=broadcast) for scale in self.scales]
        outputs = self.experts([scaled], training=training, scales=scales)
        return outputs, ops.ones((ops.shape(gate_inputs)[0], self.num_tasks, 1))

    def compute_output_shape(self, sides_shape: Sequence[Any], gate_inputs_shape: Any) -> Any:
        """Shapes of the outputs and of the ones."""
        batch = sides_shape[0][0]
        return (batch, self.num_tasks, self.units[-1]), (batch, self.num_tasks, 1)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        names = ("num_tasks", "units", "hidden", "dropout")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
