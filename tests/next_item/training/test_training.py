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
    create,
    finished,
    resume,
    write_sequences,
)
from tfelc.core.errors import ConfigError, DataError, RunError, UsageError
from tfelc.lifecycle.training.training_loop import TrainingLoop
from tfelc.metrics.summary import ranking_metrics
from tfelc.next_item.data.simulated_sequences import simulate
from tfelc.next_item.evaluation.full_ranking import full_ranking
from tfelc.next_item.models.popularity import Popularity
from tfelc.next_item.run import NextItemRun
from tfelc.next_item.training.next_item_trainable import NextItemTrainable

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
    history = _history(whole.run.path)
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
    splits = whole.trainable.splits
    popular = ranking_metrics(full_ranking(Popularity(40).fit(splits.train), splits.test, 40).ranks)
    metrics = json.loads((whole.run.path / "metrics.json").read_text())
    assert metrics["metrics"]["next_item"]["ndcg@5"] > 1.5 * popular["ndcg@5"]
    assert (metrics["split"], metrics["best_epoch"]) == ("test", history["best_epoch"])


def test_the_log_of_tensorboard_has_every_loss_and_metric(whole) -> None:
    (file,) = whole.run.logs.iterdir()
    written = {}
    for event in tf.compat.v1.train.summary_iterator(str(file)):
        for value in event.summary.value:
            written[value.tag, event.step] = tf.make_ndarray(value.tensor).item()
    wanted = {}
    for epoch in _history(whole.run.path)["history"]:
        wanted |= {(f"train/{name}", epoch["epoch"]): value for name, value in epoch["losses"].items()}
        found = epoch["validation"]
        for name, value in found["metrics"]["next_item"].items():
            wanted[f"validation/next_item/{name}", epoch["epoch"]] = value
        for name in ("in_use", "largest_share"):
            wanted[f"validation/clusters/{name}", epoch["epoch"]] = found["clusters"][name]
    assert written == pytest.approx(wanted)


def test_equal_seeds_give_equal_bits_and_others_do_not(whole, source, tmp_path) -> None:
    finished(tmp_path / "again", source, *EVERYTHING)
    assert_same_outcome(tmp_path / "again", whole.run.path)
    other = create(tmp_path / "other", source, *EVERYTHING, "training.seed=8")
    (first,), (second,) = ([next(loop.trainable.batches.epoch(0)).items] for loop in (whole, other))
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
        (TrainingLoop, "test", 1),  # all is trained, and not measured on the test split
    ]
    for number, moment in enumerate(moments):
        with pytest.MonkeyPatch.context() as patch:
            training = create(run, source, *EVERYTHING) if number == 0 else resume(run)
            _stopping(patch, *moment)
            with pytest.raises(_Stopped):
                training.train()
                training.test()
    training = resume(run)
    training.train()
    training.test()
    assert_same_outcome(run, whole.run.path)


def test_stopped_inside_an_epoch_it_goes_on_from_the_step(whole, source, tmp_path, monkeypatch) -> None:
    """With views of the same target, whose draws of the steps before must be made up for."""
    settings = (*EVERYTHING, "model.contrast.views=same_target", "training.epochs=2", "training.checkpoint_seconds=0")
    reference = finished(tmp_path / "whole", source, *settings)
    steps = []
    fit_epoch = NextItemTrainable.fit_epoch

    def noted(self, epoch, start_step, on_step):
        steps.append((epoch, start_step))
        fit_epoch(self, epoch, start_step, on_step)

    monkeypatch.setattr(NextItemTrainable, "fit_epoch", noted)
    half = len(reference.trainable.batches) // 2
    for number, call in enumerate((half + 1, len(reference.trainable.batches))):
        training = resume(tmp_path / "run") if number else create(tmp_path / "run", source, *settings)
        with pytest.MonkeyPatch.context() as patch:
            _stopping(patch, training.trainable.trainer, "step", call)
            with pytest.raises(_Stopped):
                training.train()
    training = resume(tmp_path / "run")
    training.train()
    training.test()
    assert steps == [(0, 0), (0, half), (1, 0), (1, half - 1)]
    assert_same_outcome(tmp_path / "run", tmp_path / "whole")


