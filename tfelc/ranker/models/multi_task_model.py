"""The multi-task ranker: looked-up features -> one logit per task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from tfelc.features.encoder import FeatureEncoder
from tfelc.features.fitted import NumberStatistics
from tfelc.layers.group_bias import GroupBias
from tfelc.layers.logit_calibration import LogitCalibration
from tfelc.losses.task_heads.create_head import create_head
from tfelc.ranker.models.calibration_groups import calibration_groups, num_groups
from tfelc.ranker.models.multi_task_network import MultiTaskNetwork
from tfelc.ranker.settings import RankerModelSettings
from tfelc.schema.schema import Schema

Tensor = Any


@keras.saving.register_keras_serializable(package="tfelc")
class MultiTaskModel(keras.Model):
    """ELCRec's industrial deployment (sections 5 and A.3): MMoE whose gates see the users' activities and clusters.

    Args:
        schema: Schema, or its dictionary. The columns.
        numbers: Mapping of number column to its fitted statistics.
        table_rows: Mapping of embedding table to its rows.
        tasks: Sequence of str. The heads, in order.
        config: RankerModelSettings, or its dictionary. Defaults to None: the defaults.
        **kwargs: Arguments of `keras.Model`.

    Call arguments:
        inputs: Mapping of layout key to tensor, as `FeatureLookup` gives them.
        broadcast: bool. Whether user, activity and context hold one row for all the items (a ranking request). That
            row's features, gates and clusters are then computed once. Defaults to False.

    Returns:
        Dictionary of dictionaries: `logits`, task -> float32 `(batch,)`, or `(batch, columns)` where the head of the
        task's kind has several; `gates`, task -> float32 `(batch, experts)`;
        `clusters` (where there are clusters), `assignment` -> `(batch, num_clusters)`, `cluster` -> int32 `(batch,)`
        and `embedding`, what was clustered, -> float32 `(batch, dim)`; `calibration_groups` (where biases of groups are
        the calibration), int32 `(batch,)`, or one for all rows.

    Example:
        >>> columns = {
        ...     "clicked": {"kind": "label"},
        ...     "visits": {"kind": "number", "role": "activity"},
        ...     "price": {"kind": "number", "role": "item"},
        ... }
        >>> schema = {"name": "shop", "columns": columns, "tasks": {"ctr": {"label": "clicked"}}}
        >>> numbers = {name: {"mean": 2.0, "variance": 1.0, "missing": False} for name in ("visits", "price")}
        >>> model = MultiTaskModel(schema, numbers, {}, ["ctr"], {"clusters": {"num_clusters": 3}})
        >>> inputs = {f"{role}_numbers": keras.ops.ones((5, 1)) for role in ("activity", "item")}
        >>> outputs = model(inputs)
        >>> tuple(outputs["logits"]["ctr"].shape), tuple(outputs["gates"]["ctr"].shape)
        ((5,), (5, 4))
        >>> sorted(outputs["clusters"])
        ['assignment', 'cluster', 'embedding']
    """

    def __init__(
        self,
        schema: Schema | dict[str, Any],
        numbers: Mapping[str, NumberStatistics | dict[str, Any]],
        table_rows: Mapping[str, int],
        tasks: Sequence[str],
        config: RankerModelSettings | dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.tasks = tuple(tasks)
        self.config = config = RankerModelSettings.model_validate(config or {})
        policy = self.dtype_policy
        self.encoder = FeatureEncoder(
            schema,
            numbers,
            table_rows,
            config.embedding_dim,
            config.interactions,
            config.embedding_dropout,
            config.sequences.to_dict(),
            dtype=policy,
            name="encoder",
        )
        known = self.encoder.schema.tasks
        columns = {name: create_head(known[name]).columns for name in tasks if name in known}
        self.network = MultiTaskNetwork(tasks, config, columns, dtype=policy, name="network")
        binary = [] if config.calibration == "none" else [name for name in tasks if known[name].kind == "binary"]
        self.calibrations: dict[str, LogitCalibration] = {}
        self.group_biases: dict[str, GroupBias] = {}
        if config.calibration == "group_bias":
            groups = num_groups(self.encoder, config)
            self.group_biases = {name: GroupBias(groups, name=f"group_bias_{name}") for name in binary}
        else:
            self.calibrations = {name: LogitCalibration(name=f"calibration_{name}") for name in binary}

    def build(self, input_shape: Any = None) -> None:
        """Makes every weight; all the shapes follow from the arguments of `__init__`."""
        self.encoder.build(None)
        self.network.build({side: (None, width) for side, width in self.encoder.output_widths.items()})
        for calibration in self.calibrations.values():
            calibration.build((None,))
        for bias in self.group_biases.values():
            bias.build((None,))

    def get_build_config(self) -> dict[str, Any]:
        """What `build_from_config` takes; Keras skips it, and with it the weights, where this is empty."""
        return {"sides": self.encoder.output_widths}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Makes the weights that a saved model's values are then put into."""
        self.build()

    def call(
        self, inputs: Mapping[str, Tensor], broadcast: bool = False, training: bool | None = None
    ) -> dict[str, Any]:
        """Scores a batch."""
        outputs: dict[str, Any] = self.network(
            self.encoder(inputs, training=training), broadcast=broadcast, training=training
        )
        if self.group_biases:
            outputs["calibration_groups"] = calibration_groups(self.encoder, self.config, inputs, outputs)
        return outputs

    def calibrated(self, outputs: Mapping[str, Any]) -> dict[str, Tensor]:
        """The logits as their tasks' calibrations move them, task by task.

        Args:
            outputs: What a call returns.
        """
        moved = dict(outputs["logits"])
        moved |= {name: calibration(moved[name]) for name, calibration in self.calibrations.items()}
        return moved | {
            name: bias(moved[name], outputs["calibration_groups"]) for name, bias in self.group_biases.items()
        }

    @property
    def is_calibrated(self) -> bool:
        """Whether its logits are calibrated after training."""
        return bool(self.calibrations or self.group_biases)

    @property
    def table_variables(self) -> list[keras.Variable]:
        """The embedding tables, whose gradients are sparse."""
        return [table.embeddings for table in self.encoder.tables.values()]

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        encoder = self.encoder.get_config()
        return {
            **super().get_config(),
            **{name: encoder[name] for name in ("schema", "numbers", "table_rows")},
            "tasks": self.tasks,
            "config": self.config.to_dict(),
        }
