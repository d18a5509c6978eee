import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest

from tests.support.command import call
from tests.support.sequence_training import SMALL, write_sequences
from tests.support.training import command_process
from tfelc.next_item.data.simulated_sequences import simulate

QUICK = [word for setting in (*SMALL, "model.name=sasrec") for word in ("--set", setting)]


def train(tmp_path, *arguments):
    return call("train", "--task", "next_item", "--run", tmp_path / "run", *arguments)


def assert_fails(outcome, code, message, tmp_path):
    """One line on standard error that says `message`, the agreed exit code, and no run folder."""
    assert outcome.code == code, outcome.err
    assert re.fullmatch(f"error: .*{message}.*\n", outcome.err), outcome.err
    assert not (tmp_path / "run").exists()


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """What `tfelc train` says and makes without a data set, in a process of its own."""
    run = tmp_path_factory.mktemp("simulated") / "run"
    small = ("training.epochs=2", "model.encoder.dim=16", "model.clusters.num_clusters=5")
    sets = [word for setting in small for word in ("--set", setting)]
    process = command_process("train", "--task", "next_item", "--run", run, *sets)
    out, err = process.communicate(timeout=900)
    assert (process.returncode, err) == (0, "")
    return run, out


def test_without_a_data_set_it_says_that_it_takes_the_simulated_one(simulated):
    run, out = simulated
    assert out.splitlines()[0] == "no --dataset: training on a small simulated set"
    metrics = json.loads((run / "metrics.json").read_text())
    # By popularity it is below 0.1.
    found = metrics["metrics"]["next_item"]
    assert (metrics["unit"], metrics["count"], metrics["clusters"]["num_clusters"]) == ("users", 2000, 5)
    assert found["hr@10"] > 0.2
    assert f"{found['ndcg@10']:.4f}" in out and "of 5, largest" in " ".join(out.split())


def test_a_text_file(tmp_path):
    source = write_sequences(tmp_path / "låtar.txt", prefix="日本-é")
    # A file of settings beside it is none of its business.
    (tmp_path / "låtar.txt.yaml").write_text("nonsense: true")
    outcome = train(tmp_path, "--dataset", source, *QUICK)
    assert (outcome.code, outcome.err) == (0, "")
    assert "test, 120 users, whole catalog" in outcome.out
    catalog = json.loads((tmp_path / "run" / "catalog.json").read_text())
    assert len(catalog) == 40 and set(catalog) == {f"日本-é{number}" for number in range(1, 41)}
    resumed = train(tmp_path, "--resume")
    assert resumed.code == 0 and "epoch" not in resumed.out and "NDCG" in resumed.out


def test_a_csv_table_and_data_that_has_moved(tmp_path):
    sequences = simulate(120, 40).sequences
    rows = [
        f"{sequences.users[user]},{item},{time}"
        for user in range(120)
        for item, time in zip(
            sequences.of(user), sequences.times[sequences.offsets[user] : sequences.offsets[user + 1]], strict=True
        )
    ]
    table = tmp_path / "log.csv"
    table.write_text("\n".join(["user,item,time", *reversed(rows)]) + "\n")
    outcome = train(tmp_path, "--dataset", table, *QUICK, "--set", "split.protocol=global_time")
    assert (outcome.code, outcome.err) == (0, "")
    moved = table.rename(tmp_path / "moved.csv")
    shown = train(tmp_path, "--resume")
    assert shown.code == 1 and re.fullmatch("error: .*log.csv: no file matches\n", shown.err), shown.err
    assert train(tmp_path, "--resume", "--dataset", moved).code == 0
    other = write_sequences(tmp_path / "other.txt")
    shown = train(tmp_path, "--resume", "--dataset", other)
    assert shown.code == 1
    assert re.fullmatch(f"error: .*run: was trained on other sequences than {other} holds now\n", shown.err)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--dataset", "beuaty"), "no data set `beuaty`; use beauty, sports, toys, yelp, ml-1m, simulated, or"),
        (("--dataset", "own.json"), "no data set `own.json`"),
        (("--data", "somewhere"), "--data is a ranker's; name the sequences of next_item by --dataset"),
        (("--set", "model.intents.count=3"), "`model.intents`: no such setting"),
        (("--set", "training.epochs=0"), "`training.epochs`: must be at least 1. Received: 0"),
        (("--set", "training.seed=-1"), "`training.seed`: .*Received: -1"),
        (("--set", "model.loss.name=ce"), "`model.loss`: no next-item loss `ce`; it is one of auto, softmax, "),
        (("--set", "model.encoder.num_heads=3"), "model.encoder.dim must be a multiple of .*heads. Received: 64 and 3"),
        (("--set", "model.clusters.num_clusters=0"), "no intents without model.clusters.num_clusters"),
        (("--config", "nowhere.yaml"), "nowhere.yaml: not a readable YAML file"),
        (("--config", "paper"), "config paper: the paper has no settings for `simulated`, only for beauty, sports, "),
        (("--dataset", "ml-1m", "--config", "paper"), "config paper: the paper has no settings for `ml-1m`, only for"),
        (("--dataset", "beauty", "--config", "paper", "--set", "model=x"), "`model`: no next-item model `x`"),
        (("--resume", "--set", "training.epochs=3"), "--resume goes on with --run as it was started"),
    ],
)
def test_a_call_that_can_never_work_ends_with_2(arguments, message, tmp_path):
    assert_fails(train(tmp_path, *arguments), 2, message, tmp_path)