def _given_values(monkeypatch: pytest.MonkeyPatch, name: str, values: list[float]) -> list[np.ndarray]:
    """In place of what is measured, a validation metric of each epoch; returns the items' weights that were judged."""
    evaluate, left, weights = NextItemTrainable.evaluate, iter(values), []

    def measured(self, split):
        weights.append(np.array(self.model.encoder.item_table))
        result = evaluate(self, split)
        result.metrics["next_item"][name] = next(left)
        return result

    monkeypatch.setattr(NextItemTrainable, "evaluate", measured)
    return weights


@pytest.mark.parametrize("metric", ["ndcg@20", "hr@10", "next_item.hr@5"])
def test_it_stops_once_nothing_has_improved_and_returns_the_best(metric, source, tmp_path, monkeypatch) -> None:
    weights = _given_values(monkeypatch, metric.removeprefix("next_item."), [0.1, 0.3, 0.3, 0.2, 0.9])
    stopping = (f"training.early_stopping.metric={metric}", "training.early_stopping.patience=2")
    training = create(tmp_path / "run", source, *BARE, "training.epochs=9", *stopping)
    model = training.train().model
    # As good as the best is no improvement: two epochs after the second it is over.
    assert len(weights) == 4 and _history(tmp_path / "run")["best_epoch"] == 2
    assert _history(tmp_path / "run")["best"] == 0.3
    np.testing.assert_array_equal(model.encoder.item_table, weights[1])
    np.testing.assert_array_equal(NextItemRun(tmp_path / "run").model().encoder.item_table, weights[1])
    # Over is over, also for a later call.
    assert len(resume(tmp_path / "run").train().model.variables) and len(weights) == 4


def test_a_metric_that_is_not_measured_leaves_no_folder(source, tmp_path) -> None:
    with pytest.raises(ConfigError, match=r"`ndcg@7` is not measured; it is one of .*hr@10.*ndcg@20") as failure:
        create(tmp_path / "run", source, *BARE, "training.early_stopping.metric=ndcg@7")
    assert "\n" not in str(failure.value) and not (tmp_path / "run").exists()


@pytest.mark.filterwarnings("ignore:overflow")
def test_training_that_diverges_says_so_and_what_to_do(source, tmp_path) -> None:
    training = create(tmp_path / "run", source, *BARE, "optimizer.learning_rate=1e30", "training.epochs=3")
    with pytest.raises(RunError, match=r"run: training diverged in epoch 1 \(`loss` is not finite\); lower optimizer"):
        training.train()
    assert [path.name for path in (tmp_path / "run" / "checkpoints").iterdir()] == ["last.npz"]


def test_centers_start_from_the_untrained_embeddings_once(source, tmp_path, monkeypatch) -> None:
    settings = ("model.clusters.num_clusters=3", "model.clusters.initialization=kmeans", "model.clusters.pooling=mean")
    training = create(tmp_path / "run", source, *SMALL, *settings)
    layer, seen = training.trainable.model.clusters, []
    monkeypatch.setattr(layer, "initialize_centers", lambda sample, seed: seen.append((sample, seed)))
    training.train()
    ((sample, seed),) = seen
    assert sample.shape == (len(training.trainable.splits.validation), 8) and seed == 7
    resumed = resume(tmp_path / "run")
    clusters = resumed.trainable.model.clusters
    monkeypatch.setattr(clusters, "initialize_centers", lambda sample, seed: seen.append(seed))
    resumed.train()
    assert len(seen) == 1


