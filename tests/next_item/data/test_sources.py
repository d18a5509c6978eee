import gzip
import hashlib
import urllib.request
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from deltalake import write_deltalake

from tfelc.core.errors import DataError, UsageError
from tfelc.next_item.data import sources as sequence_sources
from tfelc.next_item.data.simulated_sequences import simulate
from tfelc.next_item.data.sources import DATASETS, PUBLIC_FILES, lasting, load_sequences

TEXT = b"1 1 2 3\n2 2 3\n"


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Beauty is a small file, no server can be reached, and the data folder and the cache are empty."""
    small = replace(
        PUBLIC_FILES["beauty"],
        url="http://127.0.0.1:9/Beauty.txt",
        sha256=hashlib.sha256(TEXT).hexdigest(),
        size=len(TEXT),
    )
    monkeypatch.setitem(sequence_sources.PUBLIC_FILES, "beauty", small)
    monkeypatch.setenv("TFELC_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("TFELC_HOME", str(tmp_path / "home"))
    for folder in ("data", "home"):
        (tmp_path / folder / "sequences").mkdir(parents=True)
    return tmp_path


def test_a_name_is_looked_for_in_the_data_folder_first(offline: Path) -> None:
    (offline / "home" / "sequences" / "Beauty.txt").write_bytes(TEXT)
    assert load_sequences("beauty").lengths.tolist() == [3, 2]
    (offline / "data" / "sequences" / "Beauty.txt.gz").write_bytes(gzip.compress(b"1 1 2\n"))
    assert load_sequences("beauty").lengths.tolist() == [2]
    (offline / "data" / "sequences" / "Beauty.txt").write_bytes(b"1 1\n")
    found = load_sequences("beauty")
    assert found.lengths.tolist() == [1] and found.name == "beauty"


def test_a_download_is_announced(offline: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    with pytest.raises(DataError, match="cannot be downloaded"):
        load_sequences("beauty", heard.append)
    assert heard == ["downloading beauty from http://127.0.0.1:9/Beauty.txt"]
    source = offline / "source.txt"
    source.write_bytes(TEXT)
    there = replace(sequence_sources.PUBLIC_FILES["beauty"], url=source.as_uri())
    monkeypatch.setitem(sequence_sources.PUBLIC_FILES, "beauty", there)
    opener = urllib.request.build_opener(urllib.request.FileHandler)
    monkeypatch.setattr(urllib.request, "urlopen", lambda request, timeout: _Answer(opener.open(request)))
    assert load_sequences("beauty", heard.append).lengths.tolist() == [3, 2]
    assert len(heard) == 2
    assert load_sequences("beauty", heard.append).lengths.tolist() == [3, 2]
    assert len(heard) == 2  # from the cache


class _Answer:
    def __init__(self, response) -> None:
        self._response = response
        self.status, self.headers, self.read = 200, response.headers, response.read

    def __enter__(self):
        return self

    def __exit__(self, *error: object) -> None:
        self._response.close()


def test_simulated_needs_nothing() -> None:
    assert load_sequences("simulated").hash == simulate().sequences.hash


def test_files_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_bytes(TEXT)
    assert load_sequences(tmp_path / "own.txt").name == "own"
    frame = pd.DataFrame({"user": [1] * 5, "item": [1] * 5, "time": range(5)})
    frame.to_csv(tmp_path / "own.csv.gz", index=False)
    frame.to_parquet(tmp_path / "own.parquet")
    by_csv, by_parquet = (
        load_sequences(str(tmp_path / name), min_item_users=0) for name in ("own.csv.gz", "own.parquet")
    )
    assert by_csv.hash == by_parquet.hash and by_csv.num_items == 1


def test_tables_of_every_kind_of_file(tmp_path: Path) -> None:
    frame = pd.DataFrame({"user": [1, 2] * 6, "item": ["a;b", "c"] * 6, "time": range(12)})
    frame.to_parquet(tmp_path / "own.parquet")
    wanted = load_sequences(tmp_path / "own.parquet", min_item_users=0)
    (tmp_path / "folder").mkdir()
    frame[:5].to_csv(tmp_path / "folder" / "a.tsv", index=False, sep="\t")
    frame[5:].to_csv(tmp_path / "folder" / "b.tsv.zst", index=False, sep="\t")
    frame.to_csv(tmp_path / "semicolon.csv", index=False, sep=";")
    frame.to_json(tmp_path / "own.jsonl", orient="records", lines=True)
    write_deltalake(str(tmp_path / "delta"), frame)
    frame.to_parquet(tmp_path / "hive", partition_cols=["user"])
    for source, delimiter in (
        (tmp_path / "folder", None),
        (f"{tmp_path}/folder/*", None),
        (tmp_path / "semicolon.csv", ";"),
        (f"file://{tmp_path}/own.jsonl", None),
        (f"delta:{tmp_path}/delta", None),
        (tmp_path / "hive", None),
    ):
        assert load_sequences(source, min_item_users=0, csv_delimiter=delimiter).hash == wanted.hash, source
    with pytest.raises(DataError, match="`;` seems to separate the columns"):
        load_sequences(tmp_path / "semicolon.csv")


def test_a_source_is_kept_so_that_it_is_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for source, kept in (
        ("beauty", "beauty"),
        ("logs/*.csv", f"{tmp_path}/logs/*.csv"),
        ("memory://a/b.csv", "memory://a/b.csv"),
        ("delta:t@3", f"delta:{tmp_path}/t@3"),
    ):
        assert lasting(source) == kept


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"no data set `beuaty`; use beauty, sports, toys, yelp, ml-1m, simulated, or"):
        load_sequences("beuaty")
    assert DATASETS.names() == ["beauty", "sports", "toys", "yelp", "ml-1m", "simulated"]


@pytest.mark.parametrize("name", sorted(PUBLIC_FILES))
def test_checksums_and_sizes_are_those_of_the_files(data_dir: Path, name: str) -> None:
    file = PUBLIC_FILES[name]
    path = data_dir / "sequences" / file.name
    text = path.read_bytes() if path.exists() else gzip.decompress(path.with_name(f"{file.name}.gz").read_bytes())
    assert (hashlib.sha256(text).hexdigest(), len(text)) == (file.sha256, file.size)
