"""The multi-task ranker: features -> experts and gates, the gates helped by learnable clusters -> towers -> logits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from tfelc.config import ModelConfig
from tfelc.features.encoder import FeatureEncoder
from tfelc.features.fitted import NumberStatistics
from tfelc.layers.grouped_dense import GroupedDense
from tfelc.layers.learnable_clusters import LearnableClusters
from tfelc.layers.multi_gate_experts import MultiGateExperts
from tfelc.schema import Schema

Tensor = Any


@keras.saving.register_keras_serializable(package="tfelc")
class Ranker(keras.Model):
    """ELCRec's industrial deployment (sections 5 and A.3): MMoE whose gates see the users' activities and clusters.

    Args:
        schema: Schema, or its dictionary. The columns.
        numbers: Mapping of number column to its fitted statistics.
        table_rows: Mapping of embedding table to its rows.
        tasks: Sequence of str. The heads, in order.
        config: ModelConfig, or its dictionary. Defaults to ModelConfig's defaults.

    Call arguments:
        inputs: Mapping of layout key to tensor, as `FeatureLookup` gives them.
        broadcast: bool. Whether user, activity and context hold one row for all the items (a ranking request). That
            row's features, gates and clusters are then computed once. Defaults to False.

    Returns:
        Dictionary of dictionaries: `logits`, task -> float32 `(batch,)`; `gates`, task -> float32 `(batch, experts)`;
        `clusters` (with a cluster count above 0), `assignment` -> `(batch, count)` and `cluster` -> int32 `(batch,)`.
    """

    def __init__(
        self,
        schema: Schema | dict[str, Any],
        numbers: Mapping[str, NumberStatistics | dict[str, Any]],
        table_rows: Mapping[str, int],
        tasks: Sequence[str],
        config: ModelConfig | dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.tasks = tuple(tasks)
        self.config = config = ModelConfig.model_validate(config or {})
        policy = self.dtype_policy
        self.encoder = FeatureEncoder(
            schema,
            numbers,
            table_rows,
            config.embedding_dim,
            config.interactions,
            config.embedding_dropout,
            dtype=policy,
            name="encoder",
        )
        if config.clusters.count:
            self.activity_encoder = keras.layers.Dense(config.clusters.dim, dtype=policy, name="activity_encoder")
            self.clusters = LearnableClusters(
                config.clusters.count,
                alpha=config.clusters.alpha,
                objective=config.clusters.objective,
                temperature=config.clusters.temperature,
                dtype=policy,
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
        self.tower_dropout = keras.layers.Dropout(config.towers.dropout, dtype=policy)
        self.heads = GroupedDense(1, dtype="float32", name="heads")

    def call(
        self, inputs: Mapping[str, Tensor], broadcast: bool = False, training: bool | None = None
    ) -> dict[str, Any]:
        """Scores a batch."""
        sides = self.encoder(inputs, training=training)
        gate_parts = self._present(sides, self.config.gates.inputs)
        outputs: dict[str, Any] = {}
        if self.config.clusters.count:
            found = self.clusters(self.activity_embedding(sides), training=training)
            gate_parts += [found[name] for name in self.config.clusters.feed]
            outputs["clusters"] = {name: found[name] for name in ("assignment", "cluster")}
        gate_inputs = ops.concatenate([ops.cast(part, self.compute_dtype) for part in gate_parts], axis=-1)
        hidden, gates = self.experts(list(sides.values()), gate_inputs, broadcast=broadcast, training=training)
        for tower in self.towers:
            hidden = self.tower_dropout(tower(hidden), training=training)
        logits = ops.cast(self.heads(hidden), "float32")
        outputs["logits"] = {task: logits[:, position, 0] for position, task in enumerate(self.tasks)}
        outputs["gates"] = {task: gates[:, position] for position, task in enumerate(self.tasks)}
        return outputs

    def activity_embedding(self, sides: Mapping[str, Tensor]) -> Tensor:
        """What is clustered: `(batch, clusters.dim)`, from the encoder's sides."""
        return self.activity_encoder(ops.concatenate(self._present(sides, self.config.clusters.inputs), axis=-1))

    @property
    def table_variables(self) -> list[keras.Variable]:
        """The embedding tables, whose gradients are sparse."""
        return [table.embeddings for table in self.encoder.tables.values()]

    @staticmethod
    def _present(sides: Mapping[str, Tensor], roles: Sequence[str]) -> list[Tensor]:
        return [sides[role] for role in roles if role in sides]

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        encoder = self.encoder.get_config()
        return {
            **super().get_config(),
            **{name: encoder[name] for name in ("schema", "numbers", "table_rows")},
            "tasks": self.tasks,
            "config": self.config.model_dump(mode="json"),
        }
