"""The dense part of the ranker: experts, gates helped by learnable clusters, towers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from tfelc.layers.cluster_linear import ClusterLinear
from tfelc.layers.grouped_dense import GroupedDense
from tfelc.layers.learnable_clusters import LearnableClusters
from tfelc.ranker.settings import RankerModelSettings

Tensor = Any


@keras.saving.register_keras_serializable(package="tfelc")
class MultiTaskNetwork(keras.layers.Layer):
    """Encoded sides -> logits: the experts see every side, the gates the activities and the users' clusters.

    A side is what is known of one party of a row: the user, the activity, the item, or the context.

    Args:
        tasks: Sequence of str. The heads, in order.
        config: RankerModelSettings, or its dictionary.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        sides: Mapping of role to float tensor, `(batch, width)` each.
        broadcast: bool. Whether some sides are one row for all. Defaults to False.

    Returns:
        The same as `MultiTaskModel`.

    Raises:
        ValueError: None of the sides has the role that the gates or the clusters read.

    Example:
        >>> settings = {"architecture": {"name": "ple", "units": [8]}, "clusters": {"num_clusters": 3}}
        >>> network = MultiTaskNetwork(["ctr", "cvr"], settings)
        >>> outputs = network({"activity": ops.ones((1, 4)), "item": ops.ones((6, 5))}, broadcast=True)
        >>> tuple(outputs["logits"]["cvr"].shape), tuple(outputs["gates"]["cvr"].shape)
        ((6,), (1, 8))
    """

    def __init__(self, tasks: Sequence[str], config: RankerModelSettings | dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.tasks = tuple(tasks)
        self.config = config = RankerModelSettings.model_validate(config)
        policy = self.dtype_policy
        if config.clusters.num_clusters:
            # Clusters compare directions. A bias about as long as the embedding itself keeps its length in the
            # direction: users who do everything twice as often as others need not fall together with them.
            self.activity_encoder = keras.layers.Dense(
                config.clusters.dim,
                bias_initializer=keras.initializers.RandomNormal(stddev=0.8),
                dtype=policy,
                name="activity_encoder",
            )
            self.clusters = LearnableClusters(**config.clusters.layer_arguments(), name="clusters")
        self.experts = config.architecture.create_layer(len(self.tasks), policy)
        self.towers = [
            GroupedDense(units, "relu", dtype=policy, name=f"tower_{position}")
            for position, units in enumerate(config.towers.units)
        ]
        self.drop = keras.layers.Dropout(config.towers.dropout, dtype=policy)
        self.heads = GroupedDense(1, dtype="float32", name="heads")
        self.linear = (
            keras.layers.Dense(len(self.tasks), kernel_initializer="zeros", dtype="float32", name="linear")
            if config.linear is True
            else None
        )
        self.cluster_linear: ClusterLinear | None = None

    def build(self, sides_shape: Mapping[str, Any]) -> None:
        """Makes every part; the widths follow from the sides'."""
        gate_width = self._width(sides_shape, self.config.gates.inputs)
        if self.config.clusters.num_clusters:
            self.activity_encoder.build((None, self._width(sides_shape, self.config.clusters.inputs)))
            self.clusters.build((None, self.config.clusters.dim))
            widths = {"assignment": self.config.clusters.num_clusters, "center": self.config.clusters.dim}
            gate_width += sum(widths[name] for name in self.config.clusters.gate_inputs)
        self.experts.build(list(sides_shape.values()), (None, gate_width))
        width = self.config.architecture.output_units
        for tower, units in zip(self.towers, self.config.towers.units, strict=True):
            tower.build((None, len(self.tasks), width))
            width = units
        self.heads.build((None, len(self.tasks), width))
        if self.linear is not None:
            self.linear.build((None, sum(shape[-1] for shape in sides_shape.values())))
        linear_width = sum(sides_shape[role][-1] for role in self.config.clusters.linear_inputs if role in sides_shape)
        if self.config.clusters.num_clusters and linear_width:
            self.cluster_linear = ClusterLinear(
                len(self.tasks), self.config.clusters.num_clusters, name="cluster_linear"
            )
            self.cluster_linear.build((None, linear_width), (None, self.config.clusters.num_clusters))

    def call(
        self, sides: Mapping[str, Tensor], broadcast: bool = False, training: bool | None = None
    ) -> dict[str, Any]:
        """Scores encoded rows."""
        gate_parts = [sides[role] for role in self.config.gates.inputs if role in sides]
        outputs: dict[str, Any] = {}
        if self.config.clusters.num_clusters:
            embedding = self.activity_embedding(sides, broadcast)
            found = self.clusters(embedding, training=training)
            gate_parts += [found[name] for name in self.config.clusters.gate_inputs]
            outputs["clusters"] = {name: found[name] for name in ("assignment", "cluster")}
            outputs["clusters"]["embedding"] = ops.cast(embedding, "float32")
        gate_inputs = _side_by_side([ops.cast(part, "float32") for part in gate_parts], broadcast)
        hidden, gates = self.experts(list(sides.values()), gate_inputs, broadcast=broadcast, training=training)
        for tower in self.towers:
            hidden = self.drop(tower(hidden), training=training)
        logits = self.heads(hidden)[..., 0]
        if self.linear is not None:
            logits = logits + self.linear(_side_by_side(list(sides.values()), broadcast))
        if self.cluster_linear is not None:
            parts = [sides[role] for role in self.config.clusters.linear_inputs if role in sides]
            logits = logits + self.cluster_linear(_side_by_side(parts, broadcast), found["assignment"])
        outputs["logits"] = {task: logits[:, position] for position, task in enumerate(self.tasks)}
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
        return {**super().get_config(), "tasks": self.tasks, "config": self.config.to_dict()}


def _side_by_side(parts: Sequence[Tensor], broadcast: bool) -> Tensor:
    """Concatenates; with `broadcast`, parts of one row are repeated where others have more."""
    if broadcast:
        rows = sum(ops.zeros_like(part[:, :1]) for part in parts)
        parts = [part + rows for part in parts]
    return ops.concatenate(parts, axis=-1)
