import io
import json
import math
import shutil

import numpy as np
import pytest
from rich.console import Console

from tests.support.every_kind import SCHEMA, every_kind_schema, write_every_kind_dataset
from tests.support.training import create, resume, train
from tfelc.core.errors import ConfigError, RunError, UsageError
from tfelc.data.dataset import Dataset
from tfelc.ranker.training.ranker_trainable import RankerTrainable

QUICK = ("training.epochs=2", "training.checkpoint_seconds=60", "model.clusters.initialization=random")


def history(training_path):
    return json.loads((training_path / "history.json").read_text())["history"]


# Together: every architecture, every balance, both optimizers of tables, every schedule, no clusters, both feeds, the
# K-means start, clipping, half precision and XLA.
CASES = {
    "shared bottom without clusters": ("model.architecture=shared_bottom", "model.clusters.num_clusters=0"),
    "PLE, uncertainty, K-means": (
        "model.architecture=ple",
        "model.architecture.num_levels=2",
        "training.balance.name=uncertainty",
        "model.clusters.initialization=kmeans",
        "optimizer.schedule=linear",
    ),
    "dynamic weights, Adagrad": (
        "training.balance.name=dynamic",
        "optimizer.tables=sparse_adagrad",
        "optimizer.tables_learning_rate=0.1",
        "optimizer.name=adamw",
    ),
    "GradNorm in half precision": (
        "training.balance.name=gradnorm",
        "training.precision=mixed_bfloat16",
        "model.clusters.gate_inputs=[assignment, center]",
        "model.clusters.momentum=0.9",
        "optimizer.schedule=constant",
    ),
    "PCGrad, clipped, entire space": (
        "training.balance.name=pcgrad",
        "optimizer.clip_norm=0.5",
        "tasks.buy.space=entire",
        "model.clusters.objective=nearest",
        "model.clusters.merge=false",
    ),
    # A batch size that leaves no smaller last batch, which XLA would compile anew.
    "fixed weights under XLA": ("training.xla=true", "training.balance.name=fixed", "training.batch_size=60"),
}


@pytest.mark.slow
@pytest.mark.parametrize("settings", CASES.values(), ids=CASES)
def test_every_way_to_train_learns(settings, tmp_path, every_kind_dataset):
    train(every_kind_dataset, tmp_path / "run", *QUICK, *settings)
    first, last = (epoch["losses"] for epoch in history(tmp_path / "run"))
    assert all(math.isfinite(value) for losses in (first, last) for value in losses.values())
    assert last["click_loss"] < first["click_loss"]


@pytest.fixture
def scripted(monkeypatch):
    """Makes validation say what the test says, and notes the weights that were judged."""

    def script(key, *values):
        judged = []
        remaining = iter(values)
        evaluate = RankerTrainable.evaluate

        def told(self, split):
            judged.append([variable.numpy() for variable in self.trainer.ranker.trainable_variables])
            result = evaluate(self, split)
            result.metrics["click"][key] = next(remaining)
            return result

        monkeypatch.setattr(RankerTrainable, "evaluate", told)
        return judged

    return script


def test_it_stops_after_the_patience_and_keeps_the_best_epoch(scripted, tmp_path, every_kind_dataset):
    # As good as the best is no better, and an AUC that is not defined is the worst.
    judged = scripted("auc", math.nan, 0.7, 0.65, 0.7, 0.9)
    stopping = ("training.early_stopping.metric=click.auc", "training.early_stopping.patience=2")
    training = train(every_kind_dataset, tmp_path / "run", *QUICK, *stopping, "training.epochs=5", tasks=["click"])
    assert len(judged) == 4
    kept = training.trainable.trainer.ranker.trainable_variables
    for variable, wanted in zip(kept, judged[1], strict=True):
        np.testing.assert_array_equal(variable.numpy(), wanted)
    training.test()
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["best_epoch"] == 2


def test_without_a_positive_to_validate_on_the_log_loss_decides_and_that_is_said(tmp_path):
    import io

    import pyarrow as pa
    from rich.console import Console

    from tests.support.every_kind import ROWS, every_kind_rows
    from tfelc.data.dataset_writer import DatasetWriter

    with DatasetWriter(tmp_path / "data", every_kind_schema(), "no purchase to validate on", 0) as writer:
        for seed, (split, count) in enumerate(ROWS.items()):
            rows = every_kind_rows(count, seed)
            if split == "validation":
                place = rows.column_names.index("bought")
                rows = rows.set_column(place, "bought", pa.array([0] * count, pa.int8()))
            writer.write(split, rows)
    console = Console(file=io.StringIO(), width=500)
    stopping = "training.early_stopping.metric=buy.auc"
    training = create(Dataset(tmp_path / "data"), tmp_path / "run", *QUICK, stopping, console=console)
    training.train()
    said = console.file.getvalue()
    assert "warning: task `buy`: no row of the validation split with `clicked` has `bought`; its AUC is not" in said
    assert "warning: `buy.auc` is not defined on the validation split: `buy.logloss` decides which weights" in said
    losses = [epoch["validation"]["metrics"]["buy"]["logloss"] for epoch in training.history.epochs]
    assert training.history.best == -min(losses)


