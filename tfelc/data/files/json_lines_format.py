"""Files with a JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from tfelc.core.errors import DataError
from tfelc.data.files.file_format import FileFormat, without_rows
from tfelc.data.files.log_file import LogFile
from tfelc.data.files.opened import opened
from tfelc.data.files.wanted import Wanted

_BLOCK = 1 << 22


class JsonLinesFormat(FileFormat):
    """JSON lines, as text: a number stays as it is written, a list or an object is its JSON text.

    A key that an object lacks is null there.
    """

    title = "JSON lines"
    endings = (".jsonl", ".ndjson")
    is_compressed_whole = True

    def look(self, file: LogFile, wanted: Wanted) -> LogFile:
        """Reads objects until each column has been seen, or to the end."""
        seen: dict[str, None] = {}
        missing = set(wanted.columns) - {name for name, _ in file.keys}
        for row in _objects(file):
            seen.update(dict.fromkeys(row))
            missing.difference_update(row)
            if not missing:
                break
        found = replace(file, names=tuple(seen))
        return found if seen else without_rows(found)

    def read(self, file: LogFile, columns: Sequence[str], group: int | None, rows: int) -> Iterator[pa.RecordBatch]:
        """Reads the objects of all lines."""
        schema = pa.schema([(name, pa.string()) for name in columns])
        waiting: list[list[str | None]] = []
        for row in _objects(file):
            waiting.append([_text(row.get(name)) for name in columns])
            if len(waiting) == rows:
                yield _batch(waiting, schema, file)
                waiting = []
        if waiting:
            yield _batch(waiting, schema, file)


class _Number(str):
    """A number as it is written."""

    __slots__ = ()


def _objects(file: LogFile) -> Iterator[dict[str, Any]]:
    decoder = json.JSONDecoder(
        parse_int=_Number, parse_float=_Number, parse_constant=_Number, object_pairs_hook=_object
    )
    for number, line in enumerate(_lines(file), start=1):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
            if not text:
                continue
            row = decoder.decode(text)
        except ValueError as error:
            raise DataError(f"{file.path}: line {number} is no JSON object: {error}") from None
        if not isinstance(row, dict):
            raise DataError(f"{file.path}: line {number} is no JSON object; each line must hold one, in braces")
        yield row


def _lines(file: LogFile) -> Iterator[bytes]:
    with opened(file.path, file.compression) as stream:
        rest: list[bytes] = []
        while block := stream.read(_BLOCK):
            first, *more = block.split(b"\n")
            rest.append(first)
            if more:
                yield b"".join(rest)
                yield from more[:-1]
                rest = more[-1:]
        yield b"".join(rest)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"it has `{twice}` twice")
    return row


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return _json(value)


def _json(value: Any) -> str:
    """The value as JSON, its numbers as they were written."""
    if isinstance(value, list):
        return f"[{', '.join(map(_json, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {_json(each)}" for key, each in value.items()) + "}"
    return str(value) if isinstance(value, _Number) else json.dumps(value, ensure_ascii=False)


def _batch(rows: list[list[str | None]], schema: pa.Schema, file: LogFile) -> pa.RecordBatch:
    if not len(schema):
        return pa.table({"": pa.nulls(len(rows))}).select([]).to_batches()[0]
    try:
        return pa.record_batch([pa.array(values, pa.string()) for values in zip(*rows, strict=True)], schema)
    except UnicodeEncodeError as error:
        raise DataError(f"{file.path}: a text is no Unicode: {error}") from None
