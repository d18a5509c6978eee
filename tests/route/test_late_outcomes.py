"""Orders that come late, from a raw log to a judged ranker: one tiny training, and one that goes on from it."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import tfelc
from tests.support.late_log import DAY, late_log, late_schema
from tests.support.training import SETTINGS, create
from tfelc.core.errors import UsageError
from tfelc.data.dataset import Dataset
from tfelc.data.log_preparation import prepare
from tfelc.data.row_groups import RowGroupReader
from tfelc.features.fit import fit_features
from tfelc.metrics.auc import auc
from tfelc.ranker.data.batches import Batches
from tfelc.ranker.data.outcomes import Outcomes
from tfelc.ranker.models.ranking_model import RankingModel
from tfelc.ranker.settings import RankerSettings
from tfelc.ranker.yardsticks.flat_table import FlatTables
from tfelc.schema.task_chain import select_tasks

TASKS = ["ctr", "cvr"]
CHANGES = (
    "training.epochs=2",
    "training.batch_size=200",
    "training.balance.name=fixed",
    "model.clusters.num_clusters=0",
    "optimizer.average=0",
    "optimizer.learning_rate=0.03",
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("late")
    prepare(late_schema("weight"), late_log(), folder / "data")
    return Dataset(folder / "data")


@pytest.fixture(scope="module")
def rows(data: Dataset) -> pd.DataFrame:
    """The training rows, and what is known of them."""
    columns = ["time", "click", "order", "ordered_at"]
    rows = pd.concat(table.to_pandas() for table in data.tables("train", columns))
    return rows.assign(age=late_log()["time"].max() - rows["time"])


def test_batches_mark_what_may_still_come(data: Dataset, rows: pd.DataFrame) -> None:
    reader = RowGroupReader(data.files("train"), list(data.schema.features), 0).tables(0)
    lookup = RankingModel.build(data.schema, fit_features(data.schema, reader), TASKS, RankerSettings()).lookup
    batches = Batches(data, "train", lookup, TASKS, batch_size=10_000).epoch(0, shuffle=False)
    ((_, labels),) = batches.as_numpy_iterator()
    assert np.array_equal(labels["ctr"], rows["click"])
    cvr, waits = labels["cvr"], (rows["order"] == 0) & (rows["age"] < 7 * DAY)
    assert np.array_equal(cvr[~waits], rows["order"][~waits], equal_nan=True) and waits.sum() > 500
    assert (cvr[waits] <= 0).all() and (cvr[waits] > -1).all()
    # Of those that come within 7 days at 3 days' mean, so many come later than a row's age.
    left = (np.exp(-rows["age"] / (3 * DAY)) - np.exp(-7 / 3)) / (1 - np.exp(-7 / 3))
    np.testing.assert_allclose(-cvr[waits], left[waits], atol=0.09)


def test_simple_models_beside_it_learn_from_mature_rows_alone(data: Dataset, rows: pd.DataFrame) -> None:
    tables = FlatTables(data, data.schema, select_tasks(data.schema, TASKS, {}), TASKS, 10**6)
    mature = (rows["age"] >= 7 * DAY).to_numpy()
    judged = {name: known for name, (known, _) in tables.train.outcomes.items()}
    assert judged["ctr"].all()
    # But for rows so old that all of the delays seen are shorter.
    assert not judged["cvr"][rows["age"] < 6 * DAY].any() and not judged["ctcvr"][rows["age"] < 6 * DAY].any()
    assert judged["ctcvr"][mature].all()
    assert np.array_equal(judged["cvr"][mature], rows["click"][mature] == 1)


def test_joint_outcomes_of_young_rows_are_not_judged_by_their_zeros(data: Dataset) -> None:
    tasks = select_tasks(data.schema, TASKS, {})
    found = Outcomes.read(data, data.schema, tasks, "test")
    known, labels = found.judged(TASKS)["ctcvr"]
    mature = data.manifest.metadata["delays"]["order"]["mature"]["test"]
    assert known.sum() == mature < len(known)
    assert np.array_equal(labels[known], (found.labels["ctr"] * found.labels["cvr"])[known])


@pytest.fixture(scope="module")
def ranker(tmp_path_factory: pytest.TempPathFactory) -> Any:
    settings = RankerSettings.load(SETTINGS, CHANGES)
    made = tfelc.Ranker(late_schema("weight"), TASKS, settings)
    return made.fit(late_log(), progress=False)


def test_a_ranker_is_fitted_to_a_frame_and_judged_on_mature_rows(ranker: Any) -> None:
    log = late_log()
    found, scores = ranker.evaluate(log)["metrics"], ranker.predict(log)
    mature = (log["time"].max() - log["time"] >= 7 * DAY).to_numpy()
    within = (log["ordered_at"] - log["time"] <= 7 * DAY).fillna(False).to_numpy(bool)
    for output, rows in (("cvr", mature & (log["click"] == 1).to_numpy()), ("ctcvr", mature)):
        assert found[output]["auc"] == pytest.approx(auc(within[rows], scores[output][rows]), abs=1e-5)
        assert found[output]["auc"] > 0.6


def test_a_training_goes_on_from_it(ranker: Any) -> None:
    again = tfelc.Ranker(late_schema("drop"), TASKS, ranker.settings)
    again.fit(late_log(seed=1), progress=False, warm_start=ranker.run.path)
    assert again.run.metadata["warm_start"]["vocabularies"] is not None
    assert again.evaluate()["metrics"]["cvr"]["auc"] > 0.6


def test_a_ranking_term_is_refused_beside_weights(data: Dataset, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="training.ranking compares what came .* of task `cvr`"):
        create(data, tmp_path / "ranked", *CHANGES, "training.ranking=listwise", tasks=TASKS)
