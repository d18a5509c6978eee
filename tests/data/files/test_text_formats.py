"""CSV, TSV and JSON lines: exactly what stands there, as text."""

import bz2
import gzip
import json
from pathlib import Path

import fsspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pc_csv
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.log_rows import log_rows, told
from tfelc.core.errors import DataError, UsageError
from tfelc.data.log_source import open_log

PACK = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".zst": zstandard.compress}
ROWS = [("7", None, "tea, black"), ("9007199254740993", "", 'say "hi"\nthere'), ("007", "NA", "杯子")]
CSV = 'id,note,name,unused\n7,,"tea, black",1\n9007199254740993,"","say ""hi""\nthere",2\n007,NA,杯子,3\n'


def refused(source: object, columns: list[str], **how: object) -> str:
    with pytest.raises(DataError) as raised:
        log_rows(source, columns, **how)
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize("packing", PACK)
def test_csv_is_text_and_only_an_empty_field_without_quotes_is_null(tmp_path: Path, packing: str) -> None:
    path = tmp_path / f"log.csv{packing}"
    path.write_bytes(PACK[packing](CSV.encode()))
    assert log_rows(path, ["id", "note", "name"]) == ROWS
    assert log_rows(path, ["name", "id"]) == [(name, id_) for id_, _, name in ROWS]
    (batch,) = open_log(path, ["id"]).batches()
    assert batch.is_text and batch.first_row == 1 and batch.where == str(path)


@pytest.mark.parametrize(
    ("name", "text", "delimiter"),
    [
        ("a.tsv", CSV.replace('"tea, black"', "tea, black").replace(",", "\t").replace("tea\t", "tea,"), None),
        ("a.csv", CSV.replace(",", ";").replace("tea;", "tea,"), ";"),
        ("a.csv", CSV.replace(",", "|").replace("tea|", "tea,"), "|"),
        ("a.csv", CSV.replace(",", "\t").replace("tea\t", "tea,"), "\\t"),
        ("a.CSV", "\ufeff" + CSV.replace("\n", "\r\n"), None),
        ("a.csv", CSV.replace("\n", "\r"), None),
    ],
)
def test_separators_and_ends_of_lines(tmp_path: Path, name: str, text: str, delimiter: str | None) -> None:
    (tmp_path / name).write_bytes(text.encode())
    found = log_rows(tmp_path / name, ["id", "note", "name"], csv_delimiter=delimiter)
    assert [(id_, note, str(word).replace("\r\n", "\n").replace("\r", "\n")) for id_, note, word in found] == ROWS


@pytest.mark.parametrize(("name", "given", "right"), [("a.csv", None, ";"), ("a.tsv", None, ","), ("a.csv", ";", "\t")])
def test_a_wrong_separator_is_found_and_named(tmp_path: Path, name: str, given: str | None, right: str) -> None:
    (tmp_path / name).write_text(f"id{right}price\n1{right}2,5\n" if right != "," else "id,price\n1,2\n")
    shown = "\\t" if right == "\t" else right
    message = refused(tmp_path / name, ["id", "price"], csv_delimiter=given)
    assert message.endswith(f"`{shown}` seems to separate the columns: name it with `csv_delimiter`")
    # Also where all of them may be missing.
    assert shown in refused(tmp_path / name, ["id", "price"], csv_delimiter=given, optional=["id", "price"])
    for wrong in ("", ";;", '"', "é"):
        with pytest.raises(UsageError, match="`csv_delimiter` must be one character"):
            log_rows(tmp_path / name, ["id"], csv_delimiter=wrong)


@pytest.mark.parametrize("packing", PACK)
def test_a_text_that_is_cut_off_or_packed_otherwise_is_named(tmp_path: Path, packing: str) -> None:
    path = tmp_path / f"log.csv{packing}"
    other = "zstd" if packing == ".gz" else "gzip"
    path.write_bytes((zstandard.compress if other == "zstd" else gzip.compress)(CSV.encode()))
    message = refused(path, ["id"])
    assert message.startswith(f"{path}: not a readable CSV file")
    if not packing:
        assert message.endswith("it is compressed with gzip; name it .gz")
        return
    path.write_bytes(PACK[packing](CSV.encode() * 5000)[:-3])
    assert "not a readable CSV file" in refused(path, ["id"])


def test_members_of_a_packed_file_are_read_to_the_last(tmp_path: Path) -> None:
    for packing in (".gz", ".bz2", ".zst"):
        path = tmp_path / f"log.csv{packing}"
        path.write_bytes(PACK[packing](b"id\n1\n") + PACK[packing](b"2\n"))
        assert log_rows(path, ["id"]) == [("1",), ("2",)]


def test_files_without_rows_give_none_and_a_note(tmp_path: Path) -> None:
    (tmp_path / "part-0.csv").write_text("id,name\n1,a\n")
    for number, text in enumerate(("", "id,name", "id,name\n", "other\n", "\n"), start=1):
        (tmp_path / f"part-{number}.csv").write_text(text)
    (tmp_path / "part-6.csv.gz").write_bytes(gzip.compress(b""))
    rows, said = told(tmp_path, ["id", "name"])
    assert rows == [("1", "a")]
    assert said == [f"{tmp_path}/part-1.csv and 5 more files have no rows"]
    (tmp_path / "none.jsonl").write_text("\n\n")
    assert told(tmp_path / "none.jsonl", ["id"])[0] == []


