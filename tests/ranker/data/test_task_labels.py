import numpy as np
import pyarrow as pa
import pytest

from tfelc.core.errors import DataError
from tfelc.ranker.data.task_labels import task_labels
from tfelc.ranker.evaluation.told_apart import told_apart
from tfelc.schema.task import Task

TASKS = {"ctr": Task(label="click"), "cvr": Task(label="order", conditioned_on="ctr")}
ROWS = pa.table({"click": pa.array([0, 1, 1], pa.int8()), "order": pa.array([None, 0, 1], pa.int8())})


def test_a_label_that_is_not_defined_counts_as_zero() -> None:
    found = task_labels(ROWS, TASKS)
    assert found["cvr"].tolist() == [0.0, 0.0, 1.0] and found["cvr"].dtype == np.float32
    assert found["ctr"].tolist() == [0.0, 1.0, 1.0]


def test_a_task_that_is_trained_on_all_rows_needs_its_label_in_all() -> None:
    with pytest.raises(DataError, match="task `like`: label `order` is null in some rows"):
        task_labels(ROWS, {"like": Task(label="order")})


def test_groups_are_told_apart_where_columns_share_names() -> None:
    groups = {
        "is_new": np.array(["1", "0", None], object),
        "is_vip": np.array(["0", "1", "1"], object),
        "plan": np.array(["a", "b", None], object),
    }
    found = {column: values.tolist() for column, values in told_apart(groups).items()}
    assert found == {
        "is_new": ["is_new=1", "is_new=0", None],
        "is_vip": ["is_vip=0", "is_vip=1", "is_vip=1"],
        "plan": ["a", "b", None],
    }


def test_a_label_that_is_nullable_is_not_known_where_it_is_null() -> None:
    found = task_labels(ROWS, {"like": Task(label="order"), **TASKS}, ["order"])
    assert np.isnan(found["like"]).tolist() == [True, False, False] == np.isnan(found["cvr"]).tolist()
