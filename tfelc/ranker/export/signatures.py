"""What a served ranker takes and gives: names, types and shapes, from the schema alone."""

from __future__ import annotations

import tensorflow as tf

from tfelc.features.lookup import MISSING_INTEGER
from tfelc.lifecycle.export.signatures import SERVING_DEFAULT
from tfelc.ranker.models.ranking_model import RankingModel
from tfelc.schema.column import Column
from tfelc.schema.schema import Schema
from tfelc.schema.score import K_INPUT, SCORE_OUTPUT
from tfelc.schema.task import CLUSTER_OUTPUTS
from tfelc.schema.task_chain import joint_names

# Beside `serving_default`, which takes one row of every feature for each score:
# one user in one context, and the items to be ranked for it.
RANK = "rank"
# The same with `k`: the best of them by the schema's `score`, in their order.
RANK_TOP = "rank_top"
RANKINGS = (RANK, RANK_TOP)
# Serialized tf.Example records, one for each score.
EXAMPLES = "examples"

_DTYPES = {"float": tf.float32, "integer": tf.int64, "string": tf.string}


def input_specs(schema: Schema) -> dict[str, dict[str, tf.TensorSpec]]:
    """The inputs of every signature.

    `serving_default` takes each feature as `(rows,)`, a list as `(rows, length)`. `rank` takes the items' features so,
    and those of the user, its activities and the context as one row; a schema without items has no `rank`. `rank_top`,
    where the schema has a `score`, takes `k` beside these, a number of any rank.

    Returns:
        Signature -> input -> its spec. The inputs are named as the schema's features.
    """
    rows = {name: _spec(name, column, None) for name, column in schema.features.items()}
    specs = {SERVING_DEFAULT: rows}
    if any(column.role == "item" for column in schema.features.values()):
        specs[RANK] = {
            name: _spec(name, column, None if column.role == "item" else 1) for name, column in schema.features.items()
        }
        if schema.score is not None:
            specs[RANK_TOP] = {**specs[RANK], K_INPUT: tf.TensorSpec(None, tf.int64, K_INPUT)}
    specs[EXAMPLES] = {EXAMPLES: tf.TensorSpec([None], tf.string, EXAMPLES)}
    return specs


def output_dtypes(model: RankingModel) -> dict[str, str]:
    """Output -> TensorFlow's name of its type; each is of shape `(rows,)`. `rank_top` has `position`, too."""
    heads = model.ranker.tasks
    outputs = dict.fromkeys([*heads, *joint_names(model.tasks, heads)], "float32")
    if model.formula is not None:
        outputs[SCORE_OUTPUT] = "float32"
    if model.ranker.config.clusters.num_clusters:
        outputs |= dict(zip(CLUSTER_OUTPUTS, ("int64", "float32"), strict=True))
    return outputs


def missing_value(column: Column) -> float | int | str:
    """What a client sends where a feature has no value, and pads a list with."""
    if column.is_embedded:
        return column.missing
    return MISSING_INTEGER if column.value_type == "integer" else float("nan")


def _spec(name: str, column: Column, rows: int | None) -> tf.TensorSpec:
    shape = {"list": [rows, None], "vector": [rows, column.width]}.get(column.kind, [rows])
    return tf.TensorSpec(shape, _DTYPES[column.value_type], name)
