"""AliExpress: small files with the published columns."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tfelc.core.errors import DataError
from tfelc.data.dataset import Dataset
from tfelc.ranker.data import aliexpress
from tfelc.schema.schema import Schema

CATEGORIES = [f"categorical_{number}" for number in range(1, 17)]
NUMBERS = [f"numerical_{number}" for number in range(1, 64)]
HEADER = ["search_id", *CATEGORIES, *NUMBERS, "click", "conversion"]


def row(search: int, item: int, click: int = 0, conversion: int = 0) -> str:
    of_item = [item] * 7, [f"0.{item}{number}" for number in range(40)]
    return ",".join(map(str, [search, *[search % 5] * 9, *of_item[0], *[0.5] * 23, *of_item[1], click, conversion]))


def write(folder: Path, train: list[str], test: list[str], header: list[str] = HEADER) -> Path:
    folder.mkdir()
    for name, rows in (("train", train), ("test", test)):
        (folder / f"{name}.csv").write_text("\n".join([",".join(header), *rows]) + "\n")
    return folder


TRAIN = [row(search, item, item % 2, item == 3) for search in range(60) for item in range(1, 4)]
TEST = [row(search, item, item % 2, item == 1) for search in range(3) for item in range(1, 3)]


def test_searches_are_split_whole(tmp_path: Path) -> None:
    aliexpress.prepare(write(tmp_path / "AliExpress_NL", TRAIN, TEST), tmp_path / "out")
    made = Dataset(tmp_path / "out")
    assert made.manifest.source == "AliExpress, AliExpress_NL"
    rows = {
        split: pa.concat_tables(pq.read_table(path) for path in made.files(split)).to_pylist()
        for split in made.manifest.rows
    }
    searches = {split: {each["search_id"] for each in found} for split, found in rows.items()}
    assert searches["train"] | searches["validation"] == set(range(60))
    assert not searches["train"] & searches["validation"] and 1 <= len(searches["validation"]) <= 15
    # test.csv counts its searches anew, and is the test split whole.
    assert [(each["search_id"], each["click"], each["conversion"]) for each in rows["test"]] == [
        (search, item % 2, int(item == 1)) for search in range(3) for item in (1, 2)
    ]
    first = rows["test"][0]
    assert (first["categorical_9"], first["categorical_10"]) == (0, 1)
    assert (first["numerical_23"], first["numerical_24"]) == (0.5, pytest.approx(0.1))


def test_searcher_and_product_are_told_apart() -> None:
    columns = Schema.load(aliexpress.SCHEMA_FILE).columns
    assert set(columns) == set(HEADER)
    roles = {name: column.role for name, column in columns.items() if column.role}
    assert [name for name in HEADER if roles.get(name) == "user"] == [*CATEGORIES[:9], *NUMBERS[:23]]
    assert [name for name in HEADER if roles.get(name) == "item"] == [*CATEGORIES[9:], *NUMBERS[23:]]


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="AliExpress_NL: no train.csv; name the folder of a country"):
        aliexpress.prepare(tmp_path / "AliExpress_NL", tmp_path / "out")
    original = write(tmp_path / "original", ["1,2,3"], ["1,2,3"], ["1", "2", "3"])
    with pytest.raises(DataError, match="train.csv: column `search_id` is missing"):
        aliexpress.prepare(original, tmp_path / "out")
    bad = write(tmp_path / "bad", [*TRAIN, row(1, 1, 2)], TEST)
    with pytest.raises(DataError, match="train.csv: column `click`, row 181: a label must be 0 or 1"):
        aliexpress.prepare(bad, tmp_path / "out")
