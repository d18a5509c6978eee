"""Values worked out by hand, and properties: what each kind of column makes of what a file may hold."""

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfelc.data.contract import checked
from tfelc.data.row_faults import separate
from tfelc.data.values.bracket_list import bracket_list
from tfelc.schema.column import Column

INTEGER = Column(kind="category", role="item", type="integer")
STRING = Column(kind="category", role="item")
NUMBER = Column(kind="number", role="item")
LABEL = Column(kind="label")
TIME = Column(kind="timestamp", timezone="UTC")
INTEGERS = Column(kind="list", role="item", type="integer")
STRINGS = Column(kind="list", role="item")
BAD = object()


def _read(values: Any, column: Column, is_text: bool = True) -> list[Any]:
    """The values, `BAD` where a row is set aside."""
    array = values if isinstance(values, pa.Array) else pa.array(values)
    good, faults = separate(pa.table({"x": array}), {"x": column}, is_text=is_text)
    bad = {fault.row for fault in faults}
    left = iter(good["x"].to_pylist())
    return [BAD if row in bad else next(left) for row in range(len(array))]


@pytest.mark.parametrize(
    ("cell", "whole", "text"),
    [
        ("12", 12, "12"),
        ("12.0", 12, "12"),
        ("12.000", 12, "12"),
        ("-12.0", -12, "-12"),
        ("9007199254740993", 9007199254740993, "9007199254740993"),
        ("9007199254740993.0", 9007199254740993, "9007199254740993"),
        ("9223372036854775807", 2**63 - 1, "9223372036854775807"),
        ("9223372036854775808", BAD, "9223372036854775808"),
        ("1.23457E+12", 1234570000000, "1234570000000"),
        ("1e+15", 10**15, "1000000000000000"),
        ("1.0E15", 10**15, "1000000000000000"),
        ("1e15", 10**15, "1e15"),
        ("1.5e0", BAD, "1.5e0"),
        ("+12", 12, "+12"),
        (" 12 ", 12, " 12 "),
        ("007", 7, "007"),
        ("07.0", 7, "07.0"),
        ("-0.0", 0, "0"),
        ("1.10", BAD, "1.10"),
        ("0x1f", BAD, "0x1f"),
        ("1_000", BAD, "1_000"),
        ("1,000", BAD, "1,000"),
        ("1e999", BAD, "1e999"),
        ("True", 1, "true"),
        ("FALSE", 0, "false"),
        ("tRuE", 1, "tRuE"),
        ("\\N", None, None),
        ("NA", None, "NA"),
        ("<NA>", None, "<NA>"),
        ("null", None, "null"),
        ("NaN", None, "NaN"),
        ("", None, ""),
        (None, None, None),
    ],
)
def test_a_cell_of_a_text_file(cell: str | None, whole: Any, text: Any) -> None:
    # Alone, and among others: no cell depends on its neighbors.
    for around in ([], ["5", "7"], ["x", "1.0", None, "True"]):
        cells = pa.array([*around, cell, *around], pa.string())
        assert _read(cells, INTEGER)[len(around)] == whole
        assert _read(cells, STRING)[len(around)] == text
        if text is not None and whole is not BAD:
            assert _read(cells, STRING, is_text=False)[len(around)] == cell  # a typed file is taken to the letter


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1), st.randoms())
def test_a_whole_number_is_itself_however_it_is_written(numbers: list[int], random: Any) -> None:
    cells = pa.array([f"{number}{random.choice(['', '.0', '.00'])}" for number in numbers])
    assert _read(cells, INTEGER) == numbers
    assert _read(cells, STRING) == [str(number) for number in numbers]
    typed = pa.array(numbers, pa.int64())
    decimals = typed.cast(pa.decimal128(21, 0)).cast(pa.decimal128(24, 2))
    for array in (typed, decimals, typed.dictionary_encode()):
        assert _read(array, INTEGER, False) == numbers
        assert _read(array, STRING, False) == [str(number) for number in numbers]


@pytest.mark.parametrize(("kind", "limit"), [(pa.float64(), 2**53), (pa.float32(), 2**24), (pa.float16(), 2**11)])
def test_a_float_is_exact_below_what_it_can_tell_apart(kind: pa.DataType, limit: int) -> None:
    values = pa.array(np.array([limit - 1, limit, -limit, 3.5, np.nan, np.inf, -0.0], kind.to_pandas_dtype()), kind)
    assert _read(values, INTEGER, False) == [limit - 1, BAD, BAD, BAD, None, BAD, 0]
    assert _read(values, STRING, False) == [str(limit - 1), BAD, BAD, "3.5", None, BAD, "0"]
    found = checked(pa.array([float(limit)], kind), STRING)
    assert f"exact below 2^{limit.bit_length() - 1}" in found.faults[0].reason


