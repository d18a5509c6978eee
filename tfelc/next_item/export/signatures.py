"""What a served recommender takes and gives."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import tensorflow as tf

from tfelc.core.errors import ExportError
from tfelc.lifecycle.export.signatures import SERVING_DEFAULT
from tfelc.next_item.data.attribute_kind import AttributeKind

# The best items after each history; also the default signature.
RECOMMEND = "recommend"
# The best items of those that each history's conditions leave; apart, so that who has none pays for none.
RECOMMEND_WITH = "recommend_with"
# What the model makes of each history.
EMBED = "embed"
# The input of all, and of all that recommend.
HISTORY = "history"
K = "k"
# The inputs of `recommend_with` beside them, and its output beside those of `recommend`.
ALLOW, ALLOW_ALL, DENY, KEEP_SEEN = "allow", "allow_all", "deny", "keep_seen"
UNKNOWN = "unknown"
DIVERSITY = "diversity"
# Before the name of a category or a flag: what it must be, and how many items may have one value.
WHERE, ONLY, AT_MOST = "where_", "only_", "at_most_"
UNKNOWN_VALUES = "unknown_values"

IdType = Literal["integer", "string"]

_DTYPES = {"integer": tf.int64, "string": tf.string}
_PADDING: dict[IdType, int | str] = {"integer": -1, "string": ""}


def id_type_of(catalog: list[int] | list[str]) -> IdType:
    """The type of the raw item ids.

    Raises:
        ExportError: The catalog holds the id that pads histories.
    """
    kind: IdType = "string" if isinstance(catalog[0], str) else "integer"
    if padding_of(kind) in catalog:
        raise ExportError(f"item id {padding_of(kind)!r} cannot be served: it pads histories; give the item another id")
    return kind


def padding_of(id_type: IdType) -> int | str:
    """What pads histories, and answers with fewer items than asked for: `""` or -1."""
    return _PADDING[id_type]


def recommender_inputs(
    id_type: IdType, kinds: Mapping[str, AttributeKind] = MappingProxyType({})
) -> dict[str, dict[str, tf.TensorSpec]]:
    """Signature -> input -> its spec.

    What is of any rank, such as `k`, is one value for the whole request, or one for each row, as the row form of REST
    sends it.

    Args:
        id_type: Type of the raw item ids.
        kinds: Attribute of the items -> its kind. Defaults to none.
    """
    history, allow, deny = (tf.TensorSpec([None, None], _DTYPES[id_type], name) for name in (HISTORY, ALLOW, DENY))
    recommend = {HISTORY: history, K: tf.TensorSpec(None, tf.int64, K)}
    switches = {name: tf.TensorSpec(None, tf.bool, name) for name in (ALLOW_ALL, KEEP_SEEN)}
    given = {**recommend, ALLOW: allow, DENY: deny, **switches, DIVERSITY: tf.TensorSpec(None, tf.float32, DIVERSITY)}
    for name, kind in kinds.items():
        if kind == "category":
            given[f"{WHERE}{name}"] = tf.TensorSpec([None, None], tf.string, f"{WHERE}{name}")
            given[f"{AT_MOST}{name}"] = tf.TensorSpec(None, tf.int64, f"{AT_MOST}{name}")
        elif kind == "flag":
            given[f"{ONLY}{name}"] = tf.TensorSpec(None, tf.bool, f"{ONLY}{name}")
    return {
        SERVING_DEFAULT: recommend,
        RECOMMEND: recommend,
        RECOMMEND_WITH: given,
        EMBED: {HISTORY: history},
    }


def recommender_outputs(id_type: IdType, dim: int, clusters: int) -> dict[str, dict[str, tf.TensorSpec]]:
    """Signature -> output -> its spec; without clusters there is no output of them."""
    cluster = {"cluster": tf.TensorSpec([None], tf.int64)} if clusters else {}
    recommend = {
        "ids": tf.TensorSpec([None, None], _DTYPES[id_type]),
        "scores": tf.TensorSpec([None, None], tf.float32),
        **cluster,
    }
    embed = {"embedding": tf.TensorSpec([None, dim], tf.float32), **cluster}
    if clusters:
        embed["assignment"] = tf.TensorSpec([None, clusters], tf.float32)
    recommend_with = {**recommend, **{name: tf.TensorSpec([None], tf.int64) for name in (UNKNOWN, UNKNOWN_VALUES)}}
    return {SERVING_DEFAULT: recommend, RECOMMEND: recommend, RECOMMEND_WITH: recommend_with, EMBED: embed}
