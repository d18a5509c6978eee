"""The whole way of a next-item model: raw sequences, two epochs, an export, recommendations of a fresh process."""

import json
import re
import shlex
from pathlib import Path

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.serving.local_process import LocalProcess
from tests.support.command import printed_by
from tfelc.next_item.evaluation.catalog_scorer import CatalogScorer
from tfelc.next_item.run import NextItemRun, split
from tfelc.serving.client.grpc_client import GrpcClient
from tfelc.serving.client.rest_client import RestClient

ROOT = Path(__file__).parents[2]
USERS, ITEMS = 300, 60


@pytest.fixture(scope="module")
def route(tmp_path_factory):
    """Run and models of the route, and what the export printed."""
    folder = tmp_path_factory.mktemp("route")
    random = np.random.default_rng(3)
    users, items, times = [], [], []
    for user in range(USERS):
        first = random.integers(ITEMS)
        for step in range(random.integers(6, 15)):
            users.append(f"user {user}")
            # Each item is followed by the next one: two epochs learn some of it.
            items.append(f"item {(first + step) % ITEMS} \u2764")
            times.append(1_700_000_000 + step)
    order = random.permutation(len(users))
    table = pa.table({"user": users, "item": items, "time": times}).take(pa.array(order))
    pq.write_table(table, folder / "log.parquet")
    run, models = folder / "run", folder / "models"
    settings = (
        "training.epochs=2",
        "training.batch_size=64",
        "model.encoder.dim=16",
        "model.clusters.num_clusters=4",
        "model.neighbors.weight=0.5",
    )
    options = [word for setting in settings for word in ("--set", setting)]
    printed_by("train", "--task", "next_item", "--dataset", folder / "log.parquet", "--run", run, *options)
    return run, models, printed_by("export", "--run", run, "--to", models)


def test_a_served_recommendation_is_the_trained_models_and_leaves_out_what_was_seen(route):
    path, models, printed = route
    assert f"version 1: {models / '1'}" in printed
    assert float(re.search(r"largest difference from the trained model (\S+)", printed)[1]) <= 1e-4
    run = NextItemRun(path)
    sequences = run.sequences()
    test = split(sequences, run.settings.split).test.take(slice(0, 40))
    scores = CatalogScorer(run.model()).scores(test)[:, 1:]
    histories = [sequences.catalog[test.history(row) - 1].tolist() for row in range(len(test))]
    for row in range(len(test)):
        scores[row, test.history(row) - 1] = -np.inf
    best = np.sort(scores, axis=1)[:, ::-1][:, :10]
    with LocalProcess("--base-path", str(models), "--name", "recommender") as process:
        words = shlex.split(printed.splitlines()[-1])
        assert words[0] == "curl"
        pasted = httpx.post(words[3].replace("http://localhost:8501", process.rest), content=words[2].encode()).json()
        assert len(pasted["outputs"]["ids"][0]) == 10
        for client in (RestClient(process.rest, "recommender"), GrpcClient(process.grpc, "recommender")):
            with client:
                found = client.recommend(histories, 10)
            np.testing.assert_allclose(found["scores"].astype(np.float32), best, rtol=1e-5, atol=1e-5)
            for row, ids in enumerate(found["ids"]):
                decoded = [each.decode() if isinstance(each, bytes) else each for each in ids]
                assert len(set(decoded)) == 10 and not set(decoded) & set(histories[row])
                # By score, since which of two equal ones comes first is decided by the last bits.
                numbers = [sequences.catalog.tolist().index(each) for each in decoded]
                np.testing.assert_allclose(scores[row, numbers], best[row], rtol=1e-5, atol=1e-5)


def test_the_same_for_a_file_of_users(route, tmp_path):
    path, models, _ = route
    sequences = NextItemRun(path).sequences()
    histories = [sequences.catalog[sequences.of(user) - 1].tolist() for user in range(sequences.num_users)]
    pq.write_table(pa.table({"user_id": sequences.users.tolist(), "history": histories}), tmp_path / "users.parquet")
    out = tmp_path / "recs"
    printed_by(
        "score", "top-k", "--model", models / "1", "--input", tmp_path / "users.parquet", "--k", 7, "--output", out
    )
    found = pq.read_table(out / "part-00000-00000.parquet")
    assert found["user_id"].to_pylist() == sequences.users.tolist()
    for seen, items in zip(histories, found["items"].to_pylist(), strict=True):
        assert len(set(items)) == 7 and not set(items) & set(seen)
    assert json.loads((out / "_manifest.json").read_text())["rows"] == USERS
