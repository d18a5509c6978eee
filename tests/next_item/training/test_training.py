import io
import json
import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
from rich.console import Console

from tests.support.sequence_training import (
    EVERYTHING,
    SMALL,
    assert_same_outcome,
    finished,
    start,
    write_sequences,
)
from tfelc.core.errors import DataError, RunError, UsageError
from tfelc.metrics.summary import ranking_metrics
from tfelc.next_item.data.simulated_sequences import simulate
from tfelc.next_item.evaluation.full_ranking import full_ranking
from tfelc.next_item.models.popularity import Popularity
from tfelc.next_item.run import NextItemRun
from tfelc.next_item.training import training as sequence_training

BARE = (*SMALL, "model.name=sasrec")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return write_sequences(tmp_path_factory.mktemp("data") / "own.txt")


@pytest.fixture(scope="module")
def whole(tmp_path_factory, source):
    """A run with every part, undisturbed."""
    return finished(tmp_path_factory.mktemp("whole") / "run", source, *EVERYTHING)


def _history(path):
    return json.loads((path / "history.json").read_text())


@pytest.mark.slow
def test_it_learns_and_keeps_what_every_epoch_came_to(whole) -> None:
    history = _history(whole._run.path)
    epochs = history["history"]
    assert [epoch["epoch"] for epoch in epochs] == [1, 2, 3, 4]
    for epoch in epochs:
        parts = dict(epoch["losses"])
        assert list(parts) == ["loss", "next_item", "clustering", "sequence_contrast", "intent_contrast"]
        assert parts.pop("loss") == pytest.approx(sum(parts.values()))
        assert epoch["validation"]["split"] == "validation" and epoch["samples_per_second"] > 0
    assert epochs[-1]["losses"]["next_item"] < epochs[0]["losses"]["next_item"] - 0.1
    values = [epoch["validation"]["metrics"]["next_item"]["ndcg@20"] for epoch in epochs]
    assert history["best"] == max(values) and history["best_epoch"] == values.index(max(values)) + 1
    splits = whole.splits
    popular = ranking_metrics(full_ranking(Popularity(40).fit(splits.train), splits.test, 40).ranks)
    metrics = json.loads((whole._run.path / "metrics.json").read_text())
    assert metrics["metrics"]["next_item"]["ndcg@5"] > 1.5 * popular["ndcg@5"]
    assert (metrics["split"], metrics["best_epoch"]) == ("test", history["best_epoch"])


def test_the_log_of_tensorboard_has_every_loss_and_metric(whole) -> None:
    (file,) = whole._run.logs.iterdir()
    written = {}
    for event in tf.compat.v1.train.summary_iterator(str(file)):
        for value in event.summary.value:
            written[value.tag, event.step] = tf.make_ndarray(value.tensor).item()
    wanted = {}
    for epoch in _history(whole._run.path)["history"]:
        wanted |= {(f"train/{name}", epoch["epoch"]): value for name, value in epoch["losses"].items()}
        found = epoch["validation"]
        clusters = {name: found["clusters"][name] for name in ("in_use", "largest_share")}
        for name, value in (*found["metrics"]["next_item"].items(), *clusters.items()):
            wanted[f"validation/{name}", epoch["epoch"]] = value
    assert written == pytest.approx(wanted)


def test_equal_seeds_give_equal_bits_and_others_do_not(whole, source, tmp_path) -> None:
    finished(tmp_path / "again", source, *EVERYTHING)
    assert_same_outcome(tmp_path / "again", whole._run.path)
    other = start(tmp_path / "other", source, *EVERYTHING, "training.seed=8")
    (first,), (second,) = ([next(training.batches.epoch(0)).items] for training in (whole, other))
    assert first.shape != second.shape or not np.array_equal(first, second)


class _Stopped(BaseException):
    pass


def _stopping(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, call: int) -> None:
    function, calls = getattr(owner, name), 0

    def counted(*arguments, **named):
        nonlocal calls
        calls += 1
        if calls == call:
            raise _Stopped
        return function(*arguments, **named)

    monkeypatch.setattr(owner, name, counted)


