"""Versions of a model that come and go, and a manager that is looked at."""

import shutil
import time

import numpy as np

from tests.serving.conftest import NAME


def copied(base, folder, version, source=1):
    """Copies a version as a careful operator does: under another name, then renamed."""
    hidden = folder / f".copying-{version}"
    shutil.copytree(base / str(source), hidden)
    hidden.rename(folder / str(version))
    return folder / str(version)


def states(manager):
    return {version: status.state for version, status in manager.statuses(NAME).items()}


def eventually(condition, seconds=15.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come about in time")


def score(manager, **which):
    with manager.use(NAME, **which) as servable:
        return servable.version, servable.run("single", {"x": np.array([1.5], np.float32)})["y"].tolist()
