"""Every type of Arrow's in every kind of column: exact, or refused by file, column and row; and what the page says."""

import datetime
import decimal
import re
import uuid
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tfelc.core.errors import DataError
from tfelc.data.contract import arrow_type, conform
from tfelc.data.row_faults import separate
from tfelc.data.values.type_rules import RULES, TARGETS, family_of
from tfelc.schema.column import Column
from tfelc.schema.schema import Schema

PAGE = (Path(__file__).parents[3] / "docs" / "schema.md").read_text(encoding="utf-8")
NUMBER = {"kind": "number", "role": "item"}
KINDS: dict[str, dict[str, Any]] = {
    "number": NUMBER,
    "weight": {"kind": "weight"},
    "label": {"kind": "label"},
    "integer category": {"kind": "category", "role": "item", "type": "integer"},
    "integer id": {"kind": "id"},
    "string category": {"kind": "category", "role": "item"},
    "string id": {"kind": "id", "type": "string"},
    "group": {"kind": "group"},
    "timestamp": {"kind": "timestamp"},
    "value": {"kind": "value"},
    "list of strings": {"kind": "list", "role": "item"},
    "list of integers": {"kind": "list", "role": "item", "type": "integer"},
}
UUID = uuid.UUID("12345678-1234-5678-1234-567812345678")
DAY = datetime.date(2026, 1, 31)
MIDNIGHT = 1_769_817_600_000_000
# What a value that may be 0 or 1 becomes in each kind.
ONE: dict[str, Any] = {
    **dict.fromkeys(["number", "weight", "value"], 1.0),
    **dict.fromkeys(["label", "integer category", "integer id", "timestamp"], 1),
    **dict.fromkeys(["string category", "string id", "group"], "1"),
}
LISTS = {"list of strings": ["1"], "list of integers": [1]}
TEXTS = ["string category", "string id", "group"]


def _decimal(kind: pa.DataType) -> pa.Array:
    return pa.array([decimal.Decimal("1.00")], pa.decimal128(5, 2)).cast(kind)


def _lists(kind: pa.DataType, values: list[Any]) -> pa.Array:
    return pa.array([values], kind)


NUMBERS = [
    *(pa.array([1], kind) for kind in (pa.int8(), pa.int16(), pa.int32(), pa.int64())),
    *(pa.array([1], kind) for kind in (pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())),
    *(pa.array([1.0], kind) for kind in (pa.float16(), pa.float32(), pa.float64())),
    *(_decimal(kind) for kind in (pa.decimal32(5, 2), pa.decimal64(5, 2), pa.decimal128(5, 2), pa.decimal256(5, 2))),
    pa.array([1]).dictionary_encode(),
    pa.RunEndEncodedArray.from_arrays(pa.array([1], pa.int32()), pa.array([1])),
]
STRINGS = [
    *(pa.array(["1"], kind) for kind in (pa.string(), pa.large_string(), pa.string_view())),
    *(pa.array([b"1"], kind) for kind in (pa.binary(), pa.large_binary(), pa.binary_view(), pa.binary(1))),
    pa.array([b"1\0\0"], pa.binary(3)),
    *(pa.array([value]).dictionary_encode() for value in ("1", b"1")),
    pa.array(["1"], pa.dictionary(pa.int8(), pa.large_string())),
]
OF_LISTS = [
    *(
        pa.array([[1]], kind)
        for kind in (
            pa.list_(pa.int64()),
            pa.large_list(pa.int16()),
            pa.list_(pa.uint8(), 1),
            pa.list_view(pa.int32()),
            pa.large_list_view(pa.int64()),
            pa.list_(pa.float64()),
        )
    ),
    pa.array([["1"]], pa.list_(pa.string_view())),
    pa.ListArray.from_arrays(pa.array([0, 1], pa.int32()), pa.array(["1"]).dictionary_encode()),
    pa.ListArray.from_arrays(pa.array([0, 1], pa.int32()), _decimal(pa.decimal128(5, 2))),
]
REFUSED = [
    pa.array([datetime.time(1)], pa.time32("s")),
    pa.array([datetime.time(1)], pa.time64("us")),
    pa.array([1], pa.duration("s")),
    pa.array([(1, 2, 3)], pa.month_day_nano_interval()),
    pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())),
    pa.array([{"a": 1}]),
    pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [pa.array([1])]),
]
CASES: list[tuple[pa.Array, dict[str, Any]]] = [
    *((array, ONE) for array in NUMBERS),
    *((array, ONE | LISTS) for array in STRINGS),
    (pa.array([True]), ONE | dict.fromkeys(TEXTS, "true") | {"timestamp": None}),
    (pa.array([UUID]), dict.fromkeys(TEXTS, str(UUID))),
    (pa.array([UUID.bytes], pa.binary(16)), dict.fromkeys(TEXTS, str(UUID))),
    *(
        (pa.array([DAY], kind), dict.fromkeys(TEXTS, "2026-01-31") | {"timestamp": MIDNIGHT})
        for kind in (pa.date32(), pa.date64())
    ),
    *(
        (pa.array([DAY]).cast(pa.timestamp("ms")).cast(pa.timestamp(unit, zone)), {"timestamp": MIDNIGHT})
        for unit in ("s", "ms", "us", "ns")
        for zone in (None, "UTC", "Asia/Shanghai")
    ),
    *((array, LISTS) for array in OF_LISTS),
    (_lists(pa.list_(pa.bool_()), [True]), {"list of strings": ["true"], "list of integers": [1]}),
    (_lists(pa.list_(pa.date32()), [DAY]), {"list of strings": ["2026-01-31"]}),
    *((_lists(pa.list_(array.type), [array[0].as_py()]), {}) for array in REFUSED[:3]),
    *((array, {}) for array in REFUSED),
]


