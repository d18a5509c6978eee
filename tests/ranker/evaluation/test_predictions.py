import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.every_kind import every_kind_rows, every_kind_schema
from tfelc.core.errors import DataError
from tfelc.data.dataset import Dataset
from tfelc.data.dataset_writer import DatasetWriter
from tfelc.data.splits import SPLITS
from tfelc.ranker.evaluation import predictions
from tfelc.ranker.evaluation.predictions import Predictor

LONG = 2**60


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """The test split of `every_kind`, with users whose ids no float64 tells apart."""
    folder = tmp_path_factory.mktemp("predictions") / "data"
    rows = every_kind_rows(100, seed=2)
    users = [None if user is None else LONG + user for user in rows["user_id"].to_pylist()]
    rows = rows.set_column(rows.column_names.index("user_id"), "user_id", pa.array(users, pa.int64()))
    with DatasetWriter(folder, every_kind_schema(), source="predictions", seed=0) as writer:
        for split in SPLITS:
            writer.write(split, rows)
    return Dataset(folder)


@pytest.fixture(scope="module")
def model(untrained_run):
    return untrained_run.model()


@pytest.fixture(scope="module")
def found(model, dataset):
    return Predictor(model, dataset).predict("test")


@pytest.fixture(scope="module")
def table(dataset):
    return pq.read_table(dataset.files("test")[0])


def test_probabilities_are_the_rankers_in_the_order_of_the_rows(found, model, table):
    outputs = model.ranker(model.lookup.encode(table))
    click, buy = (1 / (1 + np.exp(-outputs["logits"][name].numpy())) for name in ("click", "buy"))
    for name, wanted in (("click", click), ("buy", buy), ("click_and_buy", click * buy)):
        np.testing.assert_allclose(found.outcomes[name].probabilities, wanted, rtol=1e-5)
    for name in ("click", "buy"):
        np.testing.assert_allclose(found.gates[name], outputs["gates"][name], rtol=1e-5)
    np.testing.assert_allclose(found.assignment, outputs["clusters"]["assignment"], rtol=1e-5)


def test_each_output_is_judged_on_its_own_rows_and_labels(found, table):
    clicked, bought = (table[name].to_numpy() for name in ("clicked", "bought"))
    assert list(found.outcomes) == ["click", "buy", "click_and_buy"]
    assert found.rows == 100
    for name, rows, labels in (
        ("click", np.ones(100, bool), clicked),
        ("buy", clicked == 1, bought),
        ("click_and_buy", np.ones(100, bool), clicked * bought),
    ):
        np.testing.assert_array_equal(found.outcomes[name].rows, rows)
        np.testing.assert_array_equal(found.outcomes[name].labels, labels)


def test_users_and_groups_keep_their_gaps_and_long_ids_apart(found, table):
    users = table["user_id"].to_pylist()
    assert None in users
    assert found.users.tolist() == users
    assert found.groups["newcomer"].tolist() == table["newcomer"].to_pylist()


def test_how_the_rows_are_cut_makes_no_difference(found, model, dataset, monkeypatch):
    monkeypatch.setattr(predictions, "_ROWS_AT_ONCE", 37)
    progress = []
    cut = Predictor(model, dataset).predict("test", progress.append)
    assert progress == [37, 37, 26]
    assert cut.users.tolist() == found.users.tolist()
    for name, outcome in found.outcomes.items():
        np.testing.assert_array_equal(cut.outcomes[name].labels, outcome.labels)
        np.testing.assert_allclose(cut.outcomes[name].probabilities, outcome.probabilities, rtol=1e-5)


def test_a_dataset_that_lacks_a_column_is_refused(model, tmp_path):
    columns = {name: column for name, column in every_kind_schema().columns.items() if name != "price"}
    with DatasetWriter(
        tmp_path / "data", every_kind_schema().model_copy(update={"columns": columns}), source="short", seed=0
    ) as writer:
        for split in SPLITS:
            writer.write(split, every_kind_rows(5, seed=0))
    with pytest.raises(DataError, match="column `price` of the run's schema is missing"):
        Predictor(model, Dataset(tmp_path / "data"))