@pytest.mark.parametrize(
    ("text", "settings", "message"),
    [
        (b"", (), "bad.txt: the file is empty"),
        (b"1 1 2 3 4\n2\n3 4 5 6\n", (), "bad.txt: line 2 has a user and no item"),
        (b"1 1 2 3 4\n\n3 4 5 6\n", (), "bad.txt: line 2 is empty"),
        (b"1 1 2 3\n2 \xff 3 4\n", (), "bad.txt: line 2 is not UTF-8"),
        (b"7 1 2 3 4\n8 1 2 3 4\n7 5 6 7\n", (), "lines 1 and 3 have the same user `7`"),
        (b"1 5 5 5 5\n2 5 5 5 5\n", (), "bad: a catalog of one item leaves nothing to rank; use at least 2 items"),
        (b"1 5\n2 6\n3 7\n", (), "bad: no user has enough items for a train example; use longer sequences"),
        (b"1 2 3 4 5\n", ("--set", "split.protocol=global_time"), "bad: a split by time needs times"),
    ],
)
def test_sequences_that_cannot_be_used_end_with_1(text, settings, message, tmp_path):
    (tmp_path / "bad.txt").write_bytes(text)
    assert_fails(train(tmp_path, "--dataset", tmp_path / "bad.txt", *QUICK, *settings), 1, message, tmp_path)


def test_files_that_are_not_there_or_no_tables(tmp_path):
    assert_fails(train(tmp_path, "--dataset", tmp_path / "no.txt"), 1, "no.txt: no such file", tmp_path)
    (tmp_path / "log.csv").write_text("user,product,time\n1,2,3\n")
    assert_fails(train(tmp_path, "--dataset", tmp_path / "log.csv"), 1, "log.csv.*`item`", tmp_path)
    (tmp_path / "rare.csv").write_text("user,item,time\n1,2,3\n")
    assert_fails(
        train(tmp_path, "--dataset", tmp_path / "rare.csv"), 1, "rare.csv: none of the 1 actions is left", tmp_path
    )


def test_short_users_are_no_harm(tmp_path):
    # Users of one, two and three items beside one that can be trained on; ids with holes and out of any range.
    (tmp_path / "own.txt").write_text("1 99999999999999999999\n2 7 8\n3 7 8 9\n4 7 8 9 1000000000 7 8\n")
    outcome = train(tmp_path, "--dataset", tmp_path / "own.txt", *QUICK)
    assert (outcome.code, outcome.err) == (0, "")
    assert "test, 3 users" in outcome.out
    catalog = json.loads((tmp_path / "run" / "catalog.json").read_text())
    assert catalog == ["1000000000", "7", "8", "9", "99999999999999999999"]


def test_histories_of_one_item(tmp_path):
    # Every training history is one item long, and so is every validation history.
    (tmp_path / "own.txt").write_text("".join(f"{user} {user % 5 + 1} 6 7 8\n" for user in range(1, 20)))
    settings = (
        "model.clusters.num_clusters=2",
        "model.contrast.sequence_weight=1",
        "model.clusters.initialization=kmeans",
    )
    sets = [word for setting in (*SMALL, *settings) for word in ("--set", setting)]
    outcome = train(tmp_path, "--dataset", tmp_path / "own.txt", *sets, "--set", "split.max_length=1")
    assert (outcome.code, outcome.err) == (0, "")


