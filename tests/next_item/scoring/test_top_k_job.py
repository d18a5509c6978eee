"""Jobs that find each user's best items."""

import csv
import json
import shutil
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake

from tests.support.command import call
from tests.support.scored import parts, scores
from tests.support.untrained_recommender import MAX_LENGTH, export_unverified, write_untrained_recommender
from tfelc.core.errors import BadRowsError, DataError, ExportError, ScoringError, UsageError
from tfelc.lifecycle.export.session_runner import SessionRunner
from tfelc.lifecycle.scoring import input_reader
from tfelc.lifecycle.scoring.shard import Shard
from tfelc.next_item.export.requests import history_input
from tfelc.next_item.export.signatures import RECOMMEND
from tfelc.next_item.scoring import exported_recommender as exported_recommender_module
from tfelc.next_item.scoring.top_k_job import TopKJob, TopKSettings

USERS = 150
GROUP = 40


def user_rows(catalog, count, seed):
    random = np.random.default_rng(seed)
    lengths = random.integers(0, 3 * MAX_LENGTH, count)
    histories = [[catalog[place] for place in random.integers(0, len(catalog), length)] for length in lengths]
    histories[3] = ["never seen", *histories[3]]
    return pa.table(
        {
            "user_id": pa.array([f"user {number}" for number in range(count)]),
            "history": pa.array(histories, pa.list_(pa.string())),
            "age": pa.array(random.integers(18, 80, count)),
        }
    )


@pytest.fixture(scope="module")
def users(tmp_path_factory, recommender_run):
    path = tmp_path_factory.mktemp("users") / "users.parquet"
    pq.write_table(user_rows(recommender_run.catalog, USERS, 8), path, row_group_size=GROUP)
    return path


@pytest.fixture(scope="module")
def settings(exported_recommender, users):
    def build(output, **changes):
        asked = {"model": exported_recommender.path, "inputs": (str(users),), "output": str(output), "k": 5, **changes}
        return TopKSettings(**asked)

    return build


def run(settings):
    return TopKJob(settings).run()


@pytest.fixture(scope="module")
def reference(tmp_path_factory, settings):
    out = tmp_path_factory.mktemp("reference") / "recs"
    return out, run(settings(out))


def test_text_and_tables_are_read_as_parquet_is(reference, settings, users, tmp_path):
    rows = pq.read_table(users)
    text = rows.set_column(1, "history", pa.array(["|".join(each) for each in rows["history"].to_pylist()]))
    write_deltalake(f"{tmp_path}/delta", rows.slice(0, 50))
    text.slice(50, 50).to_pandas().to_csv(tmp_path / "b.csv.gz", index=False, sep=";", quoting=csv.QUOTE_ALL)
    text.slice(100).to_pandas().to_json(tmp_path / "c.jsonl", orient="records", lines=True)
    inputs = (f"delta:{tmp_path}/delta", f"{tmp_path}/b.csv.gz", f"{tmp_path}/c.jsonl")
    run(settings(tmp_path / "recs", inputs=inputs, csv_delimiter=";"))
    # The rows of a table have no order.
    found, expected = (scores(folder).sort_by("user_id") for folder in (tmp_path / "recs", reference[0]))
    assert found["user_id"].to_pylist() == expected["user_id"].to_pylist()
    assert found["items"].to_pylist() == expected["items"].to_pylist()
    with pytest.raises(DataError, match="b.csv.gz: `;` seems to separate the columns"):
        TopKJob(settings(tmp_path / "other", inputs=inputs[1:]))


def test_every_user_gets_what_the_served_model_answers_in_the_order_of_the_input(
    reference, users, exported_recommender
):
    out, summary = reference
    found = scores(out)
    assert found.column_names == ["user_id", "items", "scores", "cluster", "model_version"]
    rows = pq.read_table(users)
    assert found["user_id"].to_pylist() == rows["user_id"].to_pylist()
    with SessionRunner(exported_recommender.path) as runner:
        asked = history_input(rows["history"].to_pylist(), "string") | {"k": np.array(5)}
        answers = runner.run(RECOMMEND, asked)
    assert found["items"].to_pylist() == [[item.decode() for item in row if item] for row in answers["ids"]]
    np.testing.assert_allclose(
        np.concatenate(found["scores"].to_numpy()), answers["scores"][np.isfinite(answers["scores"])], atol=1e-5
    )
    assert found["cluster"].to_pylist() == answers["cluster"].tolist() and -1 in answers["cluster"]
    assert summary.scored == summary.measures.read == USERS
    assert [path.name for path in sorted(out.glob("part-*"))] == [f"part-00000-{n:05d}.parquet" for n in range(4)]
    manifest = json.loads((out / "_manifest.json").read_text())
    assert manifest["rows"] == manifest["scored_rows"] == USERS and manifest["k"] == 5
    assert (out / "_SUCCESS").exists() and not list(out.rglob("*.tmp"))


