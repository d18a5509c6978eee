"""Labels that a task of a quantity cannot have are refused by row, before training and by a table that comes later."""

import numpy as np
import pyarrow as pa
import pytest

from tests.support.valued_log import valued_content, valued_log
from tfelc.core.errors import DataError
from tfelc.data.log_preparation import prepare
from tfelc.data.unfit_labels import is_unfit
from tfelc.ranker.data.task_labels import task_labels
from tfelc.schema.schema import Schema
from tfelc.schema.task import Task


@pytest.mark.parametrize(
    ("column", "value", "fault"),
    [
        ("stars", 2.5, "column `stars`, row 4: a value must be one of the levels 1, 2, 3, 4, 5 for task `stars`"),
        ("money", -0.5, "column `money`, row 4: a value must be at least 0 for task `spend`"),
        ("size", -0.5, "column `size`, row 4: a value must be at least 0 for task `size`"),
    ],
)
def test_prepare_names_the_row(tmp_path, column, value, fault):
    log = valued_log(50).astype({"stars": float})
    log.loc[3, column] = value
    log.to_parquet(tmp_path / "log.parquet")
    with pytest.raises(DataError, match=fault):
        prepare(Schema.load(valued_content()), str(tmp_path / "log.parquet"), tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_levels_are_compared_as_the_column_holds_them():
    task = Task(label="part", kind="ordinal", levels=(0.1, 0.2))
    rows = pa.chunked_array([pa.array([0.1, None], pa.float32()), pa.array([0.2, 0.3], pa.float32())])
    assert is_unfit(rows, task).tolist() == [False, False, False, True]
    assert is_unfit(pa.array([-1, 5], pa.int64()), Task(label="part", kind="regression")).tolist() == [False, False]


def test_a_table_that_is_prepared_elsewhere_is_judged_too():
    tasks = {"stars": Task(label="stars", kind="ordinal", levels=(1, 2))}
    np.testing.assert_array_equal(task_labels(pa.table({"stars": [1.0, 2.0]}), tasks)["stars"], [1, 2])
    with pytest.raises(DataError, match="task `stars` of kind `ordinal`: a value must be one of the levels 1, 2, "):
        task_labels(pa.table({"stars": [1.0, 3.0]}), tasks)
