"""Two workers train as one does; one that is killed ends the other, and both go on to the same weights."""

import json
import signal
import socket

import numpy as np
import pytest

from tests.support.training import SETTINGS, train
from tests.support.warm_process import WarmProcess
from tfelc.lifecycle.training.workers.cluster import Cluster

# Nothing random, which each worker draws for itself, nor what would need whole batches; 15 steps an epoch.
SAME = (
    "model.embedding_dropout=0",
    "model.architecture.dropout=0",
    "model.towers.dropout=0",
    "training.balance=dynamic",
    "training.epochs=3",
    "training.early_stopping.patience=3",
)
TASKS = ["--task", "click,buy"]

pytestmark = pytest.mark.slow


def free_addresses():
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    addresses = tuple(f"127.0.0.1:{each.getsockname()[1]}" for each in sockets)
    for each in sockets:
        each.close()
    return addresses


def both(arguments, killed=None):
    """Exit code and errors of each of two workers; the second may be killed at a moment of `killed_training`."""
    addresses, processes = free_addresses(), []
    for rank in range(2):
        environment = {"TF_CONFIG": Cluster(addresses, rank).to_text(), "TF_NUM_INTRAOP_THREADS": "1"}
        dies = killed if rank == 1 else None
        module = "tests.support.killed_training" if dies else "tfelc.commands"
        processes.append(WarmProcess(module, [*(dies or ["train"]), *TASKS, *arguments], environment))
    return [(process.returncode, printed[1]) for process in processes if (printed := process.communicate(timeout=300))]


@pytest.fixture(scope="module")
def alone(tmp_path_factory, every_kind_dataset):
    path = tmp_path_factory.mktemp("alone") / "run"
    train(every_kind_dataset, path, *SAME)
    return path


@pytest.fixture(scope="module")
def together(tmp_path_factory, every_kind_dataset):
    """A run of two workers, of whom one was killed after the first epoch, and how they ended."""
    path = tmp_path_factory.mktemp("together") / "run"
    settings = [word for setting in SAME for word in ("--set", setting)]
    given = ["--data", every_kind_dataset.path, "--config", SETTINGS, *settings]
    first = both([*given, "--run", path], killed=("judge", 1))
    return path, first, both(["--run", path, "--resume"])


def test_a_killed_worker_ends_the_other_with_one_line(together):
    _, ((code, said), (killed, _)), _ = together
    assert killed == -signal.SIGKILL and code == 1
    assert said == "error: another worker is gone; start all of them again, to go on by --resume\n"


def test_they_go_on_to_the_end(together):
    path, _, ends = together
    assert ends == [(0, ""), (0, "")]
    assert (path / "metrics.json").exists() and len(list((path / "logs").glob("events*"))) == 2


def test_weights_losses_and_metrics_are_those_of_one_worker(alone, together):
    for name in ("last", "best"):
        one, two = (np.load(path / "checkpoints" / f"{name}.npz") for path in (alone, together[0]))
        assert one.files == two.files
        for key in one.files:
            # Counts of rows and steps are those of all workers in one, and the seeds of nothing that is random.
            if not key.startswith(("metrics/", "balance/")) and key != "state":
                np.testing.assert_allclose(two[key], one[key], atol=1e-5, err_msg=key)
    one, two = (json.loads((path / "history.json").read_text())["history"] for path in (alone, together[0]))
    assert len(one) == len(two) == 3
    for before, after in zip(one, two, strict=True):
        for group in ("losses", "health"):
            assert after[group] == pytest.approx(before[group], abs=1e-5)
        for output, values in before["validation"]["metrics"].items():
            assert after["validation"]["metrics"][output] == pytest.approx(values, abs=1e-5, nan_ok=True)
