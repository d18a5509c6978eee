"""What tests of several folders share: real data, a small dataset with every kind of column, and a run over it."""

import gc
import json
import os
from pathlib import Path
from types import SimpleNamespace

import hypothesis
import pytest

pytest_plugins = ["tests.support.report_fixtures", "tests.support.scoring_fixtures"]
# As `tfelc.core.command_line` sets it: what is computed in this process is to be what a command computes.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
# Limits of time on the wall say nothing of a machine that is shared with another worker.
hypothesis.settings.register_profile("shared", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("shared")


def pytest_addoption(parser):
    parser.addoption(
        "--store-loss-curves", action="store_true", help="write the losses of test_loss_curves.py instead of comparing"
    )


def pytest_collection_modifyitems(items):
    """Files that take long go first, or a worker would be left with one of them at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session", autouse=True)
def warm_processes():
    from tests.support.warm_process import begin_warm

    with pytest.MonkeyPatch.context() as patch:
        begin_warm(patch)
        # Each full collection, such as Keras's clear_session asks for, would look through all that was imported.
        gc.collect()
        gc.freeze()
        yield


@pytest.fixture(scope="session")
def data_dir() -> Path:
    folder = os.environ.get("TFELC_DATA_DIR")
    if not folder:
        pytest.skip("TFELC_DATA_DIR is not set: no real data here")
    return Path(folder)


@pytest.fixture(scope="session")
def every_kind_dataset(tmp_path_factory):
    from tests.support.every_kind import write_every_kind_dataset
    from tests.support.made_once import made_once
    from tfelc.data.dataset import Dataset

    made = made_once(tmp_path_factory, "every_kind", lambda folder: write_every_kind_dataset(folder / "data"))
    return Dataset(made / "data")


@pytest.fixture(scope="session")
def untrained_run(tmp_path_factory, every_kind_dataset):
    from tests.support.every_kind import write_untrained_run

    return write_untrained_run(tmp_path_factory.mktemp("untrained") / "run", every_kind_dataset)


@pytest.fixture(scope="session")
def trained_run(tmp_path_factory, every_kind_dataset):
    """A run that `tfelc train` made in a process of its own, undisturbed; what it printed is in `out` and `err`."""
    from tests.support.made_once import made_once
    from tests.support.training import SETTINGS, command_process

    def make(folder):
        process = command_process(
            *("train", "--task", "click,buy", "--config", SETTINGS, "--data", every_kind_dataset.path),
            *("--run", folder / "run"),
        )
        out, err = process.communicate(timeout=900)
        assert process.returncode == 0, err
        (folder / "out").write_text(out)
        (folder / "err").write_text(err)

    folder = made_once(tmp_path_factory, "trained", make)
    return SimpleNamespace(path=folder / "run", out=(folder / "out").read_text(), err=(folder / "err").read_text())


@pytest.fixture(scope="session")
def exported(tmp_path_factory, untrained_run):
    """An export of `untrained_run`, not to be written to."""
    import pyarrow.parquet as pq

    from tests.support.made_once import made_once
    from tfelc.ranker.export.exporter import Export, export
    from tfelc.ranker.export.feature_manifest import FeatureManifest

    def make(folder):
        found = export(untrained_run, folder / "base")
        pq.write_table(found.rows, folder / "rows.parquet")
        (folder / "found.json").write_text(json.dumps([found.version, found.differences, found.rows_are_real]))

    folder = made_once(tmp_path_factory, "exported", make)
    version, differences, rows_are_real = json.loads((folder / "found.json").read_text())
    path, rows = folder / "base" / str(version), pq.read_table(folder / "rows.parquet")
    return Export(version, path, FeatureManifest.load(path), differences, rows, rows_are_real)


@pytest.fixture(scope="session")
def trained(untrained_run):
    return untrained_run.model()


@pytest.fixture(scope="session")
def recommender_run(tmp_path_factory):
    from tests.support.untrained_recommender import write_untrained_recommender

    return write_untrained_recommender(tmp_path_factory.mktemp("recommender_run"))


@pytest.fixture(scope="session")
def exported_recommender(tmp_path_factory, recommender_run):
    """An export of `recommender_run`, not to be written to."""
    from tests.support.made_once import made_once
    from tfelc.next_item.export.exporter import RecommenderExport, export_recommender
    from tfelc.next_item.export.recommender_manifest import RecommenderManifest

    def make(folder):
        found = export_recommender(recommender_run, folder / "base")
        (folder / "found.json").write_text(json.dumps([found.version, found.differences, found.histories]))

    folder = made_once(tmp_path_factory, "exported_recommender", make)
    version, differences, histories = json.loads((folder / "found.json").read_text())
    path = folder / "base" / str(version)
    return RecommenderExport(version, path, RecommenderManifest.load(path), differences, histories)


@pytest.fixture(scope="session")
def served(exported):
    from tfelc.lifecycle.export.session_runner import SessionRunner

    with SessionRunner(exported.path) as runner:
        yield runner
