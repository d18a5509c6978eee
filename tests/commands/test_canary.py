"""`tfelc canary` on two versions of one base, with what one of them answers."""

import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.command import call
from tests.support.every_kind import every_kind_rows, every_kind_schema
from tests.support.served_log import record, write_log
from tfelc.ranker.export.requests import request_inputs

SCHEMA = every_kind_schema()
ROWS = every_kind_rows(400, 2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, exported, served):
    """Requests of one row, which two versions have taken turns with; they answer alike."""
    folder = tmp_path_factory.mktemp("canary")
    for version in (1, 2):
        shutil.copytree(exported.path, folder / "shop" / str(version))
    answers = served.run("serving_default", request_inputs(SCHEMA, "serving_default", ROWS))
    records = []
    for row in range(400):
        outputs = {name: values[row : row + 1] for name, values in answers.items()}
        inputs = request_inputs(SCHEMA, "serving_default", ROWS.slice(row, 1))
        more = {"request_id": f"r{row}", "seconds": 1_000_000 + row, "version": 1 + row % 2}
        records.append(record(inputs, outputs=outputs, **more))
    write_log(folder / "logs" / "shop.tfrecord", records)
    ids = pa.array([f"r{row}" for row in range(400)])
    outcomes = ROWS.select(["clicked", "bought", "newcomer"]).append_column("request_id", ids)
    pq.write_table(outcomes, folder / "outcomes.parquet")
    rules = ("min_rows: 10", "min_positives: 1", "replicates: 100", "largest_drift: 100", "within: []")
    (folder / "few.yaml").write_text("\n".join(rules))
    return folder


def canary(folder, *others):
    paths = ("--requests", folder / "logs", "--model", folder / "shop/2", "--against", folder / "shop/1")
    joined = ("--outcomes", folder / "outcomes.parquet", "--unmatched", "drop")
    return call("canary", *paths, *joined, "--key", "request_id", *others)


def test_tables_page_and_json(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    page = tmp_path / "page.html"
    done = canary(folder, "--rules", folder / "few.yaml", "--html", page)
    assert (done.code, done.err) == (0, "")
    assert "version 2 fulfills every rule beside version 1" in done.out and "intervals over users" in done.out
    # Each answered alone for a second at its end.
    assert "version 1: 199 requests with 199 rows, 1970-01-12 13:46:42 to 1970-01-12 13:53:18 UTC" in done.out
    assert "Version 2 fulfills every rule beside version 1." in page.read_text()
    found = json.loads(canary(folder, "--rules", folder / "few.yaml", "--json").out)
    assert found["status"] == "fulfilled" and found["served"]["version"] == 1 and found["candidate"]["rows"] == 199
    one = next(each for each in found["differences"] if (each["output"], each["metric"]) == ("click", "outcome"))
    assert one["group"] == "all" and one["found"]["difference"] == pytest.approx(one["candidate"] - one["served"])
    assert one["served_found"]["low"] < one["served"] < one["served_found"]["high"]


def test_a_rule_that_is_not_fulfilled_ends_with_exit_code_3(folder, tmp_path):
    strict = tmp_path / "strict.yaml"
    strict.write_text((folder / "few.yaml").read_text() + "\nnot_worse: [{metric: outcome, by_more_than: 0}]\n")
    done = canary(folder, "--rules", strict)
    assert done.code == 3 and done.err.count("\n") == 1
    assert done.err.startswith("error: version 2 does not fulfill: click outcome shown to be not worse than served")


def test_too_few_rows_end_with_exit_code_4(folder):
    done = canary(folder)
    assert done.code == 4 and done.err == "error: too few rows to say anything of buy, click, click_and_buy\n"
    done = canary(folder, "--until", "1970-01-12T13:46:41Z")
    assert done.code == 4 and "version 2 has answered no request there" in done.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--rules", "/nowhere.yaml"), "/nowhere.yaml: not a readable YAML file"),
        (("--since", "yesterday"), "--since yesterday: no time; write it as 2026-01-31T10:00Z"),
        (("--html", "/nowhere/page.html"), "--html /nowhere/page.html: name a file in a folder that exists"),
    ],
)
def test_calls_that_cannot_work(folder, options, words):
    done = canary(folder, *options)
    assert done.code == 2 and words in done.err


def test_one_version_is_not_compared_with_itself(folder):
    done = canary(folder, "--model", folder / "shop/1")
    assert done.code == 2 and "--model and --against are both version 1; name two" in done.err
