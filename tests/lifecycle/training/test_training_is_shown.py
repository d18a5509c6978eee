"""What is seen of a training while it goes on: lines, steps, and the log of TensorBoard."""

import io
import re

import pytest
from rich.console import Console

from tests.support.toy_training import STEPS, Counter, toy_loop
from tfelc.lifecycle.evaluation.cluster_health import ClusterHealth
from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.lifecycle.settings.clusters import ClusterSettings

AUCS = (0.6, 0.8, 0.7, 0.9)


class _Clustered(Counter):
    """The clusters in use on the validation split are told for each epoch."""

    clusters = ClusterSettings(num_clusters=4)
    in_use = (4.0, 1.25, 1.25, 1.0)

    def evaluate(self, split):
        result = super().evaluate(split)
        health = ClusterHealth(4, self.in_use[int(self.weight) // STEPS - 1], 0.9)
        return EvaluationResult(result.split, result.unit, result.count, result.metrics, clusters=health)


def test_a_line_for_each_epoch_and_a_warning_when_the_clusters_collapse(tmp_path):
    out = io.StringIO()
    loop = toy_loop(tmp_path / "run", _Clustered(AUCS), Console(file=out, width=400))
    loop.train()
    lines = out.getvalue().splitlines()
    rates = [f"{epoch['samples_per_second']:,}" for epoch in loop.history.epochs]
    shown = [
        f"epoch {number}/4  loss {loss:.4f}  validation toy auc {auc:.4f}  {rate} samples/s"
        for number, loss, auc, rate in zip((1, 2, 3, 4), (2, 5, 8, 11), AUCS, rates, strict=True)
    ]
    (warning,) = [line for line in lines if line.startswith("warning: ")]
    assert "the clusters have collapsed: 1.25 of 4 in use" in warning
    assert lines == [*shown[:2], warning, *shown[2:]]


def test_the_log_of_tensorboard_has_every_loss_metric_and_cluster_figure(tmp_path):
    import tensorflow as tf

    loop = toy_loop(tmp_path / "run", _Clustered(AUCS))
    loop.train()
    (file,) = loop.run.logs.iterdir()
    written = {}
    for event in tf.compat.v1.train.summary_iterator(str(file)):
        for value in event.summary.value:
            written[value.tag, event.step] = tf.make_ndarray(value.tensor).item()
    wanted = {}
    for epoch in loop.history.epochs:
        number = epoch["epoch"]
        wanted["train/loss", number] = epoch["losses"]["loss"]
        wanted["validation/toy/auc", number] = AUCS[number - 1]
        wanted["validation/clusters/in_use", number] = _Clustered.in_use[number - 1]
        wanted["validation/clusters/largest_share", number] = 0.9
    assert written == pytest.approx(wanted)


def test_whoever_watches_sees_the_steps(tmp_path):
    terminal = Console(force_terminal=True, file=io.StringIO(), width=120)
    toy_loop(tmp_path / "run", Counter(AUCS), terminal).train()
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", terminal.file.getvalue())
    assert re.search(r"epoch 1/4.*/25 samples", shown) and "25/25 samples" in shown
