"""Ali-CCP: small files in the published form, with what trips readers of it."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tfelc.core.errors import DataError
from tfelc.data.dataset import Dataset
from tfelc.ranker.data import ali_ccp, ali_ccp_common

Feature = tuple[str, int, float]


def packed(features: list[Feature]) -> str:
    return f"{len(features)}," + "\x01".join(f"{field}\x02{value}\x03{weight}" for field, value, weight in features)


def common(key: str, user: int, *more: Feature) -> str:
    return f"{key},{packed([('101', user, 1.0), *more])}"


def sample(number: int, click: int, conversion: int, key: str, *more: Feature) -> str:
    return f"{number},{click},{conversion},{key},{packed([('205', 1000 + number, 1.0), *more])}"


TRAIN_COMMON = [
    common("a", 1, ("121", 3, 1.0), ("109_14", 7, 0.5), ("109_14", 5, 2.5), ("109_14", 6, 1.5)),
    common("b", 2, *(("110_14", shop, shop / 10) for shop in range(60))),
    *(common(f"u{user}", user) for user in range(3, 63)),
]
TRAIN = [
    sample(1, 1, 0, "b", ("301", 9, 1.0), ("508", 7, 2.0), ("853", 1, 0.5), ("853", 2, 0.25)),
    sample(2, 1, 1, "a", ("206", 4, 1.0), ("210", 8, 1.0), ("210", 9, 1.0)),
    sample(3, 0, 0, "a"),
    *(sample(number, 0, 0, f"u{number}") for number in range(4, 63)),
]
# The test counts its keys anew.
TEST_COMMON = [common("a", 99)]
TEST = [sample(1, 0, 0, "a"), sample(2, 1, 1, "a")]
FILES = {
    "common_features_train": TRAIN_COMMON,
    "sample_skeleton_train": TRAIN,
    "common_features_test": TEST_COMMON,
    "sample_skeleton_test": TEST,
}


def write(folder: Path, files: dict[str, list[str]]) -> Path:
    folder.mkdir()
    for name, lines in files.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    home = tmp_path_factory.mktemp("ali")
    # Users 1 and 2 are to be of the training split.
    ali_ccp.prepare(write(home / "raw", FILES), home / "out", seed=1)
    assert sorted(path.name for path in home.iterdir()) == ["out", "raw"]
    return Dataset(home / "out")


def rows(dataset: Dataset, split: str) -> list[dict]:
    return pa.concat_tables(pq.read_table(path) for path in dataset.files(split)).to_pylist()


def test_rows_get_the_features_of_their_key(prepared: Dataset) -> None:
    first, second, third, *_ = rows(prepared, "train")
    assert [(row["item_id"], row["user_id"], row["click"], row["conversion"]) for row in (first, second, third)] == [
        (1001, 2, 1, 0), (1002, 1, 1, 1), (1003, 1, 0, 0),
    ]  # fmt: skip
    assert (second["profile"], first["profile"], first["scene"], second["item_category"]) == (3, None, 9, 4)


def test_lists_go_by_their_values(prepared: Dataset) -> None:
    first, second, *_ = rows(prepared, "train")
    assert (second["categories"], second["num_categories"]) == ([7, 6, 5], 3)
    assert (first["shops"], first["num_shops"], first["categories"]) == (list(range(10, 60)), 60, [])
    assert first["met_intentions"] == [2, 1] and first["met_intentions_value"] == 0.75
    assert (first["met_category"], first["met_category_value"]) == ([7], 2.0)
    assert second["item_intentions"] == [8, 9] and second["met_category_value"] is None


def test_users_are_split_whole_and_the_test_is_that_of_the_publisher(prepared: Dataset) -> None:
    users = {split: {row["user_id"] for row in rows(prepared, split)} for split in prepared.manifest.rows}
    assert not users["train"] & users["validation"] and 1 <= len(users["validation"]) <= 15
    assert users["test"] == {99} and prepared.manifest.rows["test"] == 2


def test_the_pieces_that_are_read_do_not_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prepared: Dataset
) -> None:
    monkeypatch.setattr(ali_ccp, "_LINES", 7)
    monkeypatch.setattr(ali_ccp_common, "_LINES", 5)
    shuffled = FILES | {"common_features_train": TRAIN_COMMON[::-1]}
    ali_ccp.prepare(write(tmp_path / "raw", shuffled), tmp_path / "out", seed=1)
    made = Dataset(tmp_path / "out")
    assert all(rows(made, split) == rows(prepared, split) for split in made.manifest.rows)


@pytest.mark.parametrize(
    ("name", "lines", "message"),
    [
        ("sample_skeleton_train", [sample(1, 0, 0, "z")], "common_features_train.csv: it lacks z"),
        ("sample_skeleton_train", ["1,0,0,a,1,205:1"], "row 1: no feature of this file of Ali-CCP. Received: '205:1'"),
        ("sample_skeleton_test", [*TEST, sample(3, 0, 0, "a", ("101", 1, 1.0))], "row 3: no feature of this file"),
        ("sample_skeleton_train", [sample(1, 0, 0, "a", ("205", 1, 1.0))], "row 1: field 205 is there more than once"),
        ("sample_skeleton_train", ["1,0,0,a"], "not of 6 columns: .*Expected 6 columns, got 4"),
        ("sample_skeleton_train", [sample(1, 2, 0, "a")], "column `click`, row 1: a label must be 0 or 1"),
        ("common_features_train", [*TRAIN_COMMON, common("a", 1)], "common_features_train.csv: a is there twice"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, name: str, lines: list[str], message: str) -> None:
    folder = write(tmp_path / "raw", FILES | {name: lines})
    with pytest.raises(DataError, match=message):
        ali_ccp.prepare(folder, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    files = {name: lines for name, lines in FILES.items() if name != "common_features_test"}
    with pytest.raises(DataError, match="raw: no common_features_test.csv; name the folder with the four files"):
        ali_ccp.prepare(write(tmp_path / "raw", files), tmp_path / "out")