def _schema(kind: str) -> Schema:
    columns = {"x": KINDS[kind], "n": NUMBER, "y": {"kind": "label"}}
    return Schema.parse({"name": "s", "tasks": {"t": {"label": "y"}}, "columns": columns}, "s")


@pytest.mark.parametrize(("array", "expected"), CASES, ids=[str(array.type) for array, _ in CASES])
@pytest.mark.parametrize("kind", KINDS)
def test_each_type_is_exact_or_refused(kind: str, array: pa.Array, expected: dict[str, Any]) -> None:
    table = pa.table({"x": array, "n": [1.0], "y": [0]})
    schema = _schema(kind)
    wanted = expected.get(kind)
    if wanted is None:
        with pytest.raises(DataError, match=r"f\.parquet: column `x`, row 7: not a value of kind"):
            conform(table, schema, "f.parquet", 7)
        return
    found = conform(table, schema, "f.parquet", 7)["x"]
    assert found.type == arrow_type(schema.columns["x"])
    assert found.to_pylist() == [wanted]
    assert separate(table.select(["x"]), schema.as_read(["x"]))[0]["x"] == found
    assert conform(pa.table({"x": found, "n": [1.0], "y": [0]}), schema, "again")["x"] == found


@pytest.mark.parametrize("kind", KINDS)
def test_null(kind: str) -> None:
    table = pa.table({"x": pa.nulls(2), "n": [1.0, 1.0], "y": [0, 1]})
    if KINDS[kind]["kind"] in ("label", "id", "weight", "timestamp", "value"):
        with pytest.raises(DataError, match=r"column `x`, row 7: a \w+ must not be null or NaN"):
            conform(table, _schema(kind), "f", 7)
        return
    assert conform(table, _schema(kind), "f")["x"].to_pylist() == ([[], []] if "list" in kind else [None, None])


def test_the_page_has_the_table_of_the_code() -> None:
    table = PAGE.split("## Values")[1].split("|---|---|---|---|---|---|---|\n")[1].split("\n\n")[0]
    told = {}
    for line in table.splitlines():
        family, *words = [cell.strip() for cell in line.strip("|").split("|")]
        told[family] = dict(zip(TARGETS, words, strict=True))
    assert told == RULES


def test_the_cases_cover_every_cell_of_the_table_and_agree_with_it() -> None:
    targets = {
        "number": ["number", "weight"],
        "label": ["label"],
        "integer": ["integer category", "integer id"],
        "string": TEXTS,
        "timestamp": ["timestamp"],
        "list": list(LISTS),
    }
    seen = set()
    for array, expected in CASES:
        family = family_of(array.type)
        seen.add(family)
        for target, kinds in targets.items():
            refused = all(expected.get(kind) is None for kind in kinds)
            if family != "list":
                assert refused == (RULES[family][target] == "refused"), (array.type, target)
    assert seen | {"null"} == set(RULES)


def test_the_examples_of_the_page_are_read_as_it_says() -> None:
    column = Column(kind="timestamp", timezone="UTC")
    texts = re.findall(r"`(2026-01-31[^`]*)`", PAGE.split("**Times.**")[1].split("**Lists**")[0])
    found, faults = separate(pa.table({"x": texts}), {"x": column})
    assert len(texts) == 4 and not faults
    assert found["x"].to_pylist() == [
        MIDNIGHT,
        MIDNIGHT + 36_000_000_000,
        MIDNIGHT + 36_000_500_000,
        MIDNIGHT + 32_400_000_000,
    ]
