"""`tfelc monitor` on an export, with what that export answers."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.command import call
from tests.support.every_kind import every_kind_rows, every_kind_schema
from tests.support.served_log import record, write_log
from tfelc.ranker.export.requests import request_inputs

SCHEMA = every_kind_schema()
# The rows of the validation split, which the export's statistics are of.
ROWS = every_kind_rows(300, 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, exported, served):
    """Logs of these rows, and of the same with other prices; a request of ten rows each."""
    folder = tmp_path_factory.mktemp("monitor")
    prices = pa.array(ROWS["price"].to_numpy() + 15, pa.float32())
    moved = ROWS.set_column(ROWS.column_names.index("price"), "price", prices)
    for name, rows in (("same", ROWS), ("moved", moved)):
        records = []
        for start in range(0, 300, 10):
            inputs = request_inputs(SCHEMA, "serving_default", rows.slice(start, 10))
            outputs = served.run("serving_default", inputs)
            records.append(
                record(inputs, outputs=outputs, request_id=f"r{start}", seconds=1_000_000 + start, version=1)
            )
        write_log(folder / name / "ranker.tfrecord", records)
    (folder / "few.yaml").write_text("rows: 300\npositives: 20\n")
    return folder


def monitor(folder, exported, name, *others):
    options = ("--requests", folder / name, "--model", exported.path, "--thresholds", folder / "few.yaml")
    return call("monitor", *options, *others)


def test_what_has_not_moved(folder, exported, monkeypatch, tmp_path):
    monkeypatch.setenv("COLUMNS", "200")
    page, gauges = tmp_path / "page.html", tmp_path / "ranker.prom"
    done = monitor(folder, exported, "same", "--html", page, "--textfile", gauges)
    assert (done.code, done.err) == (0, "")
    assert "30 requests with 300 rows, 1970-01-12 13:46:40 to 1970-01-12 13:51:30 UTC" in done.out
    assert "no threshold is passed in 300 rows" in done.out and "product_id" in done.out
    assert "No threshold is passed in 300 rows." in page.read_text()
    assert 'tfelc_monitor_status{model="base",version="1",status="ok"} 1.0' in gauges.read_text()
    found = json.loads(monitor(folder, exported, "same", "--json").out)
    assert found["status"] == "ok" and found["rows"] == 300
    for name, feature in found["features"].items():
        assert feature["psi"] == pytest.approx(0, abs=1e-9), name
        assert feature["missing"] == feature["missing_before"] and feature["unknown"] == feature["unknown_before"]
    assert found["features"]["product_id"]["unknown"] is not None and found["features"]["user_id"]["unknown"] is None
    assert all(output["psi"] < 0.01 for output in found["outputs"].values())


def test_what_has_moved_ends_with_exit_code_3(folder, exported):
    done = monitor(folder, exported, "moved")
    assert done.code == 3
    assert done.err.startswith("error: ") and "price: psi" in done.err and done.err.count("\n") == 1


def test_too_few_rows_end_with_exit_code_4(folder, exported):
    done = monitor(folder, exported, "moved", "--since", "1970-01-12T13:50Z")
    assert done.code == 4
    assert done.err == "error: 100 rows are too few to say anything: 300 are needed\n"
    assert "20 records outside the window left out" in done.out


def test_calibration_once_outcomes_are_there(folder, exported, tmp_path):
    first = ROWS.take(np.arange(0, 300, 10))
    keys = {"request_id": [f"r{start}" for start in range(0, 300, 10)]}
    one = [record(request_inputs(SCHEMA, "serving_default", first.slice(row, 1)), request_id=keys["request_id"][row],
                  outputs={"click": np.array([0.5], np.float32)}, version=1) for row in range(30)]  # fmt: skip
    write_log(tmp_path / "logs" / "x.tfrecord", one)
    happened = pa.table({**keys, "clicked": first["clicked"], "bought": first["bought"]})
    pq.write_table(happened, tmp_path / "outcomes.parquet")
    options = ("--outcomes", tmp_path / "outcomes.parquet", "--key", "request_id", "--unmatched", "drop")
    found = json.loads(
        call("monitor", "--requests", tmp_path / "logs", "--model", exported.path, *options, "--json").out
    )
    label = float(np.mean(first["clicked"].to_numpy()))
    assert found["outputs"]["click"]["calibration"] == pytest.approx(
        {
            "rows": 30,
            "positives": round(30 * label),
            "mean_score": 0.5,
            "mean_label": label,
            "ratio": 0.5 / label,
        }
    )
    assert found["outputs"]["buy"]["calibration"] is None  # the log has no answer for it


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--outcomes", "x.parquet"), "--outcomes and --unmatched go together"),
        (("--since", "yesterday"), "--since yesterday: no time; write it as 2026-01-31T10:00Z"),
        (("--html", "/nowhere/page.html"), "--html /nowhere/page.html: name a file in a folder that exists"),
        (("--thresholds", "/nowhere.yaml"), "/nowhere.yaml: not a readable YAML file"),
    ],
)
def test_calls_that_cannot_work(exported, options, words):
    done = call("monitor", "--requests", "/nowhere", "--model", exported.path, *options)
    assert done.code == 2 and words in done.err
