"""What the tasks of a preparation on Spark make together is what one machine makes, byte for byte."""

import json
import os
import warnings
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.late_log import late_log, late_schema
from tests.support.valued_log import valued_content, valued_log
from tests.support.workers_here import prepare_here
from tfelc.core.data_warning import DataWarning
from tfelc.core.errors import DataError, SchemaError
from tfelc.data import dataset_writer, log_preparation, time_edges
from tfelc.data.checks import log_checks
from tfelc.data.dataset import Dataset
from tfelc.data.delays import delay_survey
from tfelc.data.spark.preparation import spark_log
from tfelc.schema.schema import Schema

ROWS = 900
COLUMNS = {
    "user": {"kind": "id", "type": "string"},
    "at": {"kind": "timestamp"},
    "click": {"kind": "label"},
    "buy": {"kind": "label"},
    "plan": {"kind": "group"},
    "age": {"kind": "number", "role": "user", "source": "user age"},
    "seen": {"kind": "list", "role": "user", "table": "item"},
    "item": {"kind": "category", "role": "item", "table": "item"},
    "look": {"kind": "vector", "role": "item", "width": 2},
    "same": {"kind": "number", "role": "context"},
}


def schema(split=None, tasks=None, **changes):
    content = {
        "name": "shop",
        "user_key": "user",
        "columns": COLUMNS,
        "split": split or {"by": "time"},
        "tables": {"item": {}},
    }
    ctr = {"label": "click", **(tasks or {})}
    return Schema.parse(
        {**content, "tasks": {"ctr": ctr, "cvr": {"label": "buy", "conditioned_on": "ctr"}}, **changes}, "shop"
    )


