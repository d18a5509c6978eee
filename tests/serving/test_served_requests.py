"""From a request to a training row and a look at it: clients, the server's log, outcomes."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.serving.local_process import LocalProcess
from tests.support.command import call
from tests.support.every_kind import every_kind_rows, every_kind_schema
from tfelc.data.dataset import Dataset
from tfelc.data.splits import SPLITS
from tfelc.ranker.export.requests import ranked_rows, request_inputs
from tfelc.serving.client.grpc_client import GrpcClient
from tfelc.serving.client.rest_client import RestClient

SCHEMA = every_kind_schema()
ROWS = every_kind_rows(40, 9).set_column(12, "product_id", pa.array([f"p{row % 4}" for row in range(40)]))
FEATURES = list(SCHEMA.features)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, exported):
    """The log of ten rankings of four items, by both protocols in turns, and what came of them."""
    folder = tmp_path_factory.mktemp("served")
    options = ("--base-path", str(exported.path.parent), "--request-log", str(folder / "logs"))
    with (
        LocalProcess(*options, "--request-log-sample", "1") as process,
        RestClient(process.rest) as rest,
        GrpcClient(process.grpc) as grpc,
    ):
        for number in range(10):
            inputs = request_inputs(SCHEMA, "rank", ROWS.slice(4 * number, 4))
            client = (rest, grpc)[number % 2]
            client.predict(inputs, "rank", timeout=30, request_id=f"page-{number}")
        with pytest.raises(ValueError, match="`request_id` is 1 to 64 letters"):
            rest.predict({}, request_id="page 1")
        assert process.end() == 0
    others = ["impression", "at", "newcomer", "importance", "clicked", "bought"]
    keys = {"request_id": [f"page-{row // 4}" for row in range(40)], "product_id": ROWS["product_id"]}
    pq.write_table(pa.table({**keys, **{name: ROWS[name] for name in others}}), folder / "outcomes.parquet")
    (folder / "schema.yaml").write_text(SCHEMA.dump())
    return folder


def join(folder):
    keys = ("--key", "request_id", "--key", "product_id", "--unmatched", "drop")
    return ("--requests", folder / "logs", "--outcomes", folder / "outcomes.parquet", *keys)


def test_the_rows_are_those_that_were_asked_for(folder, tmp_path):
    done = call("prepare", "requests", *join(folder), "--schema", folder / "schema.yaml", "--out", tmp_path / "data")
    assert done.code == 0, done.err
    assert "10 requests with 40 rows; 40 with an outcome; 0 without; 0 outcomes" in done.out
    data = Dataset(tmp_path / "data")
    names = [*FEATURES, "impression", "clicked", "bought"]
    made = pa.concat_tables(
        [table for split in SPLITS for table in data.tables(split, names)], promote_options="permissive"
    )
    asked = pa.concat_tables(ranked_rows(SCHEMA, ROWS.slice(start, 4)) for start in range(0, 40, 4))
    wanted = {row["impression"]: row for row in ROWS.select(["impression", "clicked", "bought"]).to_pylist()}
    rows = {row.pop("impression"): row for row in made.to_pylist()}
    assert sorted(rows) == sorted(wanted)
    for (impression, labels), features in zip(wanted.items(), asked.to_pylist(), strict=True):
        assert rows[impression] == {**features, "clicked": labels["clicked"], "bought": labels["bought"]}


def test_they_are_watched_with_their_outcomes(folder, exported, served):
    done = call("monitor", *join(folder), "--model", exported.path, "--json")
    assert done.code == 4  # forty rows are too few
    found = json.loads(done.out)
    scores = [
        served.run("rank", request_inputs(SCHEMA, "rank", ROWS.slice(start, 4)))["click"] for start in range(0, 40, 4)
    ]
    assert found["outputs"]["click"]["calibration"] == pytest.approx(
        {
            "rows": 40,
            "positives": int(np.sum(ROWS["clicked"].to_numpy())),
            "mean_score": float(np.mean(scores, dtype=np.float64)),
            "mean_label": float(np.mean(ROWS["clicked"].to_numpy())),
            "ratio": float(np.sum(scores, dtype=np.float64) / np.sum(ROWS["clicked"].to_numpy())),
        },
        rel=1e-5,
    )