def test_a_taken_run_folder_stays_as_it_is(simulated):
    run, _ = simulated
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    outcome = call("train", "--task", "next_item", "--run", run, *QUICK)
    assert outcome.code == 1 and outcome.err.endswith("name another --run, or go on with it by --resume\n")
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*")} == before


def test_only_a_next_item_run_is_resumed(simulated, untrained_run, tmp_path):
    shutil.copytree(untrained_run.path, tmp_path / "ranker")
    outcome = call("train", "--task", "next_item", "--resume", "--run", tmp_path / "ranker")
    assert outcome.code == 1 and "holds a run of another kind: ranker, not next_item" in outcome.err
    outcome = call("train", "--task", "click", "--resume", "--run", simulated[0])
    assert outcome.code == 1 and "holds a run of another kind: next_item, not ranker" in outcome.err
    outcome = call("train", "--task", "next_item", "--resume", "--run", tmp_path / "nowhere")
    assert outcome.code == 1 and "nowhere: no such run folder" in outcome.err
    shutil.copytree(simulated[0], tmp_path / "run")
    last = tmp_path / "run" / "checkpoints" / "last.npz"
    last.write_bytes(last.read_bytes()[:-1000])
    outcome = train(tmp_path, "--resume")
    assert outcome.code == 1 and re.fullmatch("error: .*last.npz: damaged checkpoint.*\n", outcome.err)


def test_training_that_diverges_is_one_line(tmp_path):
    source = write_sequences(tmp_path / "own.txt")
    outcome = train(tmp_path, "--dataset", source, *QUICK, "--set", "optimizer.learning_rate=1e30")
    assert outcome.code == 1
    assert re.fullmatch(r"error: .*run: training diverged in epoch 1 .*lower optimizer.learning_rate.*\n", outcome.err)


def write_clicks(path, users, items, seed):
    random = np.random.default_rng(seed)
    rows = [(user, item, time) for user in range(users) for time, item in enumerate(random.integers(0, items, 8))]
    pd.DataFrame(rows, columns=["user", "item", "time"]).to_csv(path, index=False)
    return path


def test_rare_items_of_300_users_are_kept_where_that_is_wanted_and_told_where_not(tmp_path):
    # 2,400 clicks on 3,000 items: hardly an item is clicked five times.
    clicks = write_clicks(tmp_path / "clicks.csv", 300, 3000, 0)
    assert_fails(
        train(tmp_path, "--dataset", clicks, *QUICK), 1,
        "clicks.csv: none of the 2,400 actions is left where a user needs 5 and an item 5; lower the settings "
        "split.min_user_actions and split.min_item_users", tmp_path,
    )  # fmt: skip
    limits = ("--set", "split.min_user_actions=0", "--set", "split.min_item_users=2")
    outcome = train(tmp_path, "--dataset", clicks, *QUICK, *limits)
    assert (outcome.code, outcome.err) == (0, "")
    metadata = json.loads((tmp_path / "run" / "run.json").read_text())
    found = metadata["filtering"]
    assert (found["all_users"], found["all_actions"], found["min_item_users"]) == (300, 2400, 2)
    # A click of 2,400 on 3,000 items is an item's only one with a chance of exp(-0.8), 45 %.
    gone = found["all_actions"] - found["actions"]
    assert 0.4 < gone / 2400 < 0.5 and found["actions"] == metadata["actions"]
    said = f"{gone:,} of 2,400 actions ({100 * gone / 2400:.0f} %) (split.min_user_actions=0, split.min_item_users=2"
    assert said in outcome.out
    # Resumed and measured, the run reads its table by the same limits; another table goes by the run's catalog.
    assert train(tmp_path, "--resume").code == 0
    other = write_clicks(tmp_path / "other.csv", 50, 4000, 1)
    measured = call("evaluate", "--run", tmp_path / "run", "--data", other, "--json")
    assert measured.code == 0, measured.err
    left = re.fullmatch(f"{other}: other data than the run was trained on; (.*) of 400 actions are .*\n", measured.err)
    assert 200 < int(left[1]) < 400 and 0 < json.loads(measured.out)["count"] <= 50
    own = json.loads(call("evaluate", "--run", tmp_path / "run", "--data", clicks, "--json").out)
    assert own["metrics"] == json.loads((tmp_path / "run" / "metrics.json").read_text())["metrics"]
