"""What tasks tell the driver of the parts they wrote, as rows."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from tfelc.lifecycle.scoring.measures import Measures
from tfelc.lifecycle.scoring.part import Part

# As Spark reads it: one row a part; `mark` tells the attempt whose file it is.
PART_ROWS = "name string, source string, piece long, rows long, size long, sha256 string, measures string, mark string"


def part_rows(parts: Iterable[Part], mark: str = "") -> pa.RecordBatch:
    """Parts as rows.

    Args:
        parts: The parts.
        mark: Which attempt wrote them. Defaults to none: they have their names already.
    """
    rows = [
        {
            "name": part.name,
            "source": part.source,
            "piece": part.piece,
            "rows": part.rows,
            "size": part.size,
            "sha256": part.sha256,
            "measures": part.measures.dump(),
            "mark": mark,
        }
        for part in parts
    ]
    types = {"piece": pa.int64(), "rows": pa.int64(), "size": pa.int64()}
    names = [field.split()[0] for field in PART_ROWS.split(", ")]
    return pa.RecordBatch.from_pylist(rows, pa.schema([(name, types.get(name, pa.string())) for name in names]))


def part_of(row: dict[str, object]) -> Part:
    """The part that a row tells of."""
    facts = {name: value for name, value in row.items() if name != "mark"}
    return Part(**{**facts, "measures": Measures.parse(str(facts["measures"]))})  # type: ignore[arg-type]