def log(rows=ROWS):
    random = np.random.default_rng(3)
    click = random.random(rows) < 0.4
    return pa.table(
        {
            "user": [f"u{n}" for n in random.integers(0, 60, rows)],
            "at": 1_700_000_000 + random.permutation(rows) * 600,
            "click": click.astype(int),
            "buy": (random.random(rows) < 0.3).astype(int),
            "plan": pa.array([[None, "a", "b"][n % 3] for n in range(rows)]),
            "user age": pa.array([None if n % 7 == 0 else n / 4 for n in range(rows)], pa.float64()),
            "seen": [[None, "i1", "never again"][: n % 4] for n in range(rows)],
            "item": pa.array([None if n % 9 == 0 else f"i{n % 20}" for n in range(rows)]),
            "look": [[n / 2, -n] if n % 3 else None for n in range(rows)],
            "same": np.full(rows, 2.5),
            "part": [("train", "validation", "test")[n % 3] for n in range(rows)],
            "nobody's": np.arange(rows),
        }
    )


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Of everything that holds many rows there are several."""
    monkeypatch.setattr(spark_log, "ROWS_A_TASK", 200)
    monkeypatch.setattr(dataset_writer, "ROWS_PER_GROUP", 64)
    monkeypatch.setattr(dataset_writer, "GROUPS_PER_PART", 2)
    monkeypatch.setattr(log_checks, "_STRETCH", 128)
    monkeypatch.setattr(log_checks, "_SAMPLED_OF_STRETCH", 50)


def write(folder: Path, rows=None) -> list[str]:
    """A log in two Parquet files, one of them in a folder that is a column, and a CSV file."""
    rows = log() if rows is None else rows
    (folder / "logs/day=1").mkdir(parents=True)
    pq.write_table(rows.slice(0, 310), folder / "logs/day=1/a.parquet", row_group_size=70)
    pq.write_table(rows.slice(310, 290), folder / "logs/b.parquet", row_group_size=400)
    frame = rows.slice(600).to_pandas()
    for name in ("seen", "look"):
        frame[name] = [None if values is None else json.dumps(list(values)) for values in frame[name]]
    frame.to_csv(folder / "logs/c.csv", index=False)
    return [str(folder / "logs/day=1"), str(folder / "logs/b.parquet"), str(folder / "logs/c.csv")]


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "_SUCCESS"
    }


def told_by(prepare, *arguments) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        prepare(*arguments)
    return list(dict.fromkeys(str(each.message) for each in caught if issubclass(each.category, DataWarning)))


def assert_same(tmp_path: Path, described: Schema, sources: list[str], seed: int = 5) -> Dataset:
    told = told_by(log_preparation.prepare, described, sources, tmp_path / "one", seed)
    assert told_by(prepare_here, described, sources, tmp_path / "spark", seed) == told
    assert files_of(tmp_path / "spark") == files_of(tmp_path / "one")
    assert (tmp_path / "spark/_SUCCESS").exists()
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")], "something was left behind"
    return Dataset(tmp_path / "spark")


@pytest.mark.parametrize("by", ["time", "user", "row", "column"])
def test_the_folder_is_that_of_one_machine_to_the_byte(tmp_path, by):
    split = {"by": by, **({"column": "part"} if by == "column" else {"validation": 0.2, "test": 0.2})}
    data = assert_same(tmp_path, schema(split), write(tmp_path))
    assert sum(data.manifest.rows.values()) == ROWS and len(data.manifest.files["train"]) > 2
    assert any("label `buy` is 1 where `click` is 0" in line for line in data.manifest.metadata["warnings"])
    assert any("features with one value in all rows: same" in line for line in data.manifest.metadata["warnings"])


def test_dropped_negatives_are_those_of_one_machine(tmp_path):
    data = assert_same(tmp_path, schema({"by": "user"}, {"negatives_kept": 0.5}), write(tmp_path))
    assert data.manifest.metadata["sampled_negatives"]["dropped"] > 100


@pytest.mark.parametrize("immature", ["drop", "weight"])
def test_labels_that_come_late_are_those_of_one_machine(tmp_path, monkeypatch, immature):
    monkeypatch.setattr(delay_survey, "_SAMPLE", 150)
    late_log().to_parquet(tmp_path / "late.parquet", row_group_size=300)
    data = assert_same(tmp_path, late_schema(immature), [str(tmp_path / "late.parquet")])
    assert data.manifest.metadata["delays"]["order"]["young"]["train"] > 100


def test_values_and_labels_that_are_not_known_are_those_of_one_machine(tmp_path):
    frame = valued_log()
    frame.to_parquet(tmp_path / "valued.parquet", row_group_size=150)
    described = Schema.parse(valued_content(split={"by": "row", "validation": 0.2, "test": 0.2}), "valued")
    log_preparation.prepare(described, str(tmp_path / "valued.parquet"), tmp_path / "one")
    prepare_here(described, [str(tmp_path / "valued.parquet")], tmp_path / "spark")
    one, two = (Dataset(tmp_path / name).manifest for name in ("one", "spark"))
    assert two.hash == one.hash and two.metadata == one.metadata
    for split, rates in one.label_rates.items():
        assert two.label_rates[split] == pytest.approx(rates, rel=1e-9)


def test_borders_in_time_are_of_the_same_sample(tmp_path, monkeypatch):
    monkeypatch.setattr(time_edges, "_SAMPLE", 200)
    assert_same(tmp_path, schema({"by": "time", "validation": 0.2, "test": 0.2}), write(tmp_path))


def test_times_with_fractions_make_all_of_them_seconds(tmp_path):
    rows = log()
    times = rows["at"].to_numpy().astype(float)
    times[-1] += 0.5
    assert_same(tmp_path, schema(), write(tmp_path, rows.set_column(1, "at", pa.array(times))))


def test_every_user_once_is_told(tmp_path):
    rows = log().set_column(0, "user", pa.array([f"u{n}" for n in range(ROWS)]))
    data = assert_same(tmp_path, schema(), write(tmp_path, rows))
    assert any("has a `user` of its own" in line for line in data.manifest.metadata["warnings"])


@pytest.mark.parametrize(
    ("column", "row", "value"), [("click", 333, 7), ("item", 20, "with\0"), ("part", 650, "dev"), ("buy", 899, None)]
)
def test_a_bad_value_is_told_as_on_one_machine_and_nothing_is_left(tmp_path, column, row, value):
    rows = log()
    values = rows[column].to_pylist()
    values[row] = value
    rows = rows.set_column(rows.column_names.index(column), column, pa.array(values))
    sources = write(tmp_path, rows)
    described = schema({"by": "column", "column": "part"})
    with pytest.raises(DataError) as one:
        log_preparation.prepare(described, sources, tmp_path / "one")
    with pytest.raises(DataError) as other:
        prepare_here(described, sources, tmp_path / "spark")
    assert (
        str(other.value) == str(one.value)
        and "\n" not in str(one.value)
        and f"column `{column}`, row" in str(one.value)
    )
    assert [path.name for path in tmp_path.iterdir()] == ["logs"]


@pytest.mark.parametrize("source", ["logs/b.parquet", "delta:logs"])
def test_relative_paths_are_found_by_workers_that_run_elsewhere(tmp_path, monkeypatch, source):
    if source.startswith("delta:"):
        pytest.importorskip("deltalake").write_deltalake(str(tmp_path / "logs"), log())
    else:
        write(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    log_preparation.prepare(schema(), [source], tmp_path / "one")
    before = spark_log.log_pieces

    def moved(*arguments):
        found = before(*arguments)
        os.chdir(tmp_path / "elsewhere")
        return found

    monkeypatch.setattr(spark_log, "log_pieces", moved)
    prepare_here(schema(), [source], tmp_path / "spark")
    assert files_of(tmp_path / "spark") == files_of(tmp_path / "one")


def test_a_folder_that_workers_do_not_have_is_named(tmp_path):
    from tfelc.data.spark.preparation.log_rules import LogRules
    from tfelc.data.spark.preparation.stage_files import StageFiles

    task = StageFiles(str(tmp_path / "missing"), LogRules(schema(), "log", False), [[]])
    with pytest.raises(
        RuntimeError, match=r"on worker \S+: \S+/missing: No such file or directory; workers must reach"
    ):
        list(task(iter([pa.record_batch([[0]], ["id"])])))


def test_what_goes_by_places_of_rows_is_refused_of_what_spark_reads():
    from tfelc.data.files.log_file import LogFile

    log = spark_log.SparkLog("spark:lake.log", (), [LogFile("spark:lake.log", "spark")], {0: None})
    with pytest.raises(
        SchemaError, match=r"^shop: `split: \{by: row\}` goes by the places of rows, and those of spark:lake"
    ):
        log.refuse_order(schema({"by": "row"}))
    with pytest.raises(SchemaError, match="^shop: `negatives_kept` of task `ctr` goes by the places of rows"):
        log.refuse_order(schema({"by": "user"}, {"negatives_kept": 0.5}))
    log.refuse_order(schema({"by": "user"}))