def test_draws_go_by_what_is_a_target_in_training(source, tmp_path) -> None:
    settings = ("model.loss.name=sampled_softmax", "model.loss.power=1")
    trainable = create(tmp_path / "run", source, *BARE, *settings).trainable
    counts = np.bincount(trainable.splits.train.targets, minlength=41)[1:]
    chances = np.exp(np.array(trainable.model.next_item_loss._sampler.log_chances))
    np.testing.assert_allclose(chances, np.maximum(counts, 1) / np.maximum(counts, 1).sum(), rtol=1e-4)


@pytest.mark.parametrize("samples", ["windows", "sequences"])
def test_other_ways_of_sampling(samples, source, tmp_path) -> None:
    training = finished(
        tmp_path / "run", source, *SMALL, f"training.samples={samples}", "model.clusters.num_clusters=2"
    )
    losses = _history(tmp_path / "run")["history"][0]["losses"]
    assert 0 < losses["next_item"] < 4 and training.trainable.batches.every_position


def test_twins_and_a_split_by_time(tmp_path) -> None:
    sequences = simulate(150, 40).sequences
    users = np.repeat(sequences.users, sequences.lengths)
    table = pa.table({"user": users, "item": sequences.actions, "time": sequences.times})
    pq.write_table(table, tmp_path / "log.parquet")
    settings = ("model.contrast.views=same_target", "model.contrast.sequence_weight=0.1", "split.protocol=global_time")
    training = finished(tmp_path / "run", tmp_path / "log.parquet", *SMALL, *settings)
    assert "sequence_contrast" in _history(tmp_path / "run")["history"][0]["losses"]
    assert 0 < len(training.trainable.splits.test) < 150  # not every user acts after the last moment


def test_how_a_table_is_split_is_said_and_kept(tmp_path) -> None:
    users, actions = 1_000, 5  # one after another, so that the last tenth of the users is for test
    at = np.arange(users * actions)
    pq.write_table(pa.table({"user": at // actions, "item": at % 7, "time": at}), tmp_path / "log.parquet")
    said = io.StringIO()
    asked = (*BARE, "split.protocol=auto")
    run = create(tmp_path / "run", tmp_path / "log.parquet", *asked, console=Console(file=said)).run
    assert "split by time, as the model will be used (split.protocol: global_time)" in said.getvalue()
    assert NextItemRun.open(run.path).settings.split.protocol == "global_time"


def test_what_cannot_be_trained_on_leaves_no_folder(source, tmp_path) -> None:
    def refused(error, message, text, *settings):
        file = tmp_path / "bad.txt"
        file.write_text(text)
        with pytest.raises(error, match=message):
            create(tmp_path / "run", file, *SMALL, *settings)
        assert not (tmp_path / "run").exists()

    refused(DataError, "bad: a catalog of one item leaves nothing to rank", "a 1 1 1 1 1\nb 1 1 1 1\n")
    refused(DataError, "bad: no user has enough items for a train example", "a 1 2 3\nb 2 1\n")
    refused(DataError, "a split by time needs times", "a 1 2 3 4 5\n", "split.protocol=global_time")
    with pytest.raises(UsageError, match="no data set `nothing`"):
        create(tmp_path / "run", "nothing")


def test_a_taken_folder_stays_as_it_is(whole, source) -> None:
    before = {path: path.stat().st_mtime_ns for path in whole.run.path.rglob("*")}
    with pytest.raises(RunError, match="run: holds a run already"):
        create(whole.run.path, source, *SMALL)
    assert {path: path.stat().st_mtime_ns for path in whole.run.path.rglob("*")} == before


def test_whoever_watches_sees_samples_a_second(source, tmp_path) -> None:
    terminal = Console(force_terminal=True, file=io.StringIO(), width=120)
    create(tmp_path / "run", source, *BARE, console=terminal).train()
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
    splits = training.trainable.splits
    popular = ranking_metrics(full_ranking(Popularity(12_101).fit(splits.train), splits.test, 12_101).ranks)
    assert found["hr@20"] > 1.5 * popular["hr@20"] and found["ndcg@20"] > 1.5 * popular["ndcg@20"]
