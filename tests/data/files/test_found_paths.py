"""What names files: paths, patterns, folders and URLs."""

import os
from pathlib import Path

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.log_rows import log_rows, told
from tfelc.core.errors import DataError
from tfelc.data.log_source import open_log


def write(path: Path, *ids: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"id": pa.array(ids, pa.int64())}), path)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Three files, and what engines put beside them."""
    logs = tmp_path / "logs"
    write(logs / "b.parquet", 3)
    write(logs / "a.parquet", 1, 2)
    write(logs / "day=1" / "_key=2" / "c.parquet", 4)
    for aside in (
        "_SUCCESS",
        "._SUCCESS.crc",
        ".a.parquet.crc",
        "_temporary/x.parquet",
        ".hidden/x.parquet",
        ".x.parquet",
    ):
        (logs / aside).parent.mkdir(exist_ok=True)
        (logs / aside).write_text("no table")
    pq.write_metadata(pa.schema([("id", pa.int64())]), logs / "_metadata")
    pq.write_metadata(pa.schema([("id", pa.int64())]), logs / "_common_metadata")
    return logs


@pytest.mark.parametrize(
    ("source", "ids"),
    [
        ("", [1, 2, 3, 4]),
        ("/", [1, 2, 3, 4]),
        ("/*", [1, 2, 3]),
        ("/*.parquet", [1, 2, 3]),
        ("/**/*.parquet", [1, 2, 3, 4]),
        ("/**", [1, 2, 3, 4]),
        ("/day=*", None),
        ("/day=*/*/*", [4]),
        ("/b.parquet", [3]),
        ("/day=1", [4]),
    ],
)
def test_folders_and_patterns_pass_over_what_engines_put_beside_the_data(
    logs: Path, source: str, ids: list[int] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(logs.parent)
    fsspec.filesystem("memory").put(f"{logs}/", "memory://found/logs", recursive=True)
    for place in (
        str(logs),
        "logs",
        "./logs",
        "../" + logs.parent.name + "/logs",
        f"file://{logs}",
        "memory://found/logs",
    ):
        if ids is None:
            with pytest.raises(DataError, match="no file matches"):
                open_log(f"{place}{source}", ["id"])
        else:
            assert [row[0] for row in log_rows(f"{place}{source}", ["id"])] == ids, place
    fsspec.filesystem("memory").rm("/found", recursive=True)


def test_a_folder_of_the_present_and_lists(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(logs)
    assert len(log_rows(".", ["id"])) == 4
    # Each file is read once, in the order of what names it.
    assert [row[0] for row in log_rows(["b.parquet", "*.parquet", logs / "b.parquet"], ["id"])] == [3, 1, 2]
    assert {batch.where for batch in open_log("*.parquet", ["id"]).batches()} == {"a.parquet", "b.parquet"}


def test_what_is_named_outright_is_read_or_refused_in_one_line(logs: Path) -> None:
    write(logs / "_own.parquet", 9)
    write(logs / "x[1]*.parquet", 8)
    assert log_rows(logs / "_own.parquet", ["id"]) == [(9,)]
    assert log_rows(logs / "x[1]*.parquet", ["id"]) == [(8,)]
    for name in ("_SUCCESS", "_metadata", ".a.parquet.crc"):
        with pytest.raises(DataError, match=rf"{name}: a log is a file that ends in .parquet, .csv, .tsv, .jsonl"):
            log_rows(logs / name, ["id"])


def test_what_holds_no_log_is_named(logs: Path, tmp_path: Path) -> None:
    for source, message in (
        ("nowhere", "nowhere: no file matches"),
        ("logs/_*", "no file matches but _SUCCESS, which is passed over"),
        ("memory://nowhere/*.csv", "memory://nowhere/.*: no file matches"),
        ("nosuch://x/y.csv", "nosuch://x/y.csv: cannot be looked up"),
    ):
        with pytest.raises(DataError, match=message):
            log_rows(source if "://" in source else f"{tmp_path}/{source}", ["id"])
    os.mkdir(tmp_path / "empty")
    with pytest.raises(DataError, match="empty: no file matches"):
        log_rows(tmp_path / "empty", ["id"])


def test_a_folder_of_two_formats_is_not_guessed_at(logs: Path) -> None:
    (logs / "a.csv").write_text("id\n1\n")
    with pytest.raises(DataError, match=r"logs: the folder holds csv and parquet files; name those .* a pattern"):
        log_rows(logs, ["id"])
    assert len(log_rows(f"{logs}/*", ["id"])) == 4
    (logs / "notes.txt").write_text("x")
    with pytest.raises(DataError, match=r"notes.txt: a log is a file that ends in"):
        log_rows(logs, ["id"])


def test_parquet_without_rows_gives_none_and_a_note(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", 1)
    write(tmp_path / "b.parquet")
    pq.write_table(pa.table({"other": pa.nulls(0)}), tmp_path / "c.parquet")
    rows, said = told(tmp_path, ["id"])
    assert rows == [(1,)] and said == [f"{tmp_path}/b.parquet and 1 more files have no rows"]
    assert open_log(tmp_path, ["id"]).rows == 1
    (tmp_path / "d.parquet").touch()
    with pytest.raises(DataError, match="d.parquet: the file is empty"):
        log_rows(tmp_path, ["id"])
