import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.support.sequence_training import SMALL, create, finished, write_sequences
from tfelc.core.errors import DataError, RunError, UsageError
from tfelc.next_item.evaluation.catalog_scorer import CatalogScorer
from tfelc.next_item.run import NextItemRun
from tfelc.ranker.run import RankerRun

SETTINGS = (*SMALL, "model.clusters.num_clusters=3")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A finished run whose ids are no numbers and not ASCII."""
    folder = tmp_path_factory.mktemp("trained")
    return finished(folder / "run", write_sequences(folder / "låtar.txt", prefix="låt-日"), *SETTINGS)


@pytest.fixture
def run(trained, tmp_path):
    """A copy that may be damaged."""
    shutil.copytree(trained.run.path, tmp_path / "run")
    return NextItemRun(tmp_path / "run")


def test_it_says_what_was_run_on_which_data(trained) -> None:
    run = trained.run
    metadata = run.metadata
    assert (metadata["kind"], metadata["users"], metadata["items"]) == ("next_item", 120, 40)
    assert Path(metadata["data"]).is_absolute() and Path(metadata["data"]).name == "låtar.txt"
    sequences = run.sequences()
    assert (metadata["data_hash"], metadata["actions"]) == (sequences.hash, len(sequences.actions))
    assert run.settings.model.clusters.num_clusters == 3 and run.settings.training.batch_size == 64
    assert run.catalog == sequences.catalog.tolist() and run.catalog[0] == "låt-日1"


def test_a_known_data_set_is_called_by_its_name(tmp_path) -> None:
    training = create(tmp_path / "run", "simulated", *SMALL)
    assert training.run.metadata["data"] == "simulated"
    assert NextItemRun(tmp_path / "run").sequences().num_users == 2000


def test_the_model_comes_back_with_its_best_weights(trained) -> None:
    again = NextItemRun(trained.run.path).model()
    examples = trained.trainable.splits.test
    found, wanted = (CatalogScorer(model) for model in (again, trained.trainable.model))
    np.testing.assert_array_equal(found.scores(examples), wanted.scores(examples))
    np.testing.assert_array_equal(found.clusters[0], wanted.clusters[0])


def test_ranks_are_those_of_the_test_users(trained) -> None:
    users, ranks = trained.run.ranks()
    assert len(users) == len(ranks) == len(trained.trainable.splits.test) == 120
    assert set(users) == {f"låt-日{number}" for number in range(1, 121)} and ranks.dtype == np.int32
    metrics = json.loads((trained.run.path / "metrics.json").read_text())["metrics"]["next_item"]
    assert metrics["hr@10"] == pytest.approx(np.mean(ranks <= 10))


def test_data_that_has_moved_or_changed(run, tmp_path) -> None:
    moved = write_sequences(tmp_path / "moved.txt", prefix="låt-日")
    assert run.sequences(str(moved)).hash == run.metadata["data_hash"]
    other = write_sequences(tmp_path / "other.txt", seed=1, prefix="låt-日")
    with pytest.raises(RunError, match=f"run: was trained on other sequences than {other} holds now"):
        run.sequences(str(other))
    with pytest.raises(DataError, match="nowhere.txt: no such file"):
        run.sequences(str(tmp_path / "nowhere.txt"))


@pytest.mark.parametrize("name", ["config.yaml", "catalog.json", "checkpoints/best.npz", "ranks.parquet"])
def test_each_file_is_missed_and_its_damage_seen(run, name) -> None:
    def read() -> None:
        opened = NextItemRun(run.path)
        assert opened.catalog
        opened.ranks()
        opened.model()

    path = run.path / name
    content = path.read_bytes()
    for damaged in (content[: len(content) // 2], b"", None):
        path.write_bytes(damaged) if damaged is not None else path.unlink()
        with pytest.raises(RunError) as failure:
            read()
        assert str(failure.value).startswith(f"{path}: ") and "\n" not in str(failure.value)


def test_a_run_of_another_kind(run, untrained_run, tmp_path) -> None:
    with pytest.raises(RunError, match="holds a run of another kind: ranker, not next_item"):
        NextItemRun.open(untrained_run.path)
    with pytest.raises(RunError, match="holds a run of another kind: next_item, not ranker"):
        RankerRun.open(run.path)
    with pytest.raises(RunError, match="no such run folder"):
        NextItemRun.open(tmp_path / "nowhere")
    with pytest.raises(RunError, match="holds a run of another kind: ranker, not next_item"):
        NextItemRun(untrained_run.path).model()


def test_a_run_of_before_calls_its_catalog_by_an_old_name(run) -> None:
    wanted = run.catalog
    (run.path / "catalog.json").rename(run.path / "catalogue.json")
    text = (run.path / "run.json").read_text()
    (run.path / "run.json").write_text(text.replace('"catalog.json"', '"catalogue.json"'))
    assert NextItemRun.open(run.path).catalog == wanted
    (run.path / "catalogue.json").write_text("[]")
    with pytest.raises(RunError, match="catalogue.json: damaged, or changed since the run was started"):
        assert NextItemRun.open(run.path).catalog


def test_weights_of_another_model(run, tmp_path) -> None:
    source = write_sequences(tmp_path / "own.txt")
    other = finished(tmp_path / "other", source, *SMALL, "model.name=sasrec")
    shutil.copy(other.run.best, run.best)
    with pytest.raises(RunError, match="best.npz: not a checkpoint of this model"):
        NextItemRun(run.path).model()


def test_what_can_be_compared(run, tmp_path) -> None:
    run.refuse_incomparable(run)
    other = create(tmp_path / "other", write_sequences(tmp_path / "own.txt"), *SMALL).run
    with pytest.raises(
        UsageError, match=re.escape(f"{other.path}: was trained on other data ({tmp_path}/own.txt) than")
    ):
        run.refuse_incomparable(other)
    by_time = create(tmp_path / "by_time", "simulated", *SMALL, "split.protocol=global_time").run
    left_out = create(tmp_path / "left_out", "simulated", *SMALL).run
    with pytest.raises(UsageError, match="left_out: its split.protocol is leave_one_out, .* is global_time"):
        by_time.refuse_incomparable(left_out)
