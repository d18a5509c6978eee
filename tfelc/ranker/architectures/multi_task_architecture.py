"""What every multi-task architecture has in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

from tfelc.core.part_settings import PartSettings
from tfelc.core.registry import Registry

ARCHITECTURES: Registry[type[MultiTaskArchitecture]] = Registry(
    "architecture",
    {
        "aitm": "tfelc.ranker.architectures.aitm:AITM",
        "mmoe": "tfelc.ranker.architectures.mmoe:MMoE",
        "pepnet": "tfelc.ranker.architectures.pepnet:PEPNet",
        "ple": "tfelc.ranker.architectures.ple:PLE",
        "shared_bottom": "tfelc.ranker.architectures.shared_bottom:SharedBottom",
    },
)


class MultiTaskArchitecture(PartSettings):
    """The settings of an architecture, which make its layer.

    A new one is a subclass with a `name`, its settings, `create_layer` and `output_units`, registered in
    `ARCHITECTURES`.

    Example:
        >>> MultiTaskArchitecture.load({"name": "ple", "num_levels": 2}).num_levels
        2
        >>> ARCHITECTURES.names()
        ['aitm', 'mmoe', 'pepnet', 'ple', 'shared_bottom']
    """

    registry: ClassVar[Registry[Any]] = ARCHITECTURES
    default_name: ClassVar[str] = "mmoe"

    @abstractmethod
    def create_layer(self, num_tasks: int, dtype: Any) -> Any:
        """The Keras layer between the features and the tasks' towers.

        It is called as `layer(sides, gate_inputs, broadcast=False, training=None)` with the list of the sides' float
        tensors, `(batch, width)` each, and what the gates see, `(batch, gate width)`; with `broadcast` some of them are
        one row for all. It returns each task's mixture, `(batch, num_tasks, output_units)`, and its gate's weights,
        float32 of shape `(batch, num_tasks, experts)`, which sum to 1. `build(sides_shape, gate_inputs_shape)` makes
        its weights, and its `shared_variables` are those that all tasks train, which GradNorm balances by.

        One that `takes_scales` has `scale_shapes`, the (groups, units) of its hidden layers, and is called with
        `scales`, a float tensor `(batch, groups, units)` for each, by which these are multiplied.

        Settings load without Keras: import the layer inside this method.

        Args:
            num_tasks: int. Number of tasks.
            dtype: Keras's dtype policy, or its name.
        """

    @property
    @abstractmethod
    def output_units(self) -> int:
        """Width of each task's mixture."""

    @property
    def has_choice(self) -> bool:
        """Whether gates choose between experts, so that what they see matters. Defaults to True."""
        return True

    @property
    def takes_scales(self) -> bool:
        """Whether its hidden units can be scaled by who the user is. Defaults to False."""
        return False

    @property
    def is_chain(self) -> bool:
        """Whether the order of the tasks bears on what the weights mean. Defaults to False."""
        return False
