"""What a run is measured on, and what is known of its training then."""

import shutil
from unittest.mock import patch

import numpy as np
import pytest

from tests.support.untrained_recommender import write_sequences
from tfelc.core.errors import DataError, RunError
from tfelc.next_item import run as run_module
from tfelc.next_item.evaluation.measured import measured
from tfelc.next_item.run import NextItemRun


@pytest.fixture
def moved(recommender_run, tmp_path):
    """The run, whose table is no longer where it was, and the table."""
    shutil.copytree(recommender_run.path, tmp_path / "run")
    text = (tmp_path / "run" / "run.json").read_text()
    source = recommender_run.metadata["data"]
    shutil.copy(source, tmp_path / "moved.parquet")
    (tmp_path / "run" / "run.json").write_text(text.replace(source, str(tmp_path / "gone.parquet")))
    return NextItemRun.open(tmp_path / "run"), tmp_path / "moved.parquet"


def test_the_sequences_of_training_are_known_wherever_they_lie_and_read_once(recommender_run, moved):
    expected, training = measured(recommender_run, "test")
    run, table = moved
    said = []
    with patch.object(run_module, "load_sequences", wraps=run_module.load_sequences) as loaded:
        examples, found = measured(run, "test", str(table), said.append)
    assert loaded.call_count == 1 and not said
    np.testing.assert_array_equal(examples.targets, expected.targets)
    np.testing.assert_array_equal(found.counts, training.counts)
    with pytest.raises(DataError, match="gone.parquet: no file matches"):
        measured(run, "test")


def test_what_training_saw_goes_with_other_users_or_it_is_said_that_it_is_not_known(recommender_run, moved, tmp_path):
    def other(number):
        return "never seen" if number == 1 else f"item {number} 雪" if number % 3 == 0 else f"item {number}"

    others = str(write_sequences(tmp_path / "others.parquet", other))
    said = []
    _, training = measured(recommender_run, "test", others, said.append)
    np.testing.assert_array_equal(training.counts, measured(recommender_run, "test")[1].counts)
    assert len(said) == 1 and "other data than the run was trained on" in said[0]
    examples, training = measured(moved[0], "test", others, said.append)
    assert training is None and len(examples)
    assert "gone.parquet: no longer there as the run was trained on it; what is recommended, and" in said[2]
    text = (moved[0].path / "run.json").read_text()
    (moved[0].path / "run.json").write_text(text.replace("gone.parquet", "others.parquet"))
    with pytest.raises(RunError, match="was trained on other sequences than .*others.parquet holds now"):
        measured(NextItemRun.open(moved[0].path), "test")