def test_a_task_and_a_column_are_a_matter_of_yaml(tmp_path):
    # `engaged` says whether `mood` is above 0: only a model that reads the new column can tell.
    schema = every_kind_schema(engaged={"kind": "label"}, mood={"kind": "number", "role": "context"})
    write_every_kind_dataset(tmp_path / "data", schema)
    path = tmp_path / "data" / "schema.yaml"
    path.write_text(path.read_text().replace("tasks:\n", "tasks:\n  engaged:\n    label: engaged\n"))
    dataset = Dataset(tmp_path / "data")
    assert list(dataset.schema.tasks) == ["engaged", "click", "buy"]
    training = train(dataset, tmp_path / "run", *QUICK, tasks=("buy", "engaged"))
    metrics = training.test().metrics
    assert list(metrics) == ["buy", "engaged"]  # No head for clicks, so nothing joint.
    assert metrics["engaged"]["auc"] > 0.75


@pytest.mark.parametrize(
    ("tasks", "settings", "error", "message"),
    [
        (["clik"], (), UsageError, "no task `clik` in schema `every_kind`; it declares click, buy"),
        (["click", "click"], (), UsageError, "different task names, of click, buy. Received: click,click"),
        (["buy"], ("tasks.buy.space=entire",), UsageError, "needs the head of `click`: add it to `tasks`"),
        (["click"], ("tasks.sale.weight=2",), UsageError, "no task `sale`"),
        (["click"], ("training.early_stopping.metric=buy.auc",), ConfigError, "`buy.auc` is not measured"),
        (["click"], ("model.gates.inputs=[]",), UsageError, r"no feature of role \(none\), which the gates read"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_there_is_a_folder(
    tasks, settings, error, message, tmp_path, every_kind_dataset
):
    with pytest.raises(error, match=message) as failure:
        create(every_kind_dataset, tmp_path / "run", *settings, tasks=tasks)
    assert "\n" not in str(failure.value)
    assert not (tmp_path / "run").exists()


def test_gates_and_clusters_need_a_feature_to_read(tmp_path, every_kind_dataset):
    path = write_every_kind_dataset(tmp_path / "data").path / "schema.yaml"
    path.write_text(path.read_text().replace("role: activity", "role: user"))
    dataset = Dataset(tmp_path / "data")
    console = Console(record=True, file=io.StringIO())
    created = create(dataset, tmp_path / "run", console=console)
    model = created.run.settings.model
    assert (model.gates.inputs, model.clusters.inputs) == (("user",), ("user",))
    said = "no feature has the role `activity`: the gates and the clusters see those of role `user`"
    assert console.export_text().count(said) == 1
    # What was asked for otherwise stays.
    other = create(dataset, tmp_path / "other", "model.gates.inputs=[item]").run.settings.model
    assert (other.gates.inputs, other.clusters.inputs) == (("item",), ("user",))
    path.write_text(path.read_text().replace("role: user", "role: context"))
    console = Console(record=True, file=io.StringIO())
    model = create(Dataset(tmp_path / "data"), tmp_path / "third", console=console).run.settings.model
    assert set(model.gates.inputs) == {"item", "context"} and model.clusters.num_clusters == 0
    assert "or `user`: the gates see all features, and there are no clusters" in console.export_text()


def test_a_run_goes_on_by_its_own_schema_and_on_its_own_data(tmp_path):
    dataset = write_every_kind_dataset(tmp_path / "data")
    created = create(dataset, tmp_path / "run")
    # The dataset's schema may be edited: here it loses a column that the run reads.
    (dataset.path / "schema.yaml").write_text(SCHEMA.replace("  hour: {kind: number, role: context}\n", ""))
    resumed = resume(tmp_path / "run", Dataset(dataset.path))
    one, other = (next(iter(loop.trainable.batches.epoch(0)))[0] for loop in (created, resumed))
    assert one.keys() == other.keys()
    for key, value in one.items():
        np.testing.assert_array_equal(value, other[key])
    other_data = write_every_kind_dataset(tmp_path / "other", first_seed=9)
    with pytest.raises(RunError, match="run: was trained on other data than .*other holds now"):
        resume(tmp_path / "run", other_data)


def test_a_lost_last_checkpoint_is_no_reason_to_begin_again(tmp_path, every_kind_dataset, untrained_run):
    shutil.copytree(untrained_run.path, tmp_path / "run")  # It has its best weights and no last checkpoint.
    with pytest.raises(RunError, match="last.npz: no such checkpoint"):
        resume(tmp_path / "run", every_kind_dataset)


def test_a_training_that_diverges_says_so(tmp_path, every_kind_dataset):
    with pytest.raises(RunError, match=r"training diverged in epoch 1 \(`.*` is not finite\); lower optimizer"):
        train(every_kind_dataset, tmp_path / "run", *QUICK, "optimizer.learning_rate=1e38", tasks=["click"])


@pytest.mark.parametrize("architecture", ["{name: shared_bottom}", "{name: mmoe, num_experts: 1}"])
def test_clusters_that_act_on_nothing_are_refused(architecture, tmp_path, every_kind_dataset):
    settings = (f"model.architecture={architecture}", "model.clusters.linear_inputs=[]")
    with pytest.raises(UsageError, match=r"act on nothing: .* no gates that choose, .*\.num_clusters=0$"):
        create(every_kind_dataset, tmp_path / "run", *settings)
