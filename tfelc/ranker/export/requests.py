"""Rows of an Arrow table as requests to each signature, in arrays and in JSON."""

from __future__ import annotations

import base64
import json
import shlex
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tfelc.data.contract import arrow_type
from tfelc.data.vector_values import vector_values
from tfelc.lifecycle.export.model_inputs import scalar_input
from tfelc.lifecycle.export.signatures import SERVING_DEFAULT
from tfelc.ranker.export.example_format import write_examples
from tfelc.ranker.export.present_values import present_values
from tfelc.ranker.export.signatures import EXAMPLES, RANK_TOP, RANKINGS
from tfelc.schema.column import Column
from tfelc.schema.schema import Schema
from tfelc.schema.score import K_INPUT

Array = npt.NDArray[Any]
# Of each list, in a request that is to be read.
_SHOWN_VALUES = 3


def request_inputs(schema: Schema, signature: str, table: pa.Table) -> dict[str, Array]:
    """One request for all the rows of a table.

    Args:
        schema: The features wanted; the table's other columns are passed over.
        signature: A name of `tfelc.ranker.export.signatures`. For `rank` and `rank_top` the first row says who the
            user is, and when; the latter asks for half of the items.
        table: The rows, as in a prepared dataset. What is null is sent as the feature's missing value.

    Returns:
        Input -> array; strings as object arrays of bytes.

    Raises:
        DataError: A number of type `integer` has a fraction, or none of the int64.
    """
    columns = {name: _array(name, column, table[name]) for name, column in schema.features.items()}
    if signature == EXAMPLES:
        return {EXAMPLES: write_examples(schema, columns)}
    if signature in RANKINGS:
        # In one row: a server that joins requests into batches refuses a number without any.
        k = {K_INPUT: np.array([-(-len(table) // 2)], np.int64)} if signature == RANK_TOP else {}
        return k | {
            name: array if schema.columns[name].role == "item" else _unpadded(schema, name, columns)
            for name, array in columns.items()
        }
    return columns


def ranked_rows(schema: Schema, table: pa.Table) -> pa.Table:
    """What `rank` scores when it is asked with `table`: every row with the first row's user and context."""
    first = pa.array(np.zeros(len(table), np.int64))
    names = list(schema.features)
    return pa.table(
        {name: table[name] if schema.columns[name].role == "item" else table[name].take(first) for name in names}
    )


def json_request(signature: str, inputs: Mapping[str, Array]) -> str:
    """The body of a REST request.

    Rankings are written by columns, since their inputs differ in their number of rows; the others row by row.
    """
    if signature == EXAMPLES:
        records = [{EXAMPLES: {"b64": base64.b64encode(record).decode()}} for record in inputs[EXAMPLES]]
        return json.dumps({"signature_name": signature, "instances": records})
    columns = {name: _plain(array) for name, array in inputs.items()}
    if signature in RANKINGS:
        return json.dumps({"signature_name": signature, "inputs": columns})
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return json.dumps({"signature_name": signature, "instances": rows})


def curl_command(schema: Schema, rows: pa.Table, model_name: str = "ranker", port: int = 8501) -> str:
    """A request for the row that lacks the fewest values, to be pasted into a shell; lists are cut to their last ones.

    Args:
        schema: The features.
        rows: The rows to choose from.
        model_name: Name under which the model is served.
        port: The server's REST port.
    """
    lacking = sum(rows[name].is_null().to_numpy().astype(int) for name in schema.features)
    row = rows.slice(int(np.argmin(lacking)), 1).to_pylist()[0]
    short = {
        # An empty list is as good as one missing value, and the reader sees what goes in.
        name: pa.array(
            [(row[name] or [None])[-_SHOWN_VALUES:] if column.kind == "list" else row[name]],
            arrow_type(column),
        )
        for name, column in schema.features.items()
    }
    body = json_request(SERVING_DEFAULT, request_inputs(schema, SERVING_DEFAULT, pa.table(short)))
    return f"curl -d {shlex.quote(body)} http://localhost:{port}/v1/models/{model_name}:predict"


def _array(name: str, column: Column, values: pa.ChunkedArray) -> Array:
    values = values.cast(arrow_type(column)).combine_chunks()
    if column.kind == "vector":
        return vector_values(values, column.width or 0)
    if column.kind != "list":
        return scalar_input(name, column, values)
    # Whole, unlike batch scoring's: what a client sends too much, the graph cuts off.
    rows = [row or [] for row in values.to_pylist()]
    width = max(map(len, rows), default=0)
    flat = pa.array([value for row in rows for value in [*row, *[None] * (width - len(row))]], values.type.value_type)
    return scalar_input(name, column, flat).reshape(len(rows), width)


def _unpadded(schema: Schema, name: str, columns: Mapping[str, Array]) -> Array:
    """The first row, without the columns of padding that longer lists in other rows brought."""
    first = columns[name][:1]
    if schema.columns[name].kind != "list" or not first.size:
        return first
    together = schema.sequence_columns.get(name, (name,))
    there = np.logical_or.reduce([present_values(schema.columns[each], columns[each][0]) for each in together])
    return first[:, : int(np.flatnonzero(there).max(initial=-1)) + 1]


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [_plain(each) for each in value]
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, np.bool_):
        return bool(value)
    # The shortest number that is the same float32, not its neighbor of twice the digits.
    return float(str(value)) if isinstance(value, np.float32) else int(value)
