import json
import resource
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tfelc.core.errors import DataError
from tfelc.data.dataset import Dataset
from tfelc.data.dataset_writer import ROWS_PER_GROUP, DatasetWriter
from tfelc.data.splits import SPLITS
from tfelc.schema.schema import Schema

SCHEMA = Schema.parse(
    {
        "name": "small",
        "user_key": "user",
        "columns": {
            "user": {"kind": "id"},
            "age": {"kind": "number", "role": "user"},
            "city": {"kind": "category", "role": "user"},
            "seen": {"kind": "list", "role": "user", "type": "integer", "default": -7},
            "click": {"kind": "label"},
            "segment": {"kind": "group"},
            "share": {"kind": "weight"},
            "at": {"kind": "timestamp"},
        },
        "tasks": {"ctr": {"label": "click"}},
    },
    "small",
)


def rows(count: int, **changed: object) -> pa.Table:
    columns: dict[str, object] = {
        "user": np.arange(count),
        "age": np.linspace(1, 9, count),
        "city": ["a", None] * (count // 2) + ["b"] * (count % 2),
        "seen": [[1, 2], []] * (count // 2) + [[3]] * (count % 2),
        "click": np.arange(count) % 2,
        "segment": ["N"] * count,
        "share": np.ones(count),
        "at": np.arange(count),
    }
    return pa.table(columns | changed)


def written(out: Path, tables: dict[str, list[pa.Table]]) -> Dataset:
    with DatasetWriter(out, SCHEMA, source="test", seed=3) as writer:
        for split, pieces in tables.items():
            for piece in pieces:
                writer.write(split, piece)
        writer.metadata["best_possible_auc"] = {"ctr": 0.8}
    return Dataset(out)


@pytest.fixture
def small(tmp_path: Path) -> Dataset:
    return written(tmp_path / "data", {"train": [rows(5)], "validation": [rows(3)], "test": [rows(2)]})


def test_round_trip_has_the_contract_types_and_the_manifest(small: Dataset) -> None:
    assert [small.rows(split) for split in SPLITS] == [5, 3, 2]
    assert small.manifest.label_rates == {
        "train": {"click": 2 / 5},
        "validation": {"click": 1 / 3},
        "test": {"click": 0.5},
    }
    assert small.schema == SCHEMA
    assert small.manifest.metadata == {"best_possible_auc": {"ctr": 0.8}}
    assert (small.manifest.source, small.manifest.seed) == ("test", 3)
    table = pq.read_table(small.files("train")[0])
    assert [str(field.type) for field in table.schema] == [
        "int64", "float", "string", "list<element: int64>", "int8", "string", "float", "int64",
    ]  # fmt: skip
    assert table["city"].to_pylist() == ["a", None, "a", None, "b"]
    assert table["seen"].to_pylist() == [[1, 2], [], [1, 2], [], [3]]


def test_pieces_of_any_size_give_equal_files_in_groups_of_65536(tmp_path: Path) -> None:
    count = 2 * ROWS_PER_GROUP + 10
    whole = rows(count)
    rest = {"validation": [rows(2)], "test": [rows(2)]}
    once = written(tmp_path / "once", {"train": [whole], **rest})
    edges = [0, 7, 50_000, 50_001, 120_000, count]
    pieces = [whole.slice(a, b - a) for a, b in zip(edges, edges[1:], strict=False)]
    split = written(tmp_path / "pieces", {"train": pieces, **rest})
    assert once.hash == split.hash
    meta = pq.read_metadata(once.files("train")[0])
    assert [meta.row_group(i).num_rows for i in range(meta.num_row_groups)] == [ROWS_PER_GROUP, ROWS_PER_GROUP, 10]


def test_a_long_split_goes_on_in_a_new_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tfelc.data.dataset_writer.ROWS_PER_GROUP", 4)
    monkeypatch.setattr("tfelc.data.dataset_writer.GROUPS_PER_PART", 2)
    data = written(tmp_path / "data", {"train": [rows(9), rows(10)], "validation": [rows(2)], "test": [rows(2)]})
    files = data.files("train")
    assert [pq.read_metadata(path).num_rows for path in files] == [8, 8, 3]
    assert [path.name for path in files] == ["part-00000.parquet", "part-00001.parquet", "part-00002.parquet"]
    users = np.concatenate([pq.read_table(path)["user"].to_numpy() for path in files])
    assert users.tolist() == [*range(9), *range(10)]


def test_a_split_may_end_with_a_full_row_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tfelc.data.dataset_writer.ROWS_PER_GROUP", 4)
    data = written(tmp_path / "data", {"train": [rows(5), rows(3)], "validation": [rows(4)], "test": [rows(2)]})
    assert [data.rows(split) for split in SPLITS] == [8, 4, 2]


def test_nan_is_null_and_missing_lists_are_empty(tmp_path: Path) -> None:
    table = rows(3, age=[1.0, float("nan"), None], seen=pa.array([None, [1, None], [2]], pa.list_(pa.int64())))
    data = written(tmp_path / "data", {split: [table] for split in SPLITS})
    read = pq.read_table(data.files("train")[0])
    assert read["age"].to_pylist() == [1.0, None, None]
    assert read["seen"].to_pylist() == [[], [1, -7], [2]]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"click": [0, 1, 2, 0]}, "part.csv: column `click`, row 102: a label must be 0 or 1. Received: 2"),
        ({"click": [0.0, 1.0, 0.0, np.nan]}, "part.csv: column `click`, row 103: a label must not be null or NaN"),
        ({"click": [0, 1, 0.5, 0]}, "part.csv: column `click`, row 102: not a value of kind label"),
        ({"share": [1.0, -1.0, 1.0, -2.0]}, "part.csv: column `share`, row 101: a weight must be finite and >= 0"),
        ({"share": [1.0, 1.0, np.inf, 1.0]}, "part.csv: column `share`, row 102: a weight must be finite and >= 0"),
        ({"age": [1.0, np.inf, 1.0, 1.0]}, "part.csv: column `age`, row 101: a number must be finite or null"),
        ({"age": ["1", "2", "3", "old"]}, "part.csv: column `age`, row 103: not a value of kind number"),
        ({"user": [1, None, 2, 3]}, "part.csv: column `user`, row 101: a id must not be null"),
        ({"seen": [1, 2, 3, 4]}, "part.csv: column `seen`, row 100: not a value of kind list"),
    ],
)
def test_a_bad_value_is_named_by_column_and_row_and_nothing_stays(
    tmp_path: Path, changed: dict[str, list[object]], message: str
) -> None:
    with pytest.raises(DataError) as raised, DatasetWriter(tmp_path / "data", SCHEMA, "test", 0) as writer:
        writer.write("train", rows(4, **changed), where="part.csv", first_row=100)
    assert message in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="log: column `city` is missing; the table has `user`, `age`"):
        with DatasetWriter(tmp_path / "data", SCHEMA, "test", 0) as writer:
            writer.write("train", rows(4).drop_columns(["city"]), where="log")