def test_lists_of_items_restrict_what_is_found_row_by_row(settings, recommender_run, tmp_path):
    catalog = recommender_run.catalog
    rows = {
        "user_id": [1, 2, 3, 4],
        "history": [catalog[:2]] * 4,
        "may": [catalog[:5], [], ["who", catalog[9]], None],
        "never": [catalog[3:4], [], [], []],
    }
    pq.write_table(pa.table(rows), tmp_path / "users.parquet")
    asked = {"inputs": (f"{tmp_path}/users.parquet",), "k": 4, "allow": "may", "deny": "never", "max_bad_rows": 0.5}
    summary = run(settings(tmp_path / "out", **asked))
    found = scores(tmp_path / "out")
    assert [set(items) for items in found["items"].to_pylist()] == [{catalog[2], catalog[4]}, set(), {catalog[9]}]
    assert found["unknown"].to_pylist() == [0, 0, 1] and summary.measures.bad == 1
    run(settings(tmp_path / "kept", **asked, keep_seen=True))
    assert set(scores(tmp_path / "kept")["items"][0].as_py()) == {*catalog[:3], catalog[4]}
    with pytest.raises(ScoringError, match="a job with another `keep_seen`"):
        run(settings(tmp_path / "kept", **asked))
    with pytest.raises(UsageError, match="columns user_id, history, history: one cannot hold two things"):
        TopKJob(settings("", **{**asked, "allow": "history", "deny": None}))


def test_a_user_who_has_seen_nearly_all_gets_what_is_left(settings, recommender_run, tmp_path):
    catalog = recommender_run.catalog
    histories = [catalog[:-2], catalog, catalog[:1]]
    pq.write_table(pa.table({"user_id": [1, 2, 3], "history": histories}), tmp_path / "users.parquet")
    run(settings(tmp_path / "out", inputs=(f"{tmp_path}/users.parquet",), k=4))
    found = scores(tmp_path / "out")
    assert found["user_id"].type == pa.int64()
    assert set(found["items"][0].as_py()) == set(catalog[-2:]) and found["items"][1].as_py() == []
    assert [len(row) for row in found["scores"].to_pylist()] == [2, 0, 4]


