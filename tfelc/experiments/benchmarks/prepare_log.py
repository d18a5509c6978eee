"""A log of 30 columns of every kind, made for a benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

    from tfelc.schema.schema import Schema

_GROUP = 65_536
_ITEMS = 50_000
_ROWS_OF_USER = 60
_MICROSECONDS_A_LOG = 14 * 86_400_000_000


def log_schema(aggregates: Mapping[str, Mapping[str, Any]] | None = None) -> Schema:
    """The schema of the log, with some aggregates."""
    from tfelc.schema.schema import Schema

    columns: dict[str, dict[str, Any]] = {
        "time": {"kind": "timestamp"},
        "click": {"kind": "label"},
        "order": {"kind": "label"},
        "weight": {"kind": "weight"},
        "group": {"kind": "group"},
        "user_id": {"kind": "id"},
        "item_id": {"kind": "category", "role": "item", "type": "integer"},
        **{f"number_{n}": {"kind": "number", "role": "user"} for n in range(8)},
        **{f"count_{n}": {"kind": "number", "role": "activity", "type": "integer"} for n in range(4)},
        **{f"word_{n}": {"kind": "category", "role": "item"} for n in range(5)},
        **{f"code_{n}": {"kind": "category", "role": "context", "type": "integer"} for n in range(3)},
        "watched": {"kind": "list", "role": "user", "type": "integer"},
        "bought": {"kind": "list", "role": "user", "type": "integer"},
        "tags": {"kind": "list", "role": "item"},
    }
    tasks = {"ctr": {"label": "click"}, "cvr": {"label": "order", "conditioned_on": "ctr"}}
    content = {"name": "benchmark", "user_key": "user_id", "split": {"by": "row"}, "columns": columns, "tasks": tasks}
    return Schema.parse({**content, "aggregates": dict(aggregates or {})}, "benchmark")


def write_log(path: Path, rows: int) -> Path:
    """Writes a log as Parquet, or as CSV with `a|b` for lists, as the path's ending says."""
    import pyarrow.csv as pc_csv
    import pyarrow.parquet as pq

    writer: Any = None
    for first in range(0, rows, _GROUP):
        table = _rows(first, min(_GROUP, rows - first), rows)
        if path.suffix == ".csv":
            table = _with_list_texts(table)
            writer = writer or pc_csv.CSVWriter(path, table.schema)
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table)
    writer.close()
    return path


def _rows(first: int, count: int, of: int) -> pa.Table:
    """Some rows; a twentieth of the items and numbers is missing."""
    import numpy as np
    import pyarrow as pa

    random = np.random.default_rng(first)

    def gaps(values: Any) -> pa.Array:
        return pa.array(values, mask=random.random(count) < 0.05)

    def lists(longest: int, values: Any) -> pa.Array:
        offsets = np.concatenate([[0], random.integers(0, longest, count).cumsum()])
        chosen = random.integers(0, len(values), offsets[-1])
        return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(values[chosen]))

    click = random.random(count) < 0.2
    times = 1_760_000_000_000_000 + (first + np.arange(count)) * (_MICROSECONDS_A_LOG // of)
    words = [np.array([f"value {n} {word}" for word in range(10 ** min(n + 1, 4))], object) for n in range(5)]
    number = [np.round(random.lognormal(1, 1, count), 4) for _ in range(8)]
    return pa.table(
        {
            "time": pa.array(times).cast(pa.timestamp("us")),
            "click": click.astype(np.int8),
            "order": (click & (random.random(count) < 0.2)).astype(np.int8),
            "weight": random.choice([0.5, 1.0, 2.0], count),
            "group": np.array(["new", "usual", "heavy"], object)[random.integers(0, 3, count)],
            "user_id": 10**12 + random.integers(0, max(1, of // _ROWS_OF_USER), count),
            "item_id": gaps(random.zipf(1.3, count) % _ITEMS),
            **{f"number_{n}": gaps(values.astype(f"float{32 * (1 + n % 2)}")) for n, values in enumerate(number)},
            **{f"count_{n}": random.poisson(5, count) for n in range(4)},
            **{f"word_{n}": of_them[random.integers(0, len(of_them), count)] for n, of_them in enumerate(words)},
            **{f"code_{n}": random.integers(0, 24 * 10**n, count) for n in range(3)},
            "watched": lists(20, np.arange(_ITEMS)),
            "bought": lists(6, np.arange(_ITEMS)),
            "tags": lists(5, np.array([f"tag {tag}" for tag in range(500)], object)),
        }
    )


def _with_list_texts(table: pa.Table) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    for place, (name, kind) in enumerate(zip(table.column_names, table.schema.types, strict=True)):
        if pa.types.is_list(kind):
            texts = table[name].cast(pa.list_(pa.string()))
            table = table.set_column(place, name, pc.binary_join(texts, "|"))
    return table
