import shutil

import pytest

from tests.support.command import call
from tests.support.sibling import write_sibling

# What a person may call a folder, and HTML, a shell or a formula would read otherwise.
NAME = 'a <b>&amp; "$x$" run'


@pytest.fixture(scope="session")
def plain_run(tmp_path_factory, every_kind_dataset):
    """A run without clusters, on the data of `trained_run`, that has not finished an epoch."""
    from tests.support.every_kind import write_untrained_run

    path = tmp_path_factory.mktemp("plain") / "plain"
    return write_untrained_run(path, every_kind_dataset, ("click", "buy"), "model.clusters.num_clusters=0").path


@pytest.fixture(scope="session")
def ranker_page(tmp_path_factory, trained_run, plain_run):
    """The report of `trained_run`, under a name of its own, against `plain_run` and beside a sibling."""
    folder = tmp_path_factory.mktemp("page")
    shutil.copytree(trained_run.path, folder / NAME)
    sibling = write_sibling(trained_run.path, folder / "sibling", 0.05, "model.clusters.alpha=2")
    arguments = ("--against", plain_run, "--sensitivity", sibling, "--out", folder / "report.html")
    outcome = call("report", "--run", folder / NAME, *arguments)
    assert outcome.code == 0, outcome.err
    return folder / "report.html"


@pytest.fixture(scope="session")
def sequence_run(tmp_path_factory):
    """A small finished next-item run with clusters; `sasrec` beside it has none."""
    from tests.support.sequence_training import SMALL, finished, write_sequences

    folder = tmp_path_factory.mktemp("sequences")
    source = write_sequences(folder / "small.txt")
    finished(folder / "run", source, *SMALL, "model.clusters.num_clusters=4")
    finished(folder / "sasrec", source, *SMALL, "model.name=sasrec")
    return folder / "run"
