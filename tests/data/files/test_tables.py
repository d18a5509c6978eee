"""Delta and Iceberg tables: what is in them, and nothing that was deleted."""

import json
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.schema import Schema
from pyiceberg.types import LongType, NestedField, StringType

from tests.support.log_rows import log_rows, told
from tfelc.core.errors import DataError, UsageError
from tfelc.data.log_source import open_log

ROWS = pa.table({"id": pa.array(range(10), pa.int64()), "key": ["x", "y z/1"] * 5})
LEFT = [(number, "x" if number % 2 == 0 else "y z/1") for number in range(3, 10)]


@pytest.fixture
def delta(tmp_path: Path) -> str:
    """A table partitioned by `key`, from which rows were deleted."""
    path = str(tmp_path / "lake" / "delta")
    write_deltalake(path, ROWS, partition_by=["key"])
    DeltaTable(path).delete("id < 3")
    return path


@pytest.fixture
def iceberg(tmp_path: Path) -> Any:
    """A table that rows were deleted from."""
    catalog = SqlCatalog("c", uri=f"sqlite:///{tmp_path}/catalog.db", warehouse=f"file://{tmp_path}/lake")
    catalog.create_namespace("n")
    table = catalog.create_table("n.t", schema=ROWS.schema)
    table.append(ROWS)
    table.delete("id < 3")
    return table


def place(table: Any) -> str:
    return str(table.location().removeprefix("file://"))


def test_a_delta_table_is_its_rows_of_now_and_keeps_a_version(delta: str) -> None:
    assert sorted(log_rows(f"delta:{delta}", ["id", "key"])) == LEFT
    log = open_log(f"delta:{delta}", ["key", "id"])
    assert log.name == f"delta:{delta}@1" and log.rows == 7
    write_deltalake(delta, pa.table({"id": [50], "key": [None], "new": ["n"]}), mode="append", schema_mode="merge")
    assert sorted(row[1] for row in log_rows(log.name, ["key", "id"])) == [row[0] for row in LEFT]
    assert sorted(log_rows(f"delta:{delta}", ["id", "key", "new"]))[-1] == (50, None, "n")
    assert sorted(log_rows(f"delta:{delta}", ["id", "new"]))[0] == (3, None)
    assert len(log_rows(f"delta:{delta}@0", ["id"])) == 10
    assert [len(log_rows([f"delta:{delta}@0", f"delta:{delta}"], ["id"]))] == [18]


def test_an_iceberg_table_is_its_rows_of_now_and_keeps_a_snapshot(iceberg: Any) -> None:
    path = place(iceberg)
    assert sorted(log_rows(f"iceberg:{path}", ["id", "key"])) == LEFT
    assert sorted(log_rows(f"iceberg:{iceberg.metadata_location}", ["key", "id"]))[0] == ("x", 4)
    log = open_log(f"iceberg:{path}", ["id"])
    assert log.name == f"iceberg:{path}@{iceberg.current_snapshot().snapshot_id}" and log.rows is None
    iceberg.append(pa.table({"id": pa.array([50], pa.int64()), "key": pa.array([None], pa.string())}))
    with iceberg.update_schema() as update:
        update.rename_column("id", "number")
    assert sorted(row[0] for row in log_rows(log.name, ["number"])) == [row[0] for row in LEFT]
    assert sorted(log_rows(f"iceberg:{path}", ["number", "key"]))[-1] == (50, None)
    with pytest.raises(DataError, match=r"column `id` is missing; the file has number, key"):
        log_rows(f"iceberg:{path}", ["id"])


