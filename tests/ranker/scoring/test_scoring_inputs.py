"""Every kind of input of a job: the same scores, and the same pieces when it is taken up again."""

import json
import warnings
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake
from pyiceberg.catalog.sql import SqlCatalog

from tests.support.every_kind import every_kind_schema
from tests.support.scored import parts, run, scores
from tfelc.core.errors import DataError
from tfelc.ranker.scoring.scoring_job import ScoringJob

LISTS = list(every_kind_schema().of_kind("list"))


def joined(rows: pa.Table) -> pa.Table:
    """The rows with the values of lists joined."""
    for name in LISTS:
        texts = ["|".join(map(str, values)) for values in rows[name].to_pylist()]
        rows = rows.set_column(rows.column_names.index(name), name, pa.array(texts))
    return rows


@pytest.fixture
def inputs(log_rows, tmp_path):
    """The 600 rows of the log, 100 in each kind of input."""
    pieces = [log_rows.slice(start, 100) for start in range(0, 600, 100)]
    folder = tmp_path / "hive" / "newcomer=N"
    folder.mkdir(parents=True)
    pq.write_table(pieces[0].drop_columns(["newcomer"]), folder / "a.parquet", row_group_size=60)
    (folder / "_SUCCESS").touch()
    text = pc_csv.WriteOptions(delimiter=";", quoting_style="needed")
    with pa.CompressedOutputStream(str(tmp_path / "b.csv.zst"), "zstd") as stream:
        pc_csv.write_csv(joined(pieces[1]), stream, text)
    (tmp_path / "c.csv").write_text(";".join(log_rows.column_names))
    columns = list(every_kind_schema().columns)
    pc_csv.write_csv(joined(pieces[2]).select(columns[::-1]), tmp_path / "d.tsv", text)
    lines = [json.dumps({name: row[name] for name in columns}) for row in joined(pieces[3]).to_pylist()]
    (tmp_path / "e.jsonl").write_text("\n".join(lines))
    delta, warehouse = f"{tmp_path}/delta", f"file://{tmp_path}/warehouse"
    write_deltalake(delta, pa.concat_tables([pieces[4], pieces[0]]))
    DeltaTable(delta).delete(f"impression < {pieces[4]['impression'][0]}")
    catalog = SqlCatalog("c", uri=f"sqlite:///{tmp_path}/catalog.db", warehouse=warehouse)
    catalog.create_namespace("n")
    # Iceberg has no integer of 8 bits.
    rows = pieces[5].drop_columns(["clicked", "bought", "engaged"])
    table = catalog.create_table("n.t", schema=rows.schema)
    table.append(rows)
    files = [str(tmp_path / name) for name in ("hive", "b.csv.zst", "c.csv", "d.tsv", "e.jsonl")]
    return (*files, f"delta:{delta}", f"iceberg:{tmp_path}/warehouse/n/t"), table


def test_each_kind_is_scored_alike_and_a_table_at_the_version_of_the_start(
    reference, settings, log_rows, inputs, tmp_path
):
    names, iceberg = inputs
    job = settings(tmp_path / "scores", inputs=names, csv_delimiter=";", keep=("newcomer",))
    with warnings.catch_warnings(record=True):
        summary = run(job)
    assert (summary.measures.read, summary.measures.bad) == (600, 0)
    found, expected = scores(tmp_path / "scores"), scores(reference[0])
    assert found["impression"].to_pylist()[:400] == expected["impression"].to_pylist()[:400]
    # The rows of a table have no order.
    found, expected, log_rows = (each.sort_by("impression") for each in (found, expected, log_rows))
    assert found["impression"].to_pylist() == expected["impression"].to_pylist()
    np.testing.assert_allclose(found["click"].to_numpy(), expected["click"].to_numpy(), atol=1e-6)
    assert found["newcomer"].to_pylist() == ["N"] * 100 + log_rows["newcomer"].to_pylist()[100:]
    sources = [
        part["source"] for part in json.loads((tmp_path / "scores/_manifest.json").read_text())["parts"].values()
    ]
    assert [source.split("/")[-1] for source in sources[:2]] == ["a.parquet"] * 2 and len(sources) == 7
    assert f"{names[5]}@1/" in sources[5] and f"{names[6]}@{iceberg.current_snapshot().snapshot_id}/" in sources[6]

    whole = parts(tmp_path / "scores")
    for lost in ("_SUCCESS", "part-00005-00000.parquet", "part-00006-00000.parquet"):
        (tmp_path / "scores" / lost).unlink()
    DeltaTable(names[5].removeprefix("delta:")).delete("impression % 2 = 0")
    iceberg.delete("hour < 12")
    with warnings.catch_warnings(record=True):
        assert run(job).scored_now == 200
    assert parts(tmp_path / "scores") == whole
    with warnings.catch_warnings(record=True):
        assert run(replace(job, output=str(tmp_path / "later"))).measures.read < 600


def test_what_is_wrong_with_an_input_is_told_before_anything_is_written(settings, log_rows, inputs, tmp_path):
    names, _ = inputs
    twice = log_rows.append_column("price", log_rows["price"])
    pq.write_table(twice, tmp_path / "twice.parquet")
    for changes, message in (
        ({"inputs": (names[1],)}, "b.csv.zst: `;` seems to separate the columns: name it with `csv_delimiter`"),
        ({"inputs": (f"{tmp_path}/twice.parquet",)}, "twice.parquet: there are 2 columns `price`"),
        ({"inputs": (f"{tmp_path}/delta/*.parquet",)}, "belongs to a Delta table"),
        ({"inputs": (f"{tmp_path}/warehouse",)}, "belongs to an Iceberg table"),
        ({"inputs": (f"{tmp_path}/hive/newcomer=N/_SUCCESS",)}, r"_SUCCESS: a log is a file that ends in .*\.tfrecord"),
    ):
        with pytest.raises(DataError, match=message):
            ScoringJob(settings(tmp_path / "scores", **changes))
    assert not (tmp_path / "scores").exists()