def test_a_float_without_a_fraction_is_one_text_with_an_integer() -> None:
    long = 10**15 + 1
    assert _read(pa.array([float(long), 0.1, 1e-7]), STRING, False) == [str(long), "0.1", "1e-7"]
    assert _read(pa.array([long]), STRING, False) == [str(long)]


@pytest.mark.parametrize(
    ("cell", "number"),
    [("1.5", 1.5), ("-1e3", -1000.0), (".5", 0.5), ("True", 1.0), ("NULL", None), ("\\N", None), ("1,5", BAD)]
    + [("1e39", BAD), ("inf", BAD), ("0x10", BAD), ("", None), ("nan", None), ("abc", BAD), (" 2 ", 2.0)],
)
def test_numbers(cell: str, number: Any) -> None:
    assert _read([cell], NUMBER) == [number]
    assert _read(["7", cell, "x"], NUMBER) == [7.0, number, BAD]


def test_a_number_beyond_float32_is_told_as_it_stands() -> None:
    for values, shown in ((pa.array(["1e39"]), "1e39"), (pa.array([1e39]), "1e+39")):
        (fault,) = separate(pa.table({"x": values}), {"x": NUMBER})[1]
        assert fault.reason == f"a number must lie within float32 (3.4e38). Received: {shown}"
    (fault,) = separate(pa.table({"x": [-np.inf]}), {"x": NUMBER})[1]
    assert fault.reason == "a number must be finite or null. Received: -inf"


@pytest.mark.parametrize("word", ["true", "True", "TRUE", "t", "T", "1", "1.0", "1.00", " true"])
def test_what_means_one(word: str) -> None:
    opposite = {"t": "f", "1": "0"}.get(word.strip()[0].lower(), "f")
    assert _read([word, "0"], LABEL) == [1, 0]
    assert _read([opposite, "x", "yes", "2"], LABEL) == [0, BAD, BAD, BAD]


def test_own_words() -> None:
    label = Column(kind="label", true_values=("yes", "bought"), false_values=("no",), null_values=("?",))
    assert _read(["yes", "bought", "no", "1", "True", "?", "Yes"], label) == [1, 1, 0, 1, 1, BAD, BAD]
    flag = Column(kind="category", role="user", true_values=("y",), false_values=("n",), null_values=("-", "NA"))
    assert _read(["y", "n", "-", "NA", "null", "True"], flag) == ["true", "false", None, None, "null", "true"]
    assert _read(["y", "-", "True"], flag, is_text=False) == ["true", None, "True"]
    assert _read(["-1", "5"], Column(kind="category", role="user", type="integer", null_values=("-1",))) == [None, 5]


@pytest.mark.parametrize("kind", [pa.string(), pa.binary()])
def test_a_nul_at_the_end_is_refused(kind: pa.DataType) -> None:
    values = pa.array([b"c1", b"c1\0", b"c\0001", b"\0"]).cast(kind)
    assert _read(values, STRING, False) == ["c1", BAD, "c\0001", BAD]


