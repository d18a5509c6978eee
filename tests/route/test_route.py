"""The whole way: a raw log, two training steps, an export, and the same scores from a process that has nothing else."""

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.support.command import printed_by
from tfelc.lifecycle.export.request_log import LoggedRequest
from tfelc.lifecycle.export.session_runner import SessionRunner
from tfelc.lifecycle.export.signatures import SERVING_DEFAULT
from tfelc.lifecycle.export.verify import verify
from tfelc.ranker.export.requests import ranked_rows, request_inputs
from tfelc.ranker.export.signatures import EXAMPLES, RANK
from tfelc.ranker.export.trained_answers import trained_answers
from tfelc.ranker.run import RankerRun
from tfelc.serving.local_server.json_request import JsonRequest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def route(tmp_path_factory):
    """Data, run and models of the route, and what the export printed."""
    folder = tmp_path_factory.mktemp("route")
    data, run, models = folder / "data", folder / "run", folder / "models"
    printed_by("prepare", "simulated", "--rows", 4000, "--users", 150, "--out", data)
    rows = json.loads((data / "manifest.json").read_text())["rows"]["train"]
    settings = (
        *("training.epochs=1", f"training.batch_size={(rows + 1) // 2}", "model.clusters.num_clusters=6"),
        *("optimizer.average=0", "training.yardsticks=false"),
    )
    options = [word for setting in settings for word in ("--set", setting)]
    printed_by("train", "--task", "ctr,cvr", "--data", data, "--run", run, *options)
    return data, run, models, printed_by("export", "--run", run, "--to", models)


def test_a_fresh_process_scores_as_the_trained_ranker_does(route):
    data, run, models, _ = route
    model = RankerRun(run).model()
    rows = pq.read_table(sorted((data / "test").glob("*.parquet"))[0], columns=list(model.schema.features)).slice(
        0, 200
    )
    requests = []
    for signature in (SERVING_DEFAULT, RANK, EXAMPLES):
        answers, tied = trained_answers(model, ranked_rows(model.schema, rows) if signature == RANK else rows)
        if tied.any():
            del answers["cluster"]
        requests.append(LoggedRequest(signature, request_inputs(model.schema, signature, rows), answers))
    differences = verify(models / "1", requests)
    assert set(differences) == {SERVING_DEFAULT, RANK, EXAMPLES}
    for outputs in differences.values():
        assert set(outputs) - {"cluster"} == {"ctr", "cvr", "ctcvr", "cluster_share"}
        assert max(outputs.values()) <= 1e-5


def test_the_weights_are_those_of_two_steps(route):
    _, run, _, _ = route
    with np.load(run / "checkpoints" / "last.npz", allow_pickle=False) as last:
        steps = [int(last[name]) for name in last.files if name.endswith("/iteration")]
        assert steps == [2, 2]  # of the tables' optimizer and the others'
        trained = {name: last[name] for name in last.files if name.startswith("ranker/")}
    with np.load(run / "checkpoints" / "best.npz", allow_pickle=False) as best:
        for name in best.files:
            if name != "state":
                np.testing.assert_array_equal(best[name], trained[name])


def test_the_printed_request_is_answered(route):
    _, _, models, printed = route
    words = shlex.split(printed.splitlines()[-1])
    assert words[0] == "curl"
    assert f"version 1: {models / '1'}" in printed
    assert float(re.search(r"largest difference from the trained model (\S+)", printed)[1]) <= 1e-5
    with SessionRunner(models / "1") as runner:
        request = JsonRequest.parse(words[2].encode())
        answer = runner.run(request.signature, request.arrays(runner.signatures[request.signature].inputs))
    assert answer["ctcvr"].shape == (1,)
    assert answer["ctcvr"][0] == pytest.approx(answer["ctr"][0] * answer["cvr"][0], rel=1e-5)
    assert 0 < answer["ctr"][0] < 1
