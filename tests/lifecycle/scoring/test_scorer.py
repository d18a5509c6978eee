"""What a batch of a file becomes before a model sees it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tfelc.data.contract import arrow_type
from tfelc.lifecycle.scoring.input_file import find_inputs
from tfelc.lifecycle.scoring.input_reader import InputReader
from tfelc.lifecycle.scoring.measures import Measures
from tfelc.lifecycle.scoring.scorer import Scorer
from tfelc.schema.column import Column
from tfelc.schema.schema import Schema

SCHEMA = Schema.load(
    {
        "name": "shop",
        "tasks": {"ctr": {"label": "click"}, "cvr": {"label": "order", "conditioned_on": "ctr"}},
        "separator": ";",
        "columns": {
            "click": {"kind": "label"},
            "order": {"kind": "label"},
            "user": {"kind": "id", "source": "User ID"},
            "seen": {"kind": "list", "role": "user"},
            "price": {"kind": "number", "role": "item"},
        },
    }
)


class _Echo(Scorer):
    """Gives back what it is given."""

    model: Any = SimpleNamespace(version=3)

    @property
    def columns(self) -> dict[str, Column]:
        return SCHEMA.as_read(["user", "seen", "price", "order"])

    @property
    def undefined(self) -> dict[str, list[str]]:
        return SCHEMA.undefined_labels

    @property
    def output_schema(self) -> pa.Schema:
        return pa.schema([*((name, arrow_type(each)) for name, each in self.columns.items()), ("version", pa.int64())])

    def answer(self, rows: pa.Table, number: int, measures: Measures) -> list[pa.Array]:
        return [rows[name] for name in self.columns]


def _scored(path: Path) -> tuple[list[dict[str, Any]], list[tuple[int, str]]]:
    scorer = _Echo()
    files = find_inputs([str(path)], scorer.source_columns)
    (batch,) = InputReader(scorer.source_columns).batches(enumerate(files), lambda piece: True)
    found = scorer.score(batch)
    return found.rows.to_pylist(), [(row["row"], row["column"]) for row in found.quarantine.to_pylist()]


def test_cells_of_a_text_file_follow_the_rules_and_the_schemas_names(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "price,seen,order,User ID\n"
        "1,a;b,,9007199254740993\n"
        "\\N,\"['c', 'd']\",True,12.0\n"
        "x,,0,13\n"
        "NaN,12.0,1,1e3\n"
        "2,(1),1,14\n"
    )
    rows, quarantine = _scored(path)
    assert rows == [
        {"user": 9007199254740993, "seen": ["a", "b"], "price": 1.0, "order": None, "version": 3},
        {"user": 12, "seen": ["c", "d"], "price": None, "order": 1, "version": 3},
        {"user": 1000, "seen": ["12"], "price": None, "order": 1, "version": 3},
    ]
    assert quarantine == [(3, "price"), (5, "seen")]


def test_float_ids_that_may_be_rounded_are_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    ids = pa.array([12.0, 2.0**53, None])
    pq.write_table(pa.table({"User ID": ids, "seen": [[], ["x"], []], "price": [1, 2, 3], "order": [0, 1, 0]}), path)
    rows, quarantine = _scored(path)
    assert [row["user"] for row in rows] == [12]
    assert quarantine == [(2, "user"), (3, "user")]