def test_iceberg_rows_deleted_by_position_are_left_out_and_deletes_by_value_refused(
    iceberg: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
    from pyiceberg.table import FileScanTask

    from tfelc.data.files import iceberg_format

    (task,) = iceberg.scan().plan_files()
    deletes = Path(place(iceberg)) / "data" / "deletes.parquet"
    pq.write_table(pa.table({"file_path": [task.file.file_path] * 2, "pos": pa.array([0, 6], pa.int64())}), deletes)
    deleted = DataFile.from_args(
        content=DataFileContent.POSITION_DELETES, file_path=str(deletes), file_format=FileFormat.PARQUET
    )
    path = f"iceberg:{place(iceberg)}"
    log = open_log(path, ["id"])
    (file,) = log.files  # type: ignore[attr-defined]
    name = file.path.rsplit(f"{file.table}/", 1)[1]
    with monkeypatch.context() as patch:
        patch.setattr(iceberg_format, "_tasks", lambda *of: {name: FileScanTask(task.file, delete_files={deleted})})
        assert [row["id"] for batch in log.batches() for row in batch.table.to_pylist()] == [4, 5, 6, 7, 8]

    def refuse(scan: Any) -> Any:
        raise ValueError("PyIceberg does not yet support equality deletes")

    monkeypatch.setattr("pyiceberg.table.DataScan.plan_files", refuse)
    with pytest.raises(DataError, match="cannot be read: PyIceberg does not yet support equality deletes"):
        open_log(path, ["id"])


def with_protocol(table: str, **action: Any) -> None:
    """Writes a further version by hand."""
    number = DeltaTable(table).version() + 1
    lines = [json.dumps({name: value}) for name, value in action.items()]
    (Path(table) / "_delta_log" / f"{number:020d}.json").write_text("\n".join(lines))


def test_deletion_vectors_and_mapped_columns_of_delta_are_refused_by_name(delta: str) -> None:
    features = {"readerFeatures": ["deletionVectors"], "writerFeatures": ["deletionVectors"]}
    with_protocol(delta, protocol={"minReaderVersion": 3, "minWriterVersion": 7, **features})
    with pytest.raises(DataError, match=r"deletionVectors.*; REORG TABLE \.\.\. APPLY \(PURGE\) takes"):
        log_rows(f"delta:{delta}", ["id"])


def test_mapped_columns_of_the_older_protocol_are_refused_too(tmp_path: Path) -> None:
    """deltalake 1.6.6 looks at the protocol's features alone, and would give nulls."""
    path = str(tmp_path / "t")
    write_deltalake(path, ROWS)
    first = Path(path) / "_delta_log" / f"{0:020d}.json"
    lines = [json.loads(line) for line in first.read_text().splitlines()]
    metadata = next(line["metaData"] for line in lines if "metaData" in line)
    metadata["configuration"] = {"delta.columnMapping.mode": "name", "delta.columnMapping.maxColumnId": "2"}
    fields = json.loads(metadata["schemaString"])
    for number, field in enumerate(fields["fields"]):
        field["metadata"] = {"delta.columnMapping.id": number + 1, "delta.columnMapping.physicalName": f"col-{number}"}
    metadata["schemaString"] = json.dumps(fields)
    with_protocol(path, protocol={"minReaderVersion": 2, "minWriterVersion": 5}, metaData=metadata)
    with pytest.raises(DataError, match="the table has mapped columns, which are not read"):
        log_rows(f"delta:{path}", ["id"])


def test_their_files_are_not_read_as_plain_ones(
    delta: str, iceberg: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ice = place(iceberg)
    (one,) = list(Path(ice).glob("data/00000-0-*"))[:1]
    for source, kind, table in (
        (delta, "delta", delta),
        (f"{delta}/*/*.parquet", "delta", delta),
        (f"{delta}/**/*.parquet", "delta", delta),
        (f"file://{delta}/**", "delta", f"file://{delta}"),
        (str(next(Path(delta).glob("*/*.parquet"))), "delta", delta),
        (f"{delta}/_delta_log/*.json", "delta", delta),
        (str(tmp_path / "lake"), "delta", delta),
        (ice, "iceberg", ice),
        (f"{ice}/data", "iceberg", ice),
        (f"{ice}/data/*.parquet", "iceberg", ice),
        (str(one), "iceberg", ice),
    ):
        with pytest.raises(DataError, match=rf"belongs to an? {kind.title()} table, .* the table: {kind}:{table}$"):
            log_rows(source, ["id"])
    monkeypatch.chdir(delta)
    with pytest.raises(DataError, match=r"name the table: delta:\.$"):
        log_rows("*/*.parquet", ["id"])
    assert len(log_rows("delta:.", ["id"])) == 7
    hudi = tmp_path / "hudi"
    (hudi / ".hoodie").mkdir(parents=True)
    pq.write_table(ROWS, hudi / "a.parquet")
    with pytest.raises(DataError, match="belongs to a Hudi table, .*hudi, which is not read"):
        log_rows(hudi, ["id"])


def test_what_is_no_table_is_named(tmp_path: Path, delta: str, iceberg: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = place(iceberg)
    for source, message in (
        (f"delta:{tmp_path}/none", "delta:.*none: no readable Delta table"),
        (f"delta:{delta}@9", "no readable Delta table of version 9"),
        (f"iceberg:{tmp_path}/none", "none: holds no metadata/"),
        (f"iceberg:{path}@9", "has no snapshot 9"),
        (f"iceberg:{delta}/_delta_log/x.metadata.json", "not the metadata of an Iceberg table"),
    ):
        with pytest.raises(DataError, match=message):
            log_rows(source, ["id"])
    newest = Path(iceberg.metadata_location.removeprefix("file://"))
    (newest.parent / f"{newest.name.split('-')[0]}-other.metadata.json").write_text(newest.read_text())
    with pytest.raises(DataError, match="are equally new; name the metadata file of the table, iceberg:FILE"):
        log_rows(f"iceberg:{path}", ["id"])
    for library, source in (("deltalake", f"delta:{delta}"), ("pyiceberg.table", f"iceberg:{path}")):
        monkeypatch.setitem(sys.modules, library, None)
        with pytest.raises(UsageError, match=rf"needs {library.split('.')[0]}; pip install '\.\["):
            log_rows(source, ["id"])


def test_tables_without_rows(tmp_path: Path) -> None:
    write_deltalake(str(tmp_path / "d"), ROWS.slice(0, 0))
    assert told(f"delta:{tmp_path}/d", ["id"])[0] == []
    catalog = SqlCatalog("c", uri=f"sqlite:///{tmp_path}/c.db", warehouse=f"file://{tmp_path}/w")
    catalog.create_namespace("n")
    fields = (NestedField(1, "id", LongType()), NestedField(2, "key", StringType()))
    table = catalog.create_table("n.t", schema=Schema(*fields))
    assert log_rows(f"iceberg:{place(table)}", ["id"]) == []
