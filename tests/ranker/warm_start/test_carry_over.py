"""A ranker that starts from a run answers as that run does, and goes on from there."""

import json
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from tests.support.every_kind import every_kind_rows, every_kind_schema, write_every_kind_dataset
from tests.support.training import killed_process, train
from tfelc.core.errors import RunError, UsageError
from tfelc.lifecycle.training.optimizers.lazy_adam import LazyAdam
from tfelc.ranker.run import RankerRun
from tfelc.ranker.settings import RankerSettings
from tfelc.ranker.training.train import create_training
from tfelc.ranker.warm_start.axis_labels import axis_labels, path_of
from tfelc.ranker.warm_start.begin import settings_of, warm_start_line
from tfelc.ranker.warm_start.refuse_incompatible import refuse_incompatible
from tfelc.schema.schema import Schema

TASKS = ("click", "buy")
ARCHITECTURES = {
    "mmoe": {},
    "ple": {"architecture": {"name": "ple", "num_shared_experts": 2, "num_levels": 2, "units": [8, 6]}},
    "aitm": {
        "architecture": {"name": "aitm", "units": [8, 6]},
        "scaling": {"experts": True, "towers": True, "clusters": True, "hidden": 4},
    },
    "pepnet": {"architecture": {"name": "pepnet", "units": [8], "hidden": 4}, "crosses": {"layers": 2, "rank": 3}},
    "shared_bottom": {"architecture": {"name": "shared_bottom", "units": [8]}, "linear": True, "calibration": "platt"},
}


@pytest.fixture(scope="module")
def day_1(tmp_path_factory: pytest.TempPathFactory, every_kind_dataset: Any) -> RankerRun:
    path = tmp_path_factory.mktemp("day") / "1"
    train(every_kind_dataset, path, "training.epochs=1")
    return RankerRun.open(path)


def _started(run: RankerRun, dataset: Any, path: Path, tasks: Any = TASKS, **settings: Any) -> Any:
    """A training that starts from a run, with its weights carried over and no step taken."""
    content = run.settings.to_dict()
    for key, value in settings.items():
        content[key] |= value
    loop = create_training(dataset, tasks, type(run.settings).load(content), path, Console(quiet=True), warm_start=run)
    loop.trainable.initialize_weights()
    return loop


def _logits(model: Any, rows: Any) -> dict[str, Any]:
    found = model.ranker(model.lookup.encode(rows))["logits"]
    return {task: logits.numpy() for task, logits in found.items()}


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_before_a_step_it_answers_as_the_run_does(
    name: str, day_1: RankerRun, every_kind_dataset: Any, tmp_path: Path
) -> None:
    run = day_1
    if name != "mmoe":
        model = {**run.settings.to_dict()["model"], **ARCHITECTURES[name]}
        settings = [f"model.{key}={json.dumps(value)}" for key, value in model.items()]
        train(every_kind_dataset, tmp_path / "1", "training.epochs=1", *settings)
        run = RankerRun.open(tmp_path / "1")
    # The same rows once more: every mean stays where it was, and so do the vocabularies.
    loop = _started(run, every_kind_dataset, tmp_path / "2")
    rows = every_kind_rows(50, 77)
    before, now = _logits(run.model(), rows), _logits(loop.trainable.model, rows)
    for task in TASKS:
        np.testing.assert_allclose(now[task], before[task], rtol=1e-4, atol=1e-5)


def _wider_schema() -> Any:
    """A number, a category and a task more; columns and tasks in another order."""
    mood = {"kind": "number", "role": "activity"}
    content = every_kind_schema(engaged={"kind": "label"}, mood=mood).model_dump(mode="json")
    content["columns"]["newcomer"] = {"kind": "category", "role": "context"}
    content["columns"] = dict(reversed(content["columns"].items()))
    content["tasks"] = {"engage": {"label": "engaged"}, **content["tasks"]}
    return Schema.parse(content, "wider")