def test_a_split_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the split `validation` has no rows"):
        written(tmp_path / "data", {"train": [rows(4)], "test": [rows(4)]})
    assert list(tmp_path.iterdir()) == []


def test_a_non_empty_folder_is_never_overwritten(small: Dataset) -> None:
    with pytest.raises(DataError, match="exists and is not empty"):
        written(small.path, {split: [rows(2)] for split in SPLITS})
    assert Dataset(small.path).rows("train") == 5


def test_an_unwritable_place_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"file/data: cannot be written: File exists \(.*/file\)"):
        written(tmp_path / "file" / "data", {split: [rows(2)] for split in SPLITS})


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(DataError, match="data: cannot be written: .*File too large"):
            written(tmp_path / "data", {split: [rows(20_000)] for split in SPLITS})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_opening_what_is_no_dataset(tmp_path: Path, small: Dataset) -> None:
    with pytest.raises(DataError, match="no such folder"):
        Dataset(tmp_path / "nowhere")
    with pytest.raises(DataError, match="no prepared dataset"):
        Dataset(tmp_path)
    with pytest.raises(DataError, match="no split `dev`"):
        small.files("dev")
    (small.path / "manifest.json").write_text(json.dumps({"hello": 1}))
    with pytest.raises(DataError, match="not the manifest of a prepared dataset: source: Field required"):
        Dataset(small.path)


def test_a_truncated_or_missing_part_is_named(small: Dataset) -> None:
    part = small.files("test")[0]
    part.write_bytes(part.read_bytes()[:-20])
    with pytest.raises(DataError, match="test/part-00000.parquet: the part is corrupt"):
        Dataset(small.path)
    part.unlink()
    with pytest.raises(DataError, match="test/part-00000.parquet: the part is missing"):
        small.files("test")


def test_the_schema_may_lose_a_column_but_not_change_a_type(small: Dataset) -> None:
    text = (small.path / "schema.yaml").read_text()
    fewer = Schema.parse({**SCHEMA.model_dump(mode="json", exclude_defaults=True)}, "x").model_dump(
        mode="json", exclude_defaults=True
    )
    del fewer["columns"]["city"]
    (small.path / "schema.yaml").write_text(Schema.parse(fewer, "x").dump())
    assert "city" not in Dataset(small.path).schema.columns
    (small.path / "schema.yaml").write_text(text.replace("segment:\n    kind: group", "segment:\n    kind: id"))
    with pytest.raises(DataError, match="column `segment` is string, schema.yaml asks for int64"):
        Dataset(small.path)
