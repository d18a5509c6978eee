"""What the settings leave to the size of the catalog, what is said of it, and what a run keeps."""

import numpy as np
import pytest
import yaml

from tests.support.sequence_training import create, write_sequences
from tfelc.next_item.data.sequences import Sequences
from tfelc.next_item.default_settings import default_settings
from tfelc.next_item.fitted_to_catalog import fitted_to_catalog

USERS = 2_000


def of_items(count: int) -> Sequences:
    """A few users' sequences of a catalog of so many items."""
    actions = np.tile(np.arange(1, 6, dtype=np.int32), USERS)
    return Sequences(np.arange(USERS), np.arange(count), np.arange(0, 5 * USERS + 1, 5), actions)


def fitted(items: int, *settings: str) -> tuple[object, list[str]]:
    said: list[str] = []
    asked = default_settings("own.parquet", ["split.protocol=leave_one_out", *settings])
    return fitted_to_catalog(asked, of_items(items), said.append), said


def test_of_a_small_catalog_everything_is_ranked_and_nothing_is_said() -> None:
    found, said = fitted(30_000)
    assert (found.model.loss.name, found.optimizer.name, found.split.evaluated_users) == ("softmax", "adam", "all")
    assert said == []


def test_of_a_large_one_items_and_users_are_drawn_and_that_is_said() -> None:
    found, said = fitted(4_000_000)
    assert (found.model.loss.name, found.optimizer.name) == ("sampled_softmax", "lazy_adam")
    assert found.split.evaluated_users == 1_000
    users, loss = said
    assert "ranked are 1,000 of 2,000 validation users and 1,000 of 2,000 test users" in users
    assert "all of 4,000,000 items (split.evaluated_users: 1000; all ranks every one)" in users
    assert "draws 4,096 for a batch (model.loss: sampled_softmax, optimizer.name: lazy_adam)" in loss


@pytest.mark.parametrize("items", [100, 4_000_000])
def test_what_is_set_stays(items: int) -> None:
    wanted = ["model.loss=bce", "optimizer.name=sgd", "split.evaluated_users=all"]
    found, said = fitted(items, *wanted)
    assert (found.model.loss.name, found.optimizer.name, found.split.evaluated_users) == ("bce", "sgd", "all")
    assert said == []
    assert fitted(items, "optimizer.name=adam")[0].optimizer.name == "adam"


def test_a_run_keeps_what_was_chosen_and_ranks_so_many_users(tmp_path) -> None:
    source = write_sequences(tmp_path / "sequences.txt", users=120)
    loop = create(tmp_path / "run", source, "model.loss=auto", "split.evaluated_users=30", "model.name=sasrec")
    stored = yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())
    assert stored["model"]["loss"]["name"] == "softmax" and stored["split"]["evaluated_users"] == 30
    assert loop.trainable.evaluate("validation").count == 30
    assert loop.trainable.test().count == 30