def test_new_columns_and_tasks_change_no_answer_of_the_old_tasks(day_1: RankerRun, tmp_path: Path) -> None:
    dataset = write_every_kind_dataset(tmp_path / "data", _wider_schema())
    loop = _started(day_1, dataset, tmp_path / "2", ("engage", "buy", "click"))
    rows = every_kind_rows(50, 77)
    before, now = _logits(day_1.model(), rows), _logits(loop.trainable.model, rows)
    for task in TASKS:
        np.testing.assert_allclose(now[task], before[task], rtol=1e-4, atol=1e-5)
    found = loop.run.metadata["warm_start"]
    assert (found["new_columns"], found["new_tasks"]) == (["mood", "newcomer"], ["engage"])
    loop.train()
    assert loop.test().metrics["engage"]["auc"] > 0.6  # it follows from the new column


def test_every_weight_has_labels_of_its_shape(day_1: RankerRun) -> None:
    model = day_1.model()
    labels = axis_labels(model, day_1.fitted)
    assert len(labels) == len([v for v in model.ranker.variables if "seed_generator" not in v.path])
    for variable in model.ranker.variables:
        for axis in labels.get(path_of(variable), ()):
            assert len(set(axis)) == len(axis)


def test_a_new_value_begins_as_an_unknown_one_and_a_known_one_where_it_was(day_1: RankerRun, tmp_path: Path) -> None:
    from tfelc.data.dataset_writer import DatasetWriter

    schema = every_kind_schema()
    with DatasetWriter(tmp_path / "data", schema, source="new city", seed=0) as writer:
        for seed, split in enumerate(("train", "validation", "test"), start=20):
            rows = every_kind_rows(200, seed)
            cities = ["paris" if value == "city 0" else value for value in rows["city"].to_pylist()]
            writer.write(split, rows.set_column(rows.column_names.index("city"), "city", [cities]))
    from tfelc.data.dataset import Dataset

    loop = _started(day_1, Dataset(tmp_path / "data"), tmp_path / "2")
    assert loop.run.metadata["warm_start"]["vocabularies"]["city"] == {
        "kept": 5, "admitted": 1, "evicted": 0, "waiting": 0
    }  # fmt: skip

    def row(model: Any, fitted: Any, city: str | None, array: Any = None) -> Any:
        dim, offset = model.ranker.encoder.layout.offsets["city"]
        table = model.ranker.encoder.tables[dim].embeddings if array is None else array
        return table.numpy()[offset + (1 if city is None else 2 + fitted.vocabularies["city"].index(city))]

    old, new = day_1.model(), loop.trainable.model
    np.testing.assert_array_equal(row(new, loop.run.fitted, "paris"), row(old, day_1.fitted, None))
    for city in ("city 0", "city 3"):
        np.testing.assert_array_equal(row(new, loop.run.fitted, city), row(old, day_1.fitted, city))
    # The moments of what is known go with it, those of what is new are none.
    optimizer: LazyAdam = loop.trainable.trainer.tables_optimizer
    second = optimizer._second[0]
    assert row(new, loop.run.fitted, "city 3", second).any() and not row(new, loop.run.fitted, "paris", second).any()
    with np.load(day_1.last, allow_pickle=False) as file:
        (key,) = (key for key in file.files if key.endswith("tables_4_embeddings_second_moment"))
        held = file[key]
    offset = old.ranker.encoder.layout.offsets["city"][1] + 2 + day_1.fitted.vocabularies["city"].index("city 3")
    np.testing.assert_array_equal(row(new, loop.run.fitted, "city 3", second), held[offset])


