"""The dense part of the ranker: experts, gates helped by learnable clusters, towers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from tfelc.config import ModelConfig
from tfelc.layers.grouped_dense import GroupedDense
from tfelc.layers.learnable_clusters import LearnableClusters
from tfelc.layers.multi_gate_experts import MultiGateExperts

Tensor = Any


@keras.saving.register_keras_serializable(package="tfelc")
class MultiTaskNetwork(keras.layers.Layer):
    """Encoded sides -> logits: the experts see every side, the gates the activities and the users' clusters.

    Args:
        tasks: Sequence of str. The heads, in order.
        config: ModelConfig, or its dictionary.

    Call arguments:
        sides: Mapping of role to float tensor, `(batch, width)` each.
        broadcast: bool. Whether some sides are one row for all. Defaults to False.

    Returns:
        As `Ranker`.
    """

    def __init__(self, tasks: Sequence[str], config: ModelConfig | dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.tasks = tuple(tasks)
        self.config = config = ModelConfig.model_validate(config)
        policy = self.dtype_policy
        if config.clusters.count:
            self.activity_encoder = keras.layers.Dense(config.clusters.dim, dtype=policy, name="activity_encoder")
            self.clusters = LearnableClusters(
                config.clusters.count,
                alpha=config.clusters.alpha,
                objective=config.clusters.objective,
                temperature=config.clusters.temperature,
                name="clusters",
            )
        is_ple, is_shared_bottom = config.architecture == "ple", config.architecture == "shared_bottom"
        self.experts = MultiGateExperts(
            len(self.tasks),
            1 if is_shared_bottom else config.experts.shared,
            config.experts.units,
            per_task=config.experts.per_task if is_ple else 0,
            levels=config.experts.levels if is_ple else 1,
            dropout=config.experts.dropout,
            dtype=policy,
            name="experts",
        )
        self.towers = [
            GroupedDense(units, "relu", dtype=policy, name=f"tower_{position}")
            for position, units in enumerate(config.towers.units)
        ]
        self.drop = keras.layers.Dropout(config.towers.dropout, dtype=policy)
        self.heads = GroupedDense(1, dtype="float32", name="heads")

    def build(self, sides_shape: Mapping[str, Any]) -> None:
        """Makes every part; the widths follow from the sides'."""
        gate_width = self._width(sides_shape, self.config.gates.inputs)
        if self.config.clusters.count:
            self.activity_encoder.build((None, self._width(sides_shape, self.config.clusters.inputs)))
            self.clusters.build((None, self.config.clusters.dim))
            fed = {"assignment": self.config.clusters.count, "centre": self.config.clusters.dim}
            gate_width += sum(fed[name] for name in self.config.clusters.feed)
        self.experts.build(list(sides_shape.values()), (None, gate_width))
        width = self.config.experts.units[-1]
        for tower, units in zip(self.towers, self.config.towers.units, strict=True):
            tower.build((None, len(self.tasks), width))
            width = units
        self.heads.build((None, len(self.tasks), width))

    def call(
        self, sides: Mapping[str, Tensor], broadcast: bool = False, training: bool | None = None
    ) -> dict[str, Any]:
        """Scores encoded rows."""
        gate_parts = [sides[role] for role in self.config.gates.inputs if role in sides]
        outputs: dict[str, Any] = {}
        if self.config.clusters.count:
            found = self.clusters(self.activity_embedding(sides, broadcast), training=training)
            gate_parts += [found[name] for name in self.config.clusters.feed]
            outputs["clusters"] = {name: found[name] for name in ("assignment", "cluster")}
        gate_inputs = _side_by_side([ops.cast(part, "float32") for part in gate_parts], broadcast)
        hidden, gates = self.experts(list(sides.values()), gate_inputs, broadcast=broadcast, training=training)
        for tower in self.towers:
            hidden = self.drop(tower(hidden), training=training)
        logits = self.heads(hidden)
        outputs["logits"] = {task: logits[:, position, 0] for position, task in enumerate(self.tasks)}
        outputs["gates"] = {task: gates[:, position] for position, task in enumerate(self.tasks)}
        return outputs

    def activity_embedding(self, sides: Mapping[str, Tensor], broadcast: bool = False) -> Tensor:
        """What is clustered: `(batch, clusters.dim)`."""
        parts = [sides[role] for role in self.config.clusters.inputs if role in sides]
        return self.activity_encoder(_side_by_side(parts, broadcast))

    @staticmethod
    def _width(sides_shape: Mapping[str, Any], roles: Sequence[str]) -> int:
        width = sum(sides_shape[role][-1] for role in roles if role in sides_shape)
        if not width:
            raise ValueError(f"the schema has no feature of role {' or '.join(roles)}, which gates and clusters need")
        return width

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), "tasks": self.tasks, "config": self.config.model_dump(mode="json")}


def _side_by_side(parts: Sequence[Tensor], broadcast: bool) -> Tensor:
    """Concatenates; with `broadcast`, parts of one row are repeated where others have more."""
    if broadcast:
        rows = sum(ops.zeros_like(part[:, :1]) for part in parts)
        parts = [part + rows for part in parts]
    return ops.concatenate(parts, axis=-1)