def test_a_run_stopped_at_any_moment_goes_on_to_the_same_end(whole, source, tmp_path) -> None:
    run = tmp_path / "run"
    moments = [
        (NextItemRun, "write_json", 1),  # the first epoch's weights are kept as the best, and nothing else is
        (SequenceTraining, "test", 1),  # all is trained, and not measured on the test split
    ]
    for number, moment in enumerate(moments):
        with pytest.MonkeyPatch.context() as patch:
            training = start(run, source, *EVERYTHING) if number == 0 else _resumed(run)
            _stopping(patch, *moment)
            with pytest.raises(_Stopped):
                training.run()
                training.test()
    training = _resumed(run)
    training.run()
    training.test()
    assert_same_outcome(run, whole._run.path)


def _resumed(path) -> SequenceTraining:
    return SequenceTraining.resume(path, Console(quiet=True))


def _given_values(monkeypatch: pytest.MonkeyPatch, values: list[float]) -> None:
    """In place of what is measured, the validation NDCG@20 of each epoch."""
    evaluate, left = sequence_training.evaluate, iter(values)

    def measured(model, examples, split, **named):
        result, ranks = evaluate(model, examples, split, **named)
        if split == "validation":
            result.metrics["next_item"]["ndcg@20"] = next(left)
        return result, ranks

    monkeypatch.setattr(sequence_training, "evaluate", measured)


def test_it_stops_once_nothing_has_improved_and_returns_the_best(source, tmp_path, monkeypatch) -> None:
    _given_values(monkeypatch, [0.1, 0.3, 0.3, 0.2, 0.9])
    weights = []
    judge = SequenceTraining._judge

    def judged(training, *arguments):
        weights.append(np.array(training._model.encoder.item_table))
        judge(training, *arguments)

    monkeypatch.setattr(SequenceTraining, "_judge", judged)
    training = start(tmp_path / "run", source, *BARE, "training.epochs=9", "training.early_stopping.patience=2")
    model = training.run()
    # As good as the best is no improvement: two epochs after the second it is over.
    assert len(weights) == 4 and _history(tmp_path / "run")["best_epoch"] == 2
    np.testing.assert_array_equal(model.encoder.item_table, weights[1])
    np.testing.assert_array_equal(NextItemRun(tmp_path / "run").model().encoder.item_table, weights[1])
    # Over is over, also for a later call.
    assert len(_resumed(tmp_path / "run").run().variables) and len(weights) == 4


@pytest.mark.filterwarnings("ignore:overflow")
def test_training_that_diverges_says_so_and_what_to_do(source, tmp_path) -> None:
    training = start(tmp_path / "run", source, *BARE, "optimizer.learning_rate=1e30", "training.epochs=3")
    with pytest.raises(RunError, match=r"run: training diverged in epoch 1 \(`loss` is not finite\); lower training"):
        training.run()
    assert not list((tmp_path / "run" / "checkpoints").iterdir())


def test_centers_start_from_the_untrained_embeddings_once(source, tmp_path, monkeypatch) -> None:
    settings = ("model.clusters.num_clusters=3", "model.clusters.initialization=kmeans", "model.clusters.pooling=mean")
    training = start(tmp_path / "run", source, *SMALL, *settings)
    layer, seen = training._model.clusters, []
    monkeypatch.setattr(layer, "initialize_centers", lambda sample, seed: seen.append((sample, seed)))
    training.run()
    ((sample, seed),) = seen
    assert sample.shape == (len(training.splits.validation), 8) and seed == 7
    resumed = _resumed(tmp_path / "run")
    monkeypatch.setattr(resumed._model.clusters, "initialize_centers", lambda sample, seed: seen.append(seed))
    resumed.run()
    assert len(seen) == 1


def test_draws_go_by_what_is_a_target_in_training(source, tmp_path) -> None:
    settings = ("model.loss.name=sampled_softmax", "model.loss.power=1")
    training = start(tmp_path / "run", source, *BARE, *settings)
    counts = np.bincount(training.splits.train.targets, minlength=41)[1:]
    chances = np.exp(np.array(training._model.loss._sampler.log_chances))
    np.testing.assert_allclose(chances, np.maximum(counts, 1) / np.maximum(counts, 1).sum(), rtol=1e-4)