@pytest.mark.parametrize("choice", ["keep", "drop"])
def test_steps_and_schedule_of_the_optimizers(
    choice: str, day_1: RankerRun, every_kind_dataset: Any, tmp_path: Path
) -> None:
    loop = _started(day_1, every_kind_dataset, tmp_path / "2", warm_start={"optimizer": choice})
    trainer = loop.trainable.trainer
    for optimizer in (trainer.optimizer, trainer.tables_optimizer):
        assert int(optimizer.iterations) == (15 if choice == "keep" else 0)
        # The schedule begins anew in either case.
        assert float(optimizer.learning_rate) == pytest.approx(0.01)
        moments = [variable.numpy().any() for variable in optimizer.variables[1:] if "moment" in variable.name]
        assert any(moments) == (choice == "keep")
    # What GradNorm has learned of the tasks is part of it.
    with np.load(day_1.last, allow_pickle=False) as file:
        (held,) = (file[key] for key in file.files if key.startswith("balance") and key.endswith("task_weights"))
    assert np.array_equal(trainer.balance.task_weights.numpy(), held) == (choice == "keep")
    for average, variable in zip(trainer.averages, trainer.averaged_variables, strict=True):
        np.testing.assert_array_equal(average.numpy(), variable.numpy())


@pytest.mark.slow
def test_a_killed_training_ends_with_the_bits_of_one_that_was_not(day_1: RankerRun, tmp_path: Path) -> None:
    data = write_every_kind_dataset(tmp_path / "data", first_seed=30).path
    start = ["--task", "click,buy", "--data", data, "--from", day_1.path, "--set", "training.epochs=2"]
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    runs = [
        (whole, [], None),
        (stopped, [], ("save", 1)),
        (stopped, ["--resume"], ("write", 4)),
        (stopped, ["--resume"], None),
    ]
    for path, resume, moment in runs:
        arguments = ["--task", "click,buy", *resume] if resume else start
        process = killed_process([*arguments, "--run", path], moment)
        _, err = process.communicate(timeout=900)
        assert process.returncode == (-signal.SIGKILL if moment else 0), err
    for name in ("best", "last"):
        with (
            np.load(whole / f"checkpoints/{name}.npz") as wanted,
            np.load(stopped / f"checkpoints/{name}.npz") as found,
        ):
            keys = [key for key in wanted.files if key != "state"]
            assert keys == [key for key in found.files if key != "state"]
            assert [key for key in keys if wanted[key].tobytes() != found[key].tobytes()] == []
    assert json.loads((whole / "run.json").read_text())["warm_start"]["day"] == 2


def test_the_run_that_it_starts_from_must_stay_what_it_was(
    day_1: RankerRun, every_kind_dataset: Any, tmp_path: Path
) -> None:
    shutil.copytree(day_1.path, tmp_path / "1")
    loop = _started(RankerRun.open(tmp_path / "1"), every_kind_dataset, tmp_path / "2")
    (tmp_path / "1/checkpoints/best.npz").write_bytes(b"another")
    with pytest.raises(RunError, match="its best weights are others than when .* was started; start it again"):
        loop.trainable.initialize_weights()
    (tmp_path / "1/checkpoints/best.npz").unlink()
    with pytest.raises(RunError, match="has no best weights yet to start from"):
        _started(RankerRun.open(tmp_path / "1"), every_kind_dataset, tmp_path / "3")


def _changed(**changes: Any) -> Any:
    content = every_kind_schema().model_dump(mode="json")
    for path, value in changes.items():
        *groups, last = path.split("__")
        part = content
        for group in groups:
            part = part[group]
        if value is None:
            del part[last]
        else:
            part[last] = value
    return Schema.parse(content, "changed")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"columns__hour": None}, "has the feature `hour`, which schema `every_kind` lacks; put it back"),
        ({"columns__hour__transform": "log"}, "has column `hour` with `transform: standardize`, not `log`"),
        ({"columns__visits__buckets": 6}, "has column `visits` with `buckets: 5`, not `6`"),
        ({"tables__user__hash_buckets": 60}, "has table `user` with `hash_buckets: 50`, not `60`"),
        ({"tables__user__hash_functions": 3}, "has table `user` with `hash_functions: 2`, not `3`"),
        ({"tables__tag__dim": 8}, "has table `tag` with `dim: 4`, not `8`"),
        ({"tables__weekday__values": [0, 1, 2, 3]}, "has the value '4' in table `weekday`; put it back"),
        ({"tasks__click__label": "bought"}, "has task `click` with `label: clicked`, not `bought`"),
    ],
)
def test_a_schema_that_means_something_else_is_refused_by_name(
    changes: dict[str, Any], message: str, day_1: RankerRun
) -> None:
    with pytest.raises(UsageError) as refused:
        refuse_incompatible(day_1, _changed(**changes), TASKS, day_1.settings)
    assert str(refused.value).startswith("`warm_start`: ") and message in str(refused.value)
    assert str(refused.value).endswith(", or train without it")