def test_pandas_and_pyarrow_write_what_is_read(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": [1, 2], "name": ['C:\\dir\\,"x"', "a\\"], "n": [1.5, np.nan]})
    frame.to_csv(tmp_path / "pandas.csv", index=False)
    assert log_rows(tmp_path / "pandas.csv", list(frame)) == [("1", 'C:\\dir\\,"x"', "1.5"), ("2", "a\\", None)]
    pc_csv.write_csv(pa.table({"id": [1, None], "name": ["", "b"]}), tmp_path / "arrow.csv")
    assert log_rows(tmp_path / "arrow.csv", ["id", "name"]) == [("1", ""), (None, "b")]
    frame.to_json(tmp_path / "pandas.jsonl", orient="records", lines=True)
    assert log_rows(tmp_path / "pandas.jsonl", ["id", "name", "n"])[1] == ("2", "a\\", None)


@pytest.mark.parametrize("packing", PACK)
def test_json_lines_keep_numbers_as_they_are_written(tmp_path: Path, packing: str) -> None:
    lines = [
        '{"id": 9007199254740993, "x": 1.10, "seen": [1, 2.50, "a\\"b", null], "ok": true, "who": "é", "m": {"k": 1}}',
        "",
        '{"x": null, "id": 12, "ok": false, "seen": [], "who": "12"}\r',
        '{"id": 1E5, "who": ""}',
    ]
    (tmp_path / f"log.jsonl{packing}").write_bytes(PACK[packing]("\n".join(lines).encode()))
    assert log_rows(tmp_path / f"log.jsonl{packing}", ["id", "x", "seen", "ok", "who", "m"]) == [
        ("9007199254740993", "1.10", '[1, 2.50, "a\\"b", null]', "true", "é", '{"k": 1}'),
        ("12", None, "[]", "false", "12", None),
        ("1E5", None, None, None, "", None),
    ]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.none() | st.text() | st.integers(), min_size=1), max_size=9))
def test_any_text_of_json_comes_back(
    tmp_path_factory: pytest.TempPathFactory, objects: list[dict[str, object]]
) -> None:
    path = tmp_path_factory.mktemp("json") / "log.ndjson"
    path.write_text("\n".join(json.dumps({**each, "id": 1}, ensure_ascii=False) for each in objects), encoding="utf-8")
    found = log_rows(path, ["id", "a", "b", "c"], optional=["a", "b", "c"])
    text = [tuple(None if each.get(name) is None else str(each[name]) for name in "abc") for each in objects]
    assert [row[1:] for row in found] == text


def test_bad_json_lines_are_named(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    for text, message in (
        ('{"id": 1}\n{"id": }\n', "line 2 is no JSON object: Expecting value"),
        ("[1, 2]\n", "line 1 is no JSON object; each line must hold one"),
        ('{"id": 1, "id": 2}\n', "line 1 is no JSON object: it has `id` twice"),
        ('{"id": "\\ud800"}\n', "a text is no Unicode"),
        ('{"ID": 1}\n{"ID": 2}\n', "column `id` is missing; the file has `ID`"),
    ):
        path.write_text(text)
        assert message in refused(path, ["id"])
    path.write_bytes(b'{"id": "\xff"}\n')
    assert "line 1 is no JSON object" in refused(path, ["id"])


def test_headers_that_name_a_column_twice_or_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("price,click,price\n1,0,2\n")
    assert refused(path, ["price", "click"]) == f"{path}: there are 2 columns `price`; rename or drop one"
    assert log_rows(path, ["click"]) == [("0",)]
    path.write_text("PRICE, click ,item\n1,0,2\n")
    assert "column `price` is missing; the file has `PRICE`" in refused(path, ["price"])
    assert "column `click` is missing; the file has ` click `" in refused(path, ["click"])
    path.write_bytes(CSV.encode("utf-16"))
    assert "UTF-16" in refused(path, ["id"])
    path.write_text("id,name\n1,2,3\n")
    assert "not a readable CSV file: CSV parse error: Expected 2 columns, got 3" in refused(path, ["id"])


@pytest.mark.parametrize("name", ["log.csv", "log.csv.gz", "log.csv.zst", "log.jsonl.bz2"])
def test_text_is_read_from_urls(tmp_path: Path, name: str) -> None:
    lines = CSV if ".csv" in name else '{"id": "7", "name": "tea, black"}\n{"id": 9007199254740993, "name": "x"}'
    content = PACK[next(packing for packing in [".gz", ".zst", ".bz2", ""] if name.endswith(packing))](lines.encode())
    (tmp_path / name).write_bytes(content)
    fsspec.filesystem("memory").pipe_file(f"/texts/{name}", content)
    found = [
        log_rows(f"{place}/{name}", ["id", "name"]) for place in ("memory://texts", f"file://{tmp_path}", tmp_path)
    ]
    assert found[0] == found[1] == found[2] and found[0][:1] == [("7", "tea, black")]
    fsspec.filesystem("memory").rm("/texts", recursive=True)