def test_bytes() -> None:
    values = pa.array([b"ab\0\0", b"abcd", "é1\0".encode(), b"\xff\xff\xff\xff"], pa.binary(4))
    assert _read(values, STRING, False) == ["ab", "abcd", "é1", BAD]
    sixteen = pa.array([b"plain text here!", b"short".ljust(16, b"\0"), bytes(range(0x80, 0x90))], pa.binary(16))
    assert _read(sixteen, STRING, False) == [
        "plain text here!",
        "short",
        "80818283-8485-8687-8889-8a8b8c8d8e8f",
    ]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("['a', 'b']", ["a", "b"]),
        ('["a","b"]', ["a", "b"]),
        ('["a, b", "c]"]', ["a, b", "c]"]),
        ("['it\\'s']", ["it's"]),
        ("['it''s']", ["it's"]),
        ('["\\u00e9\\n"]', ["é\n"]),
        ("['1.0', 2.0, None, null]", ["1.0", "2", None, None]),
        ("[]", []),
        ("[ ]", []),
        (" [ 1 , 2 ] ", ["1", "2"]),
        ("['']", [""]),
        ("['a' 'b']", None),
        ("[1 2]", None),
        ("[1, 2", None),
        ("[1, 2] x", None),
        ("[[1], [2]]", None),
        ("[1,,2]", None),
        ("(1, 2)", None),
        ("{1, 2}", None),
        ("['a', __import__('os')]", None),
    ],
)
def test_a_list_in_brackets(text: str, values: list[Any] | None) -> None:
    assert bracket_list(text) == values
    # The quicker way that most lists take gives the same.
    expected = BAD if values is None else ["" if value is None else value for value in values]
    for around in ([], ["a|b", "['x', 'y']", None]):
        assert _read([*around, text], STRINGS)[-1] == expected


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))), min_size=1))
def test_lists_of_any_texts_come_back_from_json_and_python(lists: list[list[str]]) -> None:
    expected = lists
    assert _read([json.dumps(values) for values in lists], STRINGS) == expected
    assert _read([repr(values) for values in lists], STRINGS, is_text=False) == expected


def test_lists_of_numbers_and_separators() -> None:
    cells = ["1|2", "[1, 2]", "[1.0,2.0]", "[9007199254740993]", "1.0", "", None, "[1, null]", "1|x", "\\N"]
    expected = [[1, 2], [1, 2], [1, 2], [9007199254740993], [1], [], [], [1, -1], BAD, []]
    assert _read(cells, INTEGERS) == expected
    assert _read(["a;b", "c|d"], Column(kind="list", role="item", separator=";")) == [["a", "b"], ["c|d"]]
    assert _read(["12.0|True|x", "['12.0']"], STRINGS) == [["12", "true", "x"], ["12.0"]]
    views = pa.array([[1, 2], None, [3, 4]], pa.list_view(pa.int64()))
    assert _read(views, INTEGERS, False) == [[1, 2], [], [3, 4]]


NOON = 1_769_860_800_000_000


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-01-31 12:00:00", NOON),
        ("2026-01-31T12:00", NOON),
        ("2026-01-31 12:00:00.123456789", NOON + 123456),
        ("2026-01-31 12:00:00Z", NOON),
        ("2026-01-31 12:00:00 UTC", NOON),
        ("2026-01-31 13:00:00+01", NOON),
        ("2026-01-31 13:00:00.5+0100", NOON + 500_000),
        ("2026-01-31T07:00:00-05:00", NOON),
        ("2026-01-31 13:00:00 +01:00", NOON),
        ("2026-13-31", BAD),
        ("31.01.2026", BAD),
        ("noon", BAD),
        ("1769860800", 1769860800),
        ("1769860800.0", 1769860800),
        ("1769860800.5", BAD),
    ],
)
def test_times_of_text(text: str, time: Any) -> None:
    assert _read([text], TIME) == [time]
    assert _read(["2026-01-31", text, "x"], TIME) == [NOON - 43_200_000_000, time, BAD]


def test_zones() -> None:
    berlin = Column(kind="timestamp", timezone="Europe/Berlin")
    naive = pa.array(["2026-01-31 13:00:00", "2026-10-25 02:30:00", "2026-03-29 02:30:00", "2026-01-31 12:00:00Z"])
    twice, skipped = 1_792_888_200_000_000, 1_774_746_000_000_000
    assert _read(naive, berlin) == [NOON, twice, skipped, NOON]
    for unit in ("s", "ms", "us", "ns"):
        times = pa.array([np.datetime64("2026-01-31T13:00:00")]).cast(pa.timestamp(unit))
        assert _read(times, berlin, False) == [NOON]
        assert _read(times.cast(pa.timestamp(unit, "Asia/Tokyo")), berlin, False) == [NOON + 3_600_000_000]


def test_what_cannot_be_held_or_shown() -> None:
    assert _read(pa.array([2**62], pa.timestamp("s")), TIME, False) == [BAD]
    broken = pa.Array.from_buffers(pa.string(), 2, pa.array([b"ab", b"\xff"]).buffers())
    assert _read(broken, STRING, False) == ["ab", BAD]
    assert _read(pa.array([-1], pa.timestamp("ns")), TIME, False) == [-1]  # the microsecond before 1970
    assert _read(pa.array([2**63], pa.uint64()), TIME, False) == [BAD]