@pytest.mark.parametrize("samples", ["windows", "sequences"])
def test_other_ways_of_sampling(samples, source, tmp_path) -> None:
    training = finished(
        tmp_path / "run", source, *SMALL, f"training.samples={samples}", "model.clusters.num_clusters=2"
    )
    losses = _history(tmp_path / "run")["history"][0]["losses"]
    assert 0 < losses["next_item"] < 4 and training.batches.every_position


def test_twins_and_a_split_by_time(tmp_path) -> None:
    sequences = simulate(150, 40).sequences
    users = np.repeat(sequences.users, sequences.lengths)
    table = pa.table({"user": users, "item": sequences.actions, "time": sequences.times})
    pq.write_table(table, tmp_path / "log.parquet")
    settings = ("model.contrast.views=same_target", "model.contrast.sequence_weight=0.1", "split.protocol=global_time")
    training = finished(tmp_path / "run", tmp_path / "log.parquet", *SMALL, *settings)
    assert "sequence_contrast" in _history(tmp_path / "run")["history"][0]["losses"]
    assert 0 < len(training.splits.test) < 150  # not every user acts after the last moment


def test_what_cannot_be_trained_on_leaves_no_folder(source, tmp_path) -> None:
    def refused(error, message, text, *settings):
        file = tmp_path / "bad.txt"
        file.write_text(text)
        with pytest.raises(error, match=message):
            start(tmp_path / "run", file, *SMALL, *settings)
        assert not (tmp_path / "run").exists()

    refused(DataError, "bad: a catalog of one item leaves nothing to rank", "a 1 1 1 1 1\nb 1 1 1 1\n")
    refused(DataError, "bad: no user has enough items for a train example", "a 1 2 3\nb 2 1\n")
    refused(DataError, "a split by time needs times", "a 1 2 3 4 5\n", "split.protocol=global_time")
    with pytest.raises(UsageError, match="no data set `nothing`"):
        start(tmp_path / "run", "nothing")


def test_a_taken_folder_stays_as_it_is(whole, source) -> None:
    before = {path: path.stat().st_mtime_ns for path in whole._run.path.rglob("*")}
    with pytest.raises(RunError, match="run: holds a run already"):
        start(whole._run.path, source, *SMALL)
    assert {path: path.stat().st_mtime_ns for path in whole._run.path.rglob("*")} == before


def test_whoever_watches_sees_samples_a_second(source, tmp_path) -> None:
    terminal = Console(force_terminal=True, file=io.StringIO(), width=120)
    training = start(tmp_path / "run", source, *BARE)
    training._console = terminal
    training.run()
    shown = terminal.file.getvalue()
    assert re.search(r"epoch 1/1.*samples/s", shown)
    assert re.search(r"epoch 1/1  loss \d\.\d{4}  validation HR@20 0\.\d{4}  NDCG@20 0\.\d{4}  [\d,]+ samples/s", shown)


def test_one_epoch_of_beauty_beats_popularity(data_dir, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("TFELC_DATA_DIR", str(data_dir))
    settings = (
        "model.encoder.dim=32", "model.encoder.dropout=0.2", "model.loss.name=sampled_softmax",
        "model.loss.num_negatives=256", "training.samples=windows", "training.epochs=1", "training.batch_size=128",
        "optimizer.learning_rate=0.005",
    )  # fmt: skip
    training = finished(tmp_path / "run", "beauty", *settings)
    found = json.loads((tmp_path / "run" / "metrics.json").read_text())["metrics"]["next_item"]
    splits = training.splits
    popular = ranking_metrics(full_ranking(Popularity(12_101).fit(splits.train), splits.test, 12_101).ranks)
    assert found["hr@20"] > 1.5 * popular["hr@20"] and found["ndcg@20"] > 1.5 * popular["ndcg@20"]
