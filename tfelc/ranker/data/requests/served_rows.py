"""The rows of logged requests: one for each row of a request, or item of a ranking, with what was answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tfelc.core.errors import DataError
from tfelc.lifecycle.export.served_requests import ServedRequest, read_served
from tfelc.lifecycle.export.signatures import SERVING_DEFAULT
from tfelc.ranker.data.requests.row_columns import RowColumn
from tfelc.ranker.export.example_format import parse_examples
from tfelc.ranker.export.present_values import present_values
from tfelc.ranker.export.signatures import EXAMPLES, RANK_TOP, RANKINGS
from tfelc.schema.schema import Schema
from tfelc.schema.score import POSITION_OUTPUT

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Window:
    """Which of the logged requests are looked at.

    Attributes:
        version: The version that answered; None for all. A record that does not say its version is looked at.
        since: The first second, since 1970; None for no bound. A record without a time is then left out.
        until: The second after the last; None for no bound.
        said: Whether a record that does not say its version is left out, too.
    """

    version: int | None = None
    since: float | None = None
    until: float | None = None
    said: bool = False

    def leaves_out(self, request: ServedRequest) -> str | None:
        """Why a request is left out; None where it is looked at."""
        if self.version is not None and request.version not in (None, self.version):
            return "of other versions"
        if self.said and request.version is None:
            return "that do not say their version"
        if (self.since is not None and request.seconds < self.since) or (
            self.until is not None and not 0 < request.seconds < self.until
        ):
            return "outside the window"
        return None


@dataclass(frozen=True)
class ServedRows:
    """Rows in the order of the log.

    Attributes:
        features: The features as they were served, under the schema's names, in types that these take.
        scores: Output -> what was answered, float32 `(rows,)`, NaN where the answer lacks it.
        request: Number of the request that each row is of, from 0.
        where: Place of each request in the log.
        request_ids: Id of each request; empty where the log has none.
        seconds: Time of each request, in seconds since 1970; 0 where the log has none.
        left_out: Why a record was left out -> how many were.
    """

    features: pa.Table
    scores: Mapping[str, npt.NDArray[np.float32]]
    request: npt.NDArray[np.int64]
    where: Sequence[str]
    request_ids: Sequence[str]
    seconds: npt.NDArray[np.int64]
    left_out: Mapping[str, int]

    @classmethod
    def read(
        cls, schema: Schema, paths: Sequence[Path], outputs: Iterable[str] = (), window: Window = Window()
    ) -> ServedRows:
        """Reads logs.

        Args:
            schema: The features wanted; other inputs of the requests are passed over.
            paths: The files, in order.
            outputs: Outputs wanted.
            window: Which requests are looked at. Defaults to all.

        Raises:
            DataError: A file is damaged, or a request has no such feature, or inputs of unlike lengths.
        """
        columns = {name: RowColumn(column) for name, column in schema.features.items()}
        scores: dict[str, list[Array]] = {name: [] for name in outputs}
        left_out: Counter[str] = Counter()
        counts, where, ids, seconds = [], [], [], []
        for request in read_served(paths):
            reason = "of other calls" if request is None else window.leaves_out(request)
            if request is None or reason:
                left_out[str(reason)] += 1
                continue
            inputs = _inputs(schema, request)
            count = _rows(schema, request, inputs)
            together = _places(schema, request, inputs)
            for name, column in columns.items():
                column.add(inputs[name], count, together.get(name))
            for name, parts in scores.items():
                parts.append(_score(request, name, count))
            counts.append(count)
            where.append(request.where)
            ids.append(request.request_id)
            seconds.append(request.seconds)
        return cls(
            pa.table({name: column.array() for name, column in columns.items()}),
            {name: np.concatenate([np.empty(0, np.float32), *parts]) for name, parts in scores.items()},
            np.repeat(np.arange(len(counts)), counts),
            where,
            ids,
            np.array(seconds, np.int64),
            dict(left_out),
        )


def _inputs(schema: Schema, request: ServedRequest) -> Mapping[str, Array]:
    """The features of a request, `(rows,)` or `(rows, length)`."""
    if request.signature == EXAMPLES and EXAMPLES in request.inputs:
        parsed = parse_examples(schema, request.inputs[EXAMPLES])
        return {name: tensor.numpy() for name, tensor in parsed.items()}
    if request.signature not in (SERVING_DEFAULT, *RANKINGS):
        raise DataError(f"{request.where}: signature `{request.signature}` of `{request.model}` is none of a ranker's")
    for name, column in schema.features.items():
        if name not in request.inputs:
            raise DataError(
                f"{request.where}: the request to `{request.model}` has no input `{name}`, a feature of the schema; "
                "name the files of one model, and its schema"
            )
        if request.inputs[name].ndim != (2 if column.is_listed else 1):
            raise DataError(f"{request.where}: input `{name}` of `{request.model}` is no {column.kind}")
        _check_type(request, name, column.value_type)
    return request.inputs


def _check_type(request: ServedRequest, name: str, value_type: str) -> None:
    kind = request.inputs[name].dtype.kind
    if kind != {"float": "f", "integer": "i", "string": "O"}[value_type]:
        found = {"f": "float", "i": "integer", "O": "string"}.get(kind, kind)
        raise DataError(
            f"{request.where}: input `{name}` of `{request.model}` is of type {found}, the schema asks for {value_type}"
        )


def _rows(schema: Schema, request: ServedRequest, inputs: Mapping[str, Array]) -> int:
    lengths = {name: len(inputs[name]) for name in schema.features}
    if request.signature in RANKINGS:
        items = {length for name, length in lengths.items() if schema.columns[name].role == "item"}
        others = {length for name, length in lengths.items() if schema.columns[name].role != "item"}
        if len(items) == 1 and others <= {1}:
            return items.pop()
    elif len(set(lengths.values())) == 1:
        return next(iter(lengths.values()))
    raise DataError(f"{request.where}: the inputs of the request to `{request.model}` are of unlike lengths")


def _places(schema: Schema, request: ServedRequest, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """List of a sequence -> the places at which any list of it has a value."""
    found: dict[str, Array] = {}
    for name, sequence in schema.sequences.items():
        present = [present_values(schema.columns[each], inputs[each]) for each in sequence.columns]
        if len({each.shape for each in present}) > 1:
            raise DataError(
                f"{request.where}: the lists of sequence `{name}` of the request to `{request.model}` are of unlike "
                "lengths"
            )
        together: Array = np.logical_or.reduce(present)
        found |= dict.fromkeys(sequence.columns, together)
    return found


def _score(request: ServedRequest, name: str, count: int) -> npt.NDArray[np.float32]:
    answer = request.outputs.get(name)
    if answer is None:
        return np.full(count, np.nan, np.float32)
    if request.signature == RANK_TOP and (places := request.outputs.get(POSITION_OUTPUT)) is not None:
        # Of the best items alone; the others were not answered.
        whole = np.full(count, np.nan, np.float32)
        if answer.shape == places.shape and (not places.size or (0 <= places.min() and places.max() < count)):
            whole[places] = answer
            return whole
    if answer.shape != (count,):
        raise DataError(f"{request.where}: output `{name}` has the shape {answer.shape} for {count} rows")
    return answer.astype(np.float32)
