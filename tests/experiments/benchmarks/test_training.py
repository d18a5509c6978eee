import importlib.util

import pytest

from tests.support.training import SETTINGS
from tfelc.data.dataset import Dataset
from tfelc.experiments.benchmarks import training
from tfelc.experiments.benchmarks.deepctr import deepctr
from tfelc.ranker.settings import RankerSettings


@pytest.fixture(scope="module")
def arguments(every_kind_dataset):
    settings = ["training.batch_size=15", "training.balance=fixed"]
    return {
        "data": str(every_kind_dataset.path),
        "task": "click,buy",
        "settings": RankerSettings.load(SETTINGS, settings).to_dict(),
        "steps": 30,
    }


@pytest.mark.parametrize("in_memory", [False, True])
def test_rates_and_memory_are_measured(in_memory, arguments):
    found = training.epoch(in_memory=in_memory, **arguments)
    assert set(found) == {"rows_per_second", "rows_per_cpu_second", "peak_mb"}
    assert min(found.values()) > 0


@pytest.mark.skipif(importlib.util.find_spec("deepctr") is not None, reason="DeepCTR is installed")
def test_without_deepctr_there_is_no_figure(arguments):
    assert deepctr(**arguments) is None


def test_users_that_are_hashed_have_one_table_for_logs_of_any_size(tmp_path):
    paths = [training._hashed_users(training.simulated(tmp_path / str(rows), rows, users=50)) for rows in (200, 400)]
    tables = [Dataset(path).schema.table_of("user_id")[1] for path in paths]
    assert tables[0] == tables[1] and tables[0].hash_buckets == training._LARGE_USERS
