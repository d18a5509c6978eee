"""The dense part of the ranker: experts, gates helped by learnable clusters, towers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from tfelc.layers.bias_tower import BiasTower
from tfelc.layers.cluster_linear import ClusterLinear
from tfelc.layers.cross_network import CrossNetwork
from tfelc.layers.grouped_dense import GroupedDense
from tfelc.layers.learnable_clusters import LearnableClusters
from tfelc.layers.personal_scale import PersonalScale
from tfelc.ranker.settings import RankerModelSettings
from tfelc.schema.column import BIAS

Tensor = Any


@keras.saving.register_keras_serializable(package="tfelc")
class MultiTaskNetwork(keras.layers.Layer):
    """Encoded sides -> logits: the experts see every side, the gates the activities and the users' clusters.

    A side is what is known of one party of a row: the user, the activity, the item, or the context. The side `bias`
    goes into a tower of its own, whose answer is added to the logits.

    Args:
        tasks: Sequence of str. The heads, in order.
        config: RankerModelSettings, or its dictionary.
        columns: Mapping of task to the number of its logits. Defaults to None: one for each task.
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

    def __init__(
        self,
        tasks: Sequence[str],
        config: RankerModelSettings | dict[str, Any],
        columns: Mapping[str, int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.tasks = tuple(tasks)
        # The number of each task's logits, which lie side by side in this order.
        self.columns = {task: (columns or {}).get(task, 1) for task in self.tasks}
        logits = sum(self.columns.values())
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
        self.heads = GroupedDense(max(self.columns.values()), dtype="float32", name="heads")
        self.linear = (
            keras.layers.Dense(logits, kernel_initializer="zeros", dtype="float32", name="linear")
            if config.linear is True
            else None
        )
        self.cluster_linear: ClusterLinear | None = None
        self.bias_tower: BiasTower | None = None
        crosses = config.crosses
        self.crosses = (
            CrossNetwork(crosses.layers, crosses.rank, dtype=policy, name="crosses") if crosses.layers else None
        )
        self.expert_scales: list[PersonalScale] = []
        self.tower_scales: list[PersonalScale] = []

    def build(self, sides_shape: Mapping[str, Any]) -> None:
        """Makes every part; the widths follow from the sides'."""
        sides_shape, bias_shape = _apart(sides_shape)
        if bias_shape is not None:
            self.bias_tower = BiasTower(sum(self.columns.values()), name="bias_tower")
            self.bias_tower.build(bias_shape)
        gate_width = self._width(sides_shape, self.config.gates.inputs)
        if self.config.clusters.num_clusters:
            self.activity_encoder.build((None, self._width(sides_shape, self.config.clusters.inputs)))
            self.clusters.build((None, self.config.clusters.dim))
            widths = {"assignment": self.config.clusters.num_clusters, "center": self.config.clusters.dim}
            gate_width += sum(widths[name] for name in self.config.clusters.gate_inputs)
        everything = list(sides_shape.values())
        if self.crosses is not None:
            self.crosses.build(everything)
            everything = [(None, sum(shape[-1] for shape in everything))]
        self.experts.build(everything, (None, gate_width))
        self._build_scales(sides_shape)
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
                sum(self.columns.values()), self.config.clusters.num_clusters, name="cluster_linear"
            )
            self.cluster_linear.build((None, linear_width), (None, self.config.clusters.num_clusters))

    def call(
        self, sides: Mapping[str, Tensor], broadcast: bool = False, training: bool | None = None
    ) -> dict[str, Any]:
        """Scores encoded rows."""
        sides, bias = _apart(sides)
        gate_parts = [sides[role] for role in self.config.gates.inputs if role in sides]
        outputs: dict[str, Any] = {}
        found: dict[str, Any] = {}
        if self.config.clusters.num_clusters:
            embedding = self.activity_embedding(sides, broadcast)
            found = self.clusters(embedding, training=training)
            gate_parts += [found[name] for name in self.config.clusters.gate_inputs]
            outputs["clusters"] = {name: found[name] for name in ("assignment", "cluster")}
            outputs["clusters"]["embedding"] = ops.cast(embedding, "float32")
        gate_inputs = _side_by_side([ops.cast(part, "float32") for part in gate_parts], broadcast)
        everything = list(sides.values())
        if self.crosses is not None:
            everything = [self.crosses(everything, broadcast=broadcast)]
        of_experts, of_towers = self._scales(sides, found, broadcast)
        scaled = {"scales": of_experts} if of_experts else {}
        hidden, gates = self.experts(everything, gate_inputs, broadcast=broadcast, training=training, **scaled)
        for position, tower in enumerate(self.towers):
            hidden = tower(hidden)
            hidden = self.drop(hidden * of_towers[position] if of_towers else hidden, training=training)
        logits = self._side_by_side(self.heads(hidden))
        if self.linear is not None:
            logits = logits + self.linear(_side_by_side(list(sides.values()), broadcast))
        if self.cluster_linear is not None:
            parts = [sides[role] for role in self.config.clusters.linear_inputs if role in sides]
            logits = logits + self.cluster_linear(_side_by_side(parts, broadcast), found["assignment"])
        if self.bias_tower is not None:
            logits = logits + self.bias_tower(bias)
        outputs["logits"] = self._by_task(logits)
        outputs["gates"] = {task: gates[:, position] for position, task in enumerate(self.tasks)}
        return outputs

    def activity_embedding(self, sides: Mapping[str, Tensor], broadcast: bool = False) -> Tensor:
        """What is clustered: `(batch, clusters.dim)`."""
        parts = [sides[role] for role in self.config.clusters.inputs if role in sides]
        return self.activity_encoder(_side_by_side(parts, broadcast))

    def _build_scales(self, sides_shape: Mapping[str, Any]) -> None:
        config = self.config.scaling
        if not config.any:
            return
        seen = [sides_shape[role] for role in config.inputs if role in sides_shape]
        if config.clusters and self.config.clusters.num_clusters:
            seen.append((None, self.config.clusters.num_clusters))
        of_towers = [(len(self.tasks), units) for units in self.config.towers.units]
        for wanted, shapes, scales, name in (
            (config.experts, self.experts.scale_shapes if config.experts else (), self.expert_scales, "expert_scale"),
            (config.towers, of_towers, self.tower_scales, "tower_scale"),
        ):
            for position, (groups, units) in enumerate(shapes if wanted else ()):
                scale = PersonalScale(groups, units, config.hidden, dtype=self.dtype_policy, name=f"{name}_{position}")
                scale.build(seen)
                scales.append(scale)

    def _scales(
        self, sides: Mapping[str, Tensor], found: Mapping[str, Tensor], broadcast: bool
    ) -> tuple[list[Tensor], list[Tensor]]:
        """The factors of the experts' and of the towers' layers."""
        config = self.config.scaling
        seen = [sides[role] for role in config.inputs if role in sides]
        if config.clusters and "assignment" in found:
            seen.append(found["assignment"])
        of_experts = [scale(seen, broadcast=broadcast) for scale in self.expert_scales]
        return of_experts, [scale(seen, broadcast=broadcast) for scale in self.tower_scales]

    def _side_by_side(self, answers: Tensor) -> Tensor:
        """The logits of all tasks, `(batch, logits)`, of `(batch, tasks, most logits of one)`."""
        if max(self.columns.values()) == 1:
            return answers[..., 0]
        own = [answers[:, position, :count] for position, count in enumerate(self.columns.values())]
        return ops.concatenate(own, axis=-1)

    def _by_task(self, logits: Tensor) -> dict[str, Tensor]:
        found, start = {}, 0
        for task, count in self.columns.items():
            found[task] = logits[:, start] if count == 1 else logits[:, start : start + count]
            start += count
        return found

    @staticmethod
    def _width(sides_shape: Mapping[str, Any], roles: Sequence[str]) -> int:
        width = sum(sides_shape[role][-1] for role in roles if role in sides_shape)
        if not width:
            raise ValueError(f"the schema has no feature of role {' or '.join(roles)}, which gates and clusters need")
        return width

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), "tasks": self.tasks, "config": self.config.to_dict(), "columns": self.columns}


def _apart(sides: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
    """The sides that everything sees, and that of the columns of role `bias`, if there are any."""
    return {role: side for role, side in sides.items() if role != BIAS}, sides.get(BIAS)


def _side_by_side(parts: Sequence[Tensor], broadcast: bool) -> Tensor:
    """Concatenates; with `broadcast`, parts of one row are repeated where others have more."""
    if broadcast:
        rows = sum(ops.zeros_like(part[:, :1]) for part in parts)
        parts = [part + rows for part in parts]
    return ops.concatenate(parts, axis=-1)
