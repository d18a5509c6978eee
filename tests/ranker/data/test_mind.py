"""MIND: small files in the published form, with what trips readers of it."""

import warnings
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tfelc.core.data_warning import DataWarning
from tfelc.core.errors import DataError, TfelcError, UsageError
from tfelc.data.dataset import Dataset
from tfelc.data.splits import SPLITS
from tfelc.ranker.data import mind

NEWS = [
    "N1\tsports\tfootball\tA \"quoted title, with 'one' open\tAn abstract\thttps://x/1\t[]\t[]",
    "N2\tnews\tworld\tA title with\ta tab\t\thttps://x/2\t[]\t[]",
    "N3\tnews\tpolitics\tAn end\u2028of a line in the title\t\thttps://x/3\t[]\t[]",
]
TRAIN = [
    "1\tU1\t11/11/2019 9:05:58 AM\tN3 N1\tN1-0 N2-1",
    "2\tU2\t11/11/2019 12:30:00 AM\t\tN2-0 N3-0 N9-1",
    "3\tU1\t11/12/2019 12:00:01 PM\t" + " ".join(["N2"] * 60 + ["N8", "N1"]) + "\tN3-0",
]
DEV = [f"{number}\tU{number}\t11/15/2019 1:00:0{number % 10} PM\tN1\tN1-{number % 2} N2-0" for number in range(1, 31)]


def write(folder: Path, behaviors: list[str], news: list[str] = NEWS) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "behaviors.tsv").write_bytes(("\n".join(behaviors) + "\n").encode())
    (folder / "news.tsv").write_bytes(("\n".join(news) + "\n").encode())
    return folder


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    home = tmp_path_factory.mktemp("mind")
    with pytest.warns(DataWarning, match="1 rows of news that news.tsv lacks"):
        mind.prepare(write(home / "train", TRAIN), write(home / "dev", DEV), home / "out")
    return Dataset(home / "out")


def rows(dataset: Dataset, split: str) -> list[dict]:
    return pa.concat_tables(pq.read_table(path) for path in dataset.files(split)).to_pylist()


def test_a_row_for_each_news_shown(prepared: Dataset) -> None:
    train = rows(prepared, "train")
    assert [(row["impression_id"], row["news_id"], row["click"]) for row in train] == [
        ("1", "N1", 0), ("1", "N2", 1), ("2", "N2", 0), ("2", "N3", 0), ("2", "N9", 1), ("3", "N3", 0),
    ]  # fmt: skip
    assert [row["category"] for row in train] == ["sports", "news", "news", "news", None, "news"]
    assert [row["subcategory"] for row in train] == ["football", "world", "world", "politics", None, "politics"]


def test_the_clock_has_twelve_hours(prepared: Dataset) -> None:
    train = rows(prepared, "train")
    assert [row["hour"] for row in train] == [9, 9, 0, 0, 0, 12]
    # 2019-11-11 09:05:58 in UTC, in microseconds.
    assert train[0]["time"] == 1_573_463_158_000_000
    assert all(row["hour"] == 13 for row in rows(prepared, "test"))


def test_the_history_keeps_its_latest_clicks_and_their_categories(prepared: Dataset) -> None:
    first, *_, last = rows(prepared, "train")
    assert (first["history"], first["history_length"], first["newcomer"]) == (["N3", "N1"], 2, "known")
    assert first["history_categories"] == ["news", "sports"]
    assert (last["history"], last["history_length"]) == (["N2"] * 48 + ["N8", "N1"], 62)
    # A click on news that the file lacks keeps its place.
    assert last["history_categories"] == ["news"] * 48 + ["", "sports"]
    nobody = rows(prepared, "train")[2]
    assert (nobody["history"], nobody["history_length"], nobody["newcomer"]) == ([], 0, "new")


def test_the_dev_folder_is_halved_by_users(prepared: Dataset) -> None:
    users = {split: {row["user_id"] for row in rows(prepared, split)} for split in SPLITS}
    assert users["validation"] | users["test"] == {f"U{number}" for number in range(1, 31)}
    assert not users["validation"] & users["test"] and min(len(users["validation"]), len(users["test"])) >= 8
    assert prepared.manifest.rows["train"] == 6
    assert prepared.manifest.rows["validation"] + prepared.manifest.rows["test"] == 60


@pytest.mark.parametrize(
    ("behaviors", "message"),
    [
        (["1\tU1\t11/11/2019 9:05:58 AM\tN1\tN1 N2"], "row 1: news without clicks, as in MIND's test archive"),
        ([*TRAIN, "4\tU1\t11/11/2019 9:05:58 AM\tN1\tN1-2"], "row 4: a news shown must be like N1-0"),
        ([*TRAIN, "4\tU1\t11/11/2019 9:05:58 AM\tN1\t"], "row 4: no news was shown"),
        (["1\tU1\t2019-11-11 09:05:58\tN1\tN1-0"], "row 1: the time must be like 11/11/2019 9:05:58 AM"),
        (["1\tU1\t11/11/2019 13:05:58 PM\tN1\tN1-0"], "row 1: the time must be like"),
        (
            ["U1\t11/11/2019 9:05:58 AM\tN1\tN1-0"],
            "not MIND's behaviors.tsv, .*Expected 5 columns, got 4",
        ),
        (["1\tU1\t11/16/2019 9:05:58 AM\tN1\tN1-0"], "are the two folders swapped"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, behaviors: list[str], message: str) -> None:
    train, dev = write(tmp_path / "train", behaviors), write(tmp_path / "dev", DEV)
    with pytest.raises(DataError, match=message), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mind.prepare(train, dev, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("news", "message"),
    [
        (["N1\tsports\tfootball"], "news.tsv, row 1: 3 columns; MIND's news.tsv has 8"),
        ([NEWS[0], NEWS[0].replace("sports", "news")], "row 2: news N1 is there twice"),
    ],
)
def test_other_news_are_refused(tmp_path: Path, news: list[str], message: str) -> None:
    train, dev = write(tmp_path / "train", TRAIN, news), write(tmp_path / "dev", DEV)
    with pytest.raises(DataError, match=message):
        mind.prepare(train, dev, tmp_path / "out")


def test_missing_files_are_named(tmp_path: Path) -> None:
    train, dev = write(tmp_path / "train", TRAIN), write(tmp_path / "dev", DEV)
    with pytest.raises(UsageError, match="same folder"):
        mind.prepare(train, train, tmp_path / "out")
    for name in ("news.tsv", "behaviors.tsv"):
        (dev / name).unlink()
        with pytest.raises(TfelcError, match=f"dev: no {name}; name the folder"):
            mind.prepare(train, dev, tmp_path / "out")
