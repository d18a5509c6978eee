"""Which group of `calibration_by` a row is in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras import ops

from tfelc.core.errors import UsageError
from tfelc.features.encoder import FeatureEncoder
from tfelc.ranker.settings import RankerModelSettings
from tfelc.schema.schema import Schema

Tensor = Any

# What `calibration_by` says of the nearest cluster.
BY_CLUSTER = "cluster"
# The row of a table that stands for any value which its vocabulary does not hold.
_UNKNOWN = 1


def check_calibration_by(schema: Schema, config: RankerModelSettings) -> None:
    """Raises UsageError where `calibration_by` tells no groups of rows apart.

    Args:
        schema: The schema.
        config: The settings.
    """
    by = config.calibration_by
    if by == BY_CLUSTER:
        if not config.clusters.num_clusters:
            raise UsageError("model.calibration_by: `cluster` needs clusters, and model.clusters.num_clusters is 0")
    elif by is not None and (by not in schema.features or schema.columns[by].kind != "category"):
        raise UsageError(
            f"model.calibration_by: `{by}` is no feature of kind `category` in schema `{schema.name}`; take one, "
            "which a request holds, or `cluster`"
        )
    elif by is not None and schema.table_of(by)[1].hash_functions > 1:
        raise UsageError(
            f"model.calibration_by: a value of `{by}` has several rows, by `hash_functions` of table "
            f"`{schema.table_of(by)[0]}`, and so no group; take another column, or `cluster`"
        )


def num_groups(encoder: FeatureEncoder, config: RankerModelSettings) -> int:
    """How many groups there are: the rows of the column's embedding table, or the clusters.

    Args:
        encoder: What looks the table up.
        config: The settings.
    """
    if config.calibration_by == BY_CLUSTER:
        return config.clusters.num_clusters
    return encoder.table_rows[encoder.schema.table_of(str(config.calibration_by))[0]]


def unknown_group(schema: Schema, config: RankerModelSettings) -> int | None:
    """The group that is none: all values that the column's vocabulary does not hold; None where there are no such.

    Args:
        schema: The schema.
        config: The settings.
    """
    by = str(config.calibration_by)
    return None if by == BY_CLUSTER or schema.table_of(by)[1].hash_buckets else _UNKNOWN


def calibration_groups(
    encoder: FeatureEncoder, config: RankerModelSettings, inputs: Mapping[str, Tensor], outputs: Mapping[str, Any]
) -> Tensor:
    """The group of each row, or one for all where a ranking request has one user.

    Args:
        encoder: What the inputs went through.
        config: The settings.
        inputs: What the ranker reads.
        outputs: What it answers, with the clusters.
    """
    by = str(config.calibration_by)
    if by == BY_CLUSTER:
        return outputs["clusters"]["cluster"]
    dim, offset = encoder.layout.offsets[encoder.schema.table_of(by)[0]]
    side = encoder.layout.sides[encoder.schema.columns[by].role or "user"]
    return ops.cast(inputs[side.ids_key(dim)], "int32")[:, side.ids[dim].index(by)] - offset
