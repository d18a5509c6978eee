"""What a file system does to the folders of versions."""

import errno
import os
import shutil
import time

import numpy as np
import pytest

from tests.serving.conftest import NAME
from tests.serving.version_tools import copied, eventually, score, states
from tfelc.serving.local_server import served_model, version_folders
from tfelc.serving.local_server.model_config import ModelConfig
from tfelc.serving.local_server.version_folders import why_empty


def test_version_names_are_read_as_tensorflow_serving_reads_them(base, folder, manager):
    for source, name in ((1, "00000123"), (2, "007"), (1, "7")):
        shutil.copytree(base / str(source), folder / name)
    manager.start([ModelConfig(NAME, folder, "all")])
    assert states(manager) == {123: "AVAILABLE", 7: "AVAILABLE"}
    with manager.use(NAME, version=7) as servable:
        assert servable.path == folder / "7"


def test_a_failed_version_that_is_deleted_while_it_is_looked_at(base, folder, manager, monkeypatch):
    copied(base, folder, 1)
    manager.start([ModelConfig(NAME, folder)])
    real, deleted = os.walk, []

    def walk(path):
        for found in real(path):
            shutil.rmtree(folder / "9", ignore_errors=True)
            deleted.append(path)
            yield found

    monkeypatch.setattr(version_folders.os, "walk", walk)
    (folder / ".broken" / "variables").mkdir(parents=True)
    (folder / ".broken").rename(folder / "9")
    eventually(lambda: deleted)
    copied(base, folder, 2)
    eventually(lambda: states(manager).get(2) == "AVAILABLE")


@pytest.mark.parametrize("code", [errno.EIO, errno.EACCES, errno.ESTALE])
def test_a_folder_that_cannot_be_read_changes_nothing(base, folder, manager, monkeypatch, caplog, code):
    copied(base, folder, 1)
    manager.start([ModelConfig(NAME, folder)])
    model, real = manager.models[NAME], os.listdir

    def listdir(path):
        raise OSError(code, os.strerror(code), str(path))

    monkeypatch.setattr(version_folders.os, "listdir", listdir)
    eventually(lambda: model.failed_looks > 2)
    assert states(manager) == {1: "AVAILABLE"} and score(manager)[0] == 1
    assert os.strerror(code) in model.problem and str(folder) in model.problem
    looked = model.last_look
    assert sum("what is served stays" in record.message for record in caplog.records) == 1
    monkeypatch.setattr(version_folders.os, "listdir", real)
    eventually(lambda: model.last_look > looked)
    assert model.problem == ""


def test_a_version_that_failed_through_no_fault_of_its_files_is_tried_again(folder, monkeypatch):
    (folder / "1").mkdir()
    (folder / "1" / "saved_model.pb").write_bytes(b"as good as ever")
    calls, faults = [], [OSError(errno.EIO, "Input/output error")] * 3

    def load(name, version, path):
        calls.append(time.monotonic())
        if faults:
            raise faults.pop()
        return "a servable"

    monkeypatch.setattr(served_model, "FIRST_PAUSE", 0.1)
    model = served_model.ServedModel(ModelConfig(NAME, folder), load)
    model.look()
    model.look()
    assert len(calls) == 1 and model.statuses()[1].state == "END"
    deadline = time.monotonic() + 10
    while not model.answers and time.monotonic() < deadline:
        model.look()
        time.sleep(0.01)
    assert model.answers and len(calls) == 4
    pauses = np.diff(calls)
    assert pauses[0] >= 0.1 and pauses[1] >= 0.2 and pauses[2] >= 0.4


def test_the_right_base_path_is_named(base, folder):
    assert why_empty(base / "1") == f"{base / '1'} is a version folder; its base is {base}"
    assert why_empty(base.parent) == f"{base.parent} holds no versions, but its folder holds them: {base}"
    assert why_empty(folder / "absent") == f"{folder / 'absent'}: No such file or directory"
    assert "named by a whole number" in why_empty(folder)