def test_blocks_of_users_change_nothing_but_the_last_bits(reference, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(exported_recommender_module, "_MOST_ROWS", 7)
    monkeypatch.setattr(input_reader, "BATCH", 20)
    run(settings(tmp_path / "recs"))
    one, other = scores(tmp_path / "recs"), scores(reference[0])
    assert one.drop_columns(["scores"]) == other.drop_columns(["scores"])


def test_rows_that_cannot_be_answered_are_set_aside_with_the_reason(settings, recommender_run, tmp_path):
    rows = user_rows(recommender_run.catalog, 40, 9)
    ids, histories = rows["user_id"].to_pylist(), rows["history"].to_pylist()
    ids[7], histories[12], histories[20] = None, None, [None, *histories[20]]
    pq.write_table(
        pa.table({"user_id": ids, "history": pa.array(histories, pa.list_(pa.string()))}), tmp_path / "u.parquet"
    )
    asked = settings(tmp_path / "recs", inputs=(f"{tmp_path}/u.parquet",), max_bad_rows=0.05)
    summary = run(asked)
    assert (summary.measures.read, summary.measures.bad) == (40, 2)
    quarantine = pq.read_table(tmp_path / "recs" / "_quarantine" / "part-00000-00000.parquet")
    assert quarantine["row"].to_pylist() == [8, 13]
    assert quarantine["column"].to_pylist() == ["user_id", "history"]
    assert quarantine["reason"].to_pylist() == [
        "a id must not be null or NaN",
        "must not be null; an empty list has no values",
    ]
    with pytest.raises(BadRowsError, match="2 of 40 rows"):
        run(settings(tmp_path / "strict", inputs=asked.inputs))


def test_it_goes_on_where_it_stopped_and_shards_write_the_same(reference, settings, tmp_path):
    shutil.copytree(reference[0], tmp_path / "recs")
    for name in ("_SUCCESS", "part-00000-00001.parquet"):
        (tmp_path / "recs" / name).unlink()
    assert run(settings(tmp_path / "recs")).scored_now == GROUP
    assert parts(tmp_path / "recs") == parts(reference[0])
    assert run(settings(tmp_path / "recs")).scored_now == 0
    with pytest.raises(ScoringError, match="holds the scores of a job with another `k`"):
        run(settings(tmp_path / "recs", k=6))
    for index in (2, 1):
        summary = run(settings(tmp_path / "shards", shard=Shard(index, 2)))
    assert summary.complete and parts(tmp_path / "shards") == parts(reference[0])


def test_whole_numbers_as_items_streamed_and_other_names_of_columns(tmp_path):
    run_folder = write_untrained_recommender(tmp_path, "model.clusters.num_clusters=0", named=lambda number: 7 * number)
    exported = export_unverified(run_folder, tmp_path / "base", "streaming")
    # As text, which casts.
    table = pa.table({"who": pa.array([1, 2], pa.int32()), "seen": [["7", "14"], []]})
    pq.write_table(table, tmp_path / "users.parquet")
    asked = TopKSettings(exported.path, (f"{tmp_path}/users.parquet",), str(tmp_path / "recs"), k=3)
    with pytest.raises(DataError, match="column `user_id` is missing; the file has who, seen"):
        run(asked)
    run(replace(asked, user_id="who", history="seen"))
    found = scores(tmp_path / "recs")
    assert found.column_names == ["who", "items", "scores", "model_version"]
    assert found["items"].type == pa.list_(pa.int64())
    assert not set(found["items"][0].as_py()) & {7, 14}


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"k": 0}, UsageError, "k must be at least 1"),
        ({"user_id": "history"}, UsageError, "cannot hold both"),
        ({"user_id": "items"}, UsageError, "the output has a column `items` of its own"),
        ({"history": "age"}, DataError, "column `age` is int64, which is no list"),
        ({"inputs": ("none*.parquet",)}, DataError, "no file matches"),
        ({"limit": 3, "shard": Shard(1, 2)}, UsageError, "exclude each other"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(settings, tmp_path, changes, error, words):
    with pytest.raises(error, match=words):
        TopKJob(settings(tmp_path / "recs", **changes))
    assert not (tmp_path / "recs").exists()


def test_a_ranker_is_refused(settings, exported, tmp_path):
    with pytest.raises(ExportError, match="another kind of model: it holds feature_manifest.json"):
        TopKJob(settings(tmp_path / "recs", model=exported.path))


def test_the_command(exported_recommender, users, tmp_path):
    asked = ("top-k", "--model", exported_recommender.path, "--input", users, "--k", 3)
    shown = call("score", *asked, "--dry-run")
    assert shown.code == 0, shown.err
    assert "1 files, 150 rows, model version 1: all is in order" in shown.out and "the first 5 rows" in shown.out
    done = call("score", *asked, "--output", tmp_path / "recs", "--limit", 50)
    assert done.code == 0 and done.err == "", done.err
    assert "50 rows scored, 0 in quarantine" in done.out
    assert scores(tmp_path / "recs")["items"].to_pylist()[0] != []
    for more, words in (((), "--output is missing"), (("--output", "o", "--flink", "x"), "no such option: --flink")):
        refused = call("score", *asked, *more)
        assert refused.code == 2 and words in refused.err
    assert call("score", *asked, "--k", 0, "--output", "o").code == 2
    helped = call("score", "top-k", "--help")
    assert helped.code == 0 and "--user-id" in helped.out
    assert "tfelc score top-k --help" in call("score", "--help").out


def test_a_table_of_interactions_is_scored_as_its_histories_are(
    exported_recommender, recommender_run, settings, tmp_path, monkeypatch
):
    rows = user_rows(recommender_run.catalog, 50, 3)
    pairs = [
        (user, item, place)
        for user, history in zip(rows["user_id"].to_pylist(), rows["history"].to_pylist(), strict=True)
        for place, item in enumerate(history)
    ]
    # Not in order of users or times.
    shuffled = [pairs[place] for place in np.random.default_rng(0).permutation(len(pairs))]
    users, items, times = (list(column) for column in zip(*shuffled, strict=True))
    pq.write_table(pa.table({"user": users, "item": items, "time": times}), tmp_path / "clicks.parquet")
    filled = sorted((row for row in rows.to_pylist() if row["history"]), key=lambda row: row["user_id"])
    pq.write_table(pa.Table.from_pylist(filled, rows.schema), tmp_path / "users.parquet")
    one = settings(tmp_path / "one", inputs=(f"{tmp_path}/clicks.parquet",))
    run(one)
    run(settings(tmp_path / "other", inputs=(f"{tmp_path}/users.parquet",)))
    found, wanted = scores(tmp_path / "one"), scores(tmp_path / "other")
    assert found.column_names[0] == "user"
    assert found.rename_columns(wanted.column_names) == wanted
    # Started again it knows its own parts, though the histories lay elsewhere.
    assert run(one).scored_now == 0
    assert json.loads((tmp_path / "one" / "_job.json").read_text())["inputs"][0]["path"] == f"{tmp_path}/clicks.parquet"
    monkeypatch.setattr("tfelc.lifecycle.scoring.spark.engine.open_session", lambda options: None)
    refused = call(
        "score", "top-k", "--model", exported_recommender.path, "--input", tmp_path / "clicks.parquet",
        "--output", tmp_path / "other", "--engine", "spark",
    )  # fmt: skip
    assert refused.code == 2 and "is gathered into histories on one machine" in refused.err
