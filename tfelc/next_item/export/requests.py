"""Histories as requests to a served recommender, and those that an export is verified with."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tfelc.next_item.data.attribute_kind import AttributeKind
from tfelc.next_item.data.item_attributes import ItemAttributes
from tfelc.next_item.data.sequences import Sequences
from tfelc.next_item.export.conditions import Conditions, Where
from tfelc.next_item.export.signatures import (
    ALLOW,
    ALLOW_ALL,
    AT_MOST,
    DENY,
    DIVERSITY,
    HISTORY,
    KEEP_SEEN,
    ONLY,
    WHERE,
    IdType,
    K,
    padding_of,
)

Array = npt.NDArray[Any]
_UNKNOWN: dict[IdType, int | str] = {"integer": -(2**63), "string": "never seen \U0001f600"}
_UNKNOWN_VALUE = "no item has this \U0001f600"
# Items of the largest catalog that a history is made of.
_WHOLE = 2_000
# Of each history, in a request that is to be read.
_SHOWN_ITEMS = 3


def history_input(histories: Sequence[Sequence[int | str]], id_type: IdType) -> dict[str, Array]:
    """The `history` of one request, padded on the right to the longest."""
    return {HISTORY: padded_ids(histories, id_type)}


def padded_ids(lists: Sequence[Sequence[int | str]], id_type: IdType) -> Array:
    """Lists of raw item ids as one matrix, padded on the right to the longest, `(lists, length)`."""
    padding = padding_of(id_type)
    width = max(map(len, lists), default=0)
    rows = [[*items, *[padding] * (width - len(items))] for items in lists]
    if id_type == "integer":
        return np.array(rows, np.int64).reshape(len(rows), width)
    flat = np.empty(len(rows) * width, object)
    flat[:] = [str(item).encode() for row in rows for item in row]
    return flat.reshape(len(rows), width)


def condition_inputs(
    conditions: Conditions, rows: int, id_type: IdType, kinds: Mapping[str, AttributeKind]
) -> dict[str, Array]:
    """What `recommend_with` takes beside the inputs of `recommend`.

    Args:
        conditions: The conditions.
        rows: Rows of the request.
        id_type: Type of the raw item ids.
        kinds: Attribute of the items -> its kind.
    """
    wanted = [conditions.wanted(row) for row in range(rows)]
    of_attributes: dict[str, Array] = {}
    for name, kind in kinds.items():
        if kind == "category":
            of_attributes[f"{WHERE}{name}"] = padded_ids(_texts(name, wanted), "string")
            of_attributes[f"{AT_MOST}{name}"] = np.full(rows, conditions.at_most.get(name, 0), np.int64)
        elif kind == "flag":
            of_attributes[f"{ONLY}{name}"] = np.array([name in each for each in wanted], bool)
    allowed = [conditions.allowed(row) for row in range(rows)]
    return {
        ALLOW: padded_ids([items or () for items in allowed], id_type),
        ALLOW_ALL: np.array([items is None for items in allowed], bool),
        DENY: padded_ids([conditions.denied(row) for row in range(rows)], id_type),
        KEEP_SEEN: np.full(rows, conditions.keep_seen),
        DIVERSITY: np.full(rows, conditions.diversity, np.float32),
        **of_attributes,
    }


def real_histories(sequences: Sequences, actions: Array, starts: Array, stops: Array) -> list[list[int | str]]:
    """Raw item ids of histories in a flat array of item numbers."""
    return [sequences.catalog[actions[start:stop] - 1].tolist() for start, stop in zip(starts, stops, strict=True)]


def hard_histories(catalog: Sequence[int | str], id_type: IdType, max_length: int) -> list[list[int | str]]:
    """Histories that no request may fail on: empty, unknown, holed, repetitive, overlong, of the whole catalog."""
    unknown, padding = _UNKNOWN[id_type], padding_of(id_type)
    some = list(catalog[:7])
    turns = [catalog[place % len(catalog)] for place in range(2 * max_length + 5)]
    # Of a large catalog this would be more than a request may hold.
    all_of_it = [list(catalog), list(catalog[:-1])] if len(catalog) <= _WHOLE else []
    return [
        [],
        [unknown],
        [padding, unknown, padding],
        some[:1],
        [padding, *some, padding, unknown],
        [each for item in some for each in (item, unknown)],
        some * 3,
        turns,
        turns[::-1],
        [*turns, *[unknown] * max_length],
        *all_of_it,
    ]


def _texts(name: str, wanted: Sequence[Where]) -> list[Sequence[str]]:
    found = [each.get(name, ()) for each in wanted]
    return [() if values is True else values for values in found]


def example_conditions(
    catalog: Sequence[int | str], rows: int, id_type: IdType, attributes: ItemAttributes | None
) -> list[Conditions]:
    """Conditions that leave all, some, one and no item, by lists that differ from row to row, some of them unknown."""
    known = attributes or ItemAttributes({}, {})
    categories = {name: known.values(name) for name in known.named("category")}
    one: list[dict[str, Any]] = [
        {name: (*values[place : place + 1], _UNKNOWN_VALUE) for name, values in categories.items() if values}
        for place in range(2)
    ]
    where = [{}, one[0], one[1], dict.fromkeys(known.named("flag"), True), dict.fromkeys(categories, (_UNKNOWN_VALUE,))]
    asked = [where[row % len(where)] for row in range(rows)]
    unknown, padding = _UNKNOWN[id_type], padding_of(id_type)
    some = catalog[:_WHOLE]
    allow = [None, [*some[::2], unknown], [unknown], [], [padding, *some[1::3]], [some[0]]]
    deny = [[], [unknown, padding, some[0]], [*some[::5]], [*some[1:]]]
    lists = [allow[row % len(allow)] for row in range(rows)], [deny[row % len(deny)] for row in range(rows)]
    return [
        Conditions(*lists),
        Conditions(*lists, keep_seen=True),
        Conditions(keep_seen=True, diversity=0.3),
        *([Conditions(where=asked), Conditions(at_most=dict.fromkeys(categories, 1))] if known.kinds else []),
    ]


def recommend_curl(
    histories: Sequence[Sequence[int | str]], k: int, model_name: str = "recommender", port: int = 8501
) -> str:
    """A request for the last items of the longest history, to be pasted into a shell."""
    history = max(histories, key=len)[-_SHOWN_ITEMS:]
    body = json.dumps({"inputs": {HISTORY: [list(history)], K: k}}, ensure_ascii=False)
    return f"curl -d {shlex.quote(body)} http://localhost:{port}/v1/models/{model_name}:predict"