def test_settings_and_tasks_that_do_not_fit_are_refused_by_name(day_1: RankerRun) -> None:
    def refused(tasks: Any = TASKS, *settings: str) -> str:
        changed = type(day_1.settings).load(day_1.settings.to_dict(), settings)
        with pytest.raises(UsageError) as found:
            refuse_incompatible(day_1, day_1.schema, tasks, changed)
        return str(found.value)

    assert "predicts `buy`, which is none of `tasks`; name it too" in refused(("click",))
    assert "has model.embedding_dim=4, not 8; leave that setting out" in refused(TASKS, "model.embedding_dim=8")
    assert "has model.clusters.num_clusters=3, not 5" in refused(TASKS, "model.clusters.num_clusters=5")
    assert "has optimizer.name=adam, whose state sgd cannot keep" in refused(TASKS, "optimizer.name=sgd")
    free = type(day_1.settings).load(
        day_1.settings.to_dict(),
        ["optimizer.name=sgd", "warm_start.optimizer=drop", "model.embedding_dropout=0", "model.clusters.alpha=1"],
    )
    refuse_incompatible(
        day_1, _changed(tables__weekday__values=[*range(9)], columns__history__max_length=9), TASKS, free
    )


def test_one_line_says_what_the_day_did() -> None:
    still = {"kept": 4, "admitted": 0, "evicted": 0, "waiting": 0}
    metadata = {
        "run": "runs/1",
        "day": 2,
        "optimizer": "drop",
        "vocabularies": {"item": {**still, "admitted": 1200, "evicted": 3, "waiting": 7}, "city": still, "day": still},
        "new_columns": ["mood"],
        "new_tasks": [],
    }
    assert warm_start_line(metadata) == (
        "day 2, from runs/1: item 1,204 values (1,200 admitted, 3 evicted, 7 waiting); city, day as before; "
        "new columns: mood; state of the optimizers dropped"
    )


def test_what_is_auto_is_as_in_the_run(day_1: RankerRun) -> None:
    settings, found = settings_of(day_1, RankerSettings.load(None, ["training.epochs=5"]))
    assert found["training.batch_size"] == 40 and found["model.min_count"] == 1 and "training.epochs" not in found
    assert (settings.training.batch_size, settings.training.epochs, settings.model.linear) == (40, 5, False)


def test_in_python_and_refusals_of_the_command(day_1: RankerRun, every_kind_dataset: Any, tmp_path: Path) -> None:
    from tests.support.command import call
    from tfelc.ranker.ranker import Ranker

    ranker = Ranker.of_run(day_1)
    ranker.fit(every_kind_dataset.path, run=tmp_path / "2", warm_start=day_1.path, progress=False)
    assert ranker.run.metadata["warm_start"]["day"] == 2 and ranker.run.metadata["auto"] == {}
    for arguments, words in (
        (("--task", "next_item"), "--from is a ranker's; name the sequences of next_item by --dataset"),
        (("--task", "click,buy", "--run", tmp_path / "2", "--resume"), "no --config, --set, --csv-delimiter or --from"),
        (("--task", "click", "--data", every_kind_dataset.path, "--run", tmp_path / "3"), "--from: "),
    ):
        refused = call("train", *arguments, "--from", day_1.path)
        assert refused.code == 2 and words in refused.err, refused.err
    assert not (tmp_path / "3").exists()
