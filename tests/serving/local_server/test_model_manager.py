"""Versions that come, go and break, watched by a manager in this process."""

import errno
import os
import shutil
import threading
import time

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from tests.serving.conftest import NAME, predict_request
from tfelc.serving.local_server import served_model, version_folders
from tfelc.serving.local_server.model_config import ModelConfig
from tfelc.serving.local_server.model_manager import ModelManager
from tfelc.serving.local_server.serving_error import ServingError
from tfelc.serving.local_server.version_folders import why_empty


def copied(base, folder, version, source=1):
    """Copies a version as a careful operator does: under another name, then renamed."""
    hidden = folder / f".copying-{version}"
    shutil.copytree(base / str(source), hidden)
    hidden.rename(folder / str(version))
    return folder / str(version)


def warmed(path, *requests):
    extra = path / "assets.extra"
    extra.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(extra / "tf_serving_warmup_requests")) as writer:
        for request in requests:
            log = prediction_log_pb2.PredictionLog()
            log.predict_log.request.CopyFrom(request)
            writer.write(log.SerializeToString())


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / NAME
    path.mkdir()
    return path


@pytest.fixture
def manager():
    made = ModelManager(poll=0.02)
    yield made
    made.close()


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


def code_of(call):
    with pytest.raises(ServingError) as caught:
        call()
    return caught.value.code


def test_a_new_version_takes_over_and_the_old_one_goes(base, folder, manager):
    copied(base, folder, 1)
    manager.start([ModelConfig(NAME, folder)])
    assert score(manager) == (1, [3.0])
    copied(base, folder, 2, source=2)
    eventually(lambda: states(manager) == {2: "AVAILABLE", 1: "END"})
    assert score(manager) == (2, [3.0])
    assert code_of(lambda: score(manager, version=1)) == grpc.StatusCode.NOT_FOUND


def test_the_old_version_stays_for_those_who_still_use_it(base, folder, manager):
    copied(base, folder, 1)
    manager.start([ModelConfig(NAME, folder)])
    with manager.use(NAME) as servable:
        copied(base, folder, 2)
        eventually(lambda: states(manager).get(2) == "AVAILABLE")
        eventually(lambda: states(manager)[1] == "UNLOADING")
        assert servable.run("single", {"x": np.array([2.0], np.float32)})["y"].tolist() == [4.0]
        assert states(manager)[1] == "UNLOADING"
    eventually(lambda: states(manager)[1] == "END")


def test_somebody_always_answers_while_versions_change(base, folder, manager):
    copied(base, folder, 1)
    manager.start([ModelConfig(NAME, folder)])
    failures, answers, ended = [], [], threading.Event()

    def ask():
        while not ended.is_set():
            try:
                answers.append(score(manager)[0])
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for version in (2, 3):
        copied(base, folder, version)
        eventually(lambda version=version: states(manager).get(version) == "AVAILABLE")
    eventually(lambda: answers[-1] == 3)
    ended.set()
    for thread in threads:
        thread.join()
    assert not failures
    assert set(answers) == {1, 2, 3}


@pytest.mark.parametrize("fault", ["garbage", "no variables", "empty", "truncated variables"])
def test_a_broken_version_never_replaces_a_working_one_and_is_tried_again_once_mended(base, folder, manager, fault):
    copied(base, folder, 1)
    manager.start([ModelConfig(NAME, folder)])
    broken = folder / "2"
    if fault == "empty":
        broken.mkdir()
    else:
        hidden = folder / ".half"
        shutil.copytree(base / "2", hidden)
        if fault == "garbage":
            (hidden / "saved_model.pb").write_bytes(b"\x08\x01garbage" * 1000)
        elif fault == "no variables":
            shutil.rmtree(hidden / "variables")
        else:
            data = next((hidden / "variables").glob("*.data*"))
            data.write_bytes(data.read_bytes()[:-8])
        hidden.rename(broken)
    eventually(lambda: states(manager).get(2) == "END")
    assert score(manager)[0] == 1
    status = manager.statuses(NAME, 2)[2]
    assert status.code != grpc.StatusCode.OK and status.message
    assert states(manager)[1] == "AVAILABLE"
    shutil.copytree(base / "2", broken, dirs_exist_ok=True)
    eventually(lambda: states(manager) == {2: "AVAILABLE", 1: "END"})


def test_warm_up_requests_run_before_the_version_answers(base, folder, manager):
    path = copied(base, folder, 1)
    warmed(path, predict_request("single", x=np.array([1.0], np.float32)))
    manager.start([ModelConfig(NAME, folder)])
    assert score(manager)[0] == 1


@pytest.mark.parametrize(
    "request_of",
    [
        lambda: predict_request("single", gone=np.array([1.0], np.float32)),
        lambda: predict_request("absent", x=np.array([1.0], np.float32)),
        lambda: predict_request("single", x=np.array([1], np.int64)),
    ],
)
def test_a_stale_warm_up_file_keeps_the_version_from_coming_up(base, folder, manager, request_of):
    copied(base, folder, 1)
    manager.start([ModelConfig(NAME, folder)])
    hidden = folder / ".stale"
    shutil.copytree(base / "2", hidden)
    warmed(hidden, request_of())
    hidden.rename(folder / "2")
    eventually(lambda: states(manager).get(2) == "END")
    assert score(manager)[0] == 1


def test_a_warm_up_file_that_is_none(base, folder, manager):
    path = copied(base, folder, 1)
    (path / "assets.extra").mkdir()
    (path / "assets.extra" / "tf_serving_warmup_requests").write_bytes(b"not records at all" * 10)
    manager.start([ModelConfig(NAME, folder)])
    assert states(manager) == {1: "END"}
    assert code_of(lambda: score(manager)) == grpc.StatusCode.NOT_FOUND


def test_a_version_removed_while_serving(base, folder, manager):
    copied(base, folder, 1)
    copied(base, folder, 2)
    manager.start([ModelConfig(NAME, folder)])
    assert score(manager)[0] == 2
    shutil.rmtree(folder / "2")
    eventually(lambda: states(manager) == {2: "END", 1: "AVAILABLE"})
    assert score(manager)[0] == 1
    shutil.rmtree(folder / "1")
    eventually(lambda: states(manager)[1] == "END")
    assert code_of(lambda: score(manager)) == grpc.StatusCode.NOT_FOUND
    copied(base, folder, 3)
    eventually(lambda: states(manager).get(3) == "AVAILABLE")


def test_names_that_are_no_version_are_passed_over(base, folder, manager):
    copied(base, folder, 1)
    for name in ("latest", "-3", ".hidden", "4.0", "٣", "9" * 30):
        (folder / name).mkdir()
    (folder / "9").write_text("a file")
    manager.start([ModelConfig(NAME, folder)])
    assert states(manager) == {1: "AVAILABLE"}


def test_policies(base, folder, manager):
    for version in (1, 2, 3):
        copied(base, folder, version)
    manager.start([ModelConfig(NAME, folder, "specific", versions=(1, 3))])
    assert states(manager) == {3: "AVAILABLE", 1: "AVAILABLE"}
    manager.reload([ModelConfig(NAME, folder, count=2)])
    eventually(lambda: states(manager) == {3: "AVAILABLE", 2: "AVAILABLE", 1: "END"})
    manager.reload([ModelConfig(NAME, folder, "all")])
    assert states(manager) == {3: "AVAILABLE", 2: "AVAILABLE", 1: "AVAILABLE"}


def test_labels_move_only_to_versions_that_answer(base, folder, manager):
    copied(base, folder, 1)
    copied(base, folder, 2)
    stable = ModelConfig(NAME, folder, "all", labels={"stable": 1})
    # As in TensorFlow Serving: labels are looked at before anything is loaded.
    assert code_of(lambda: manager.start([stable])) == grpc.StatusCode.FAILED_PRECONDITION
    manager.start([ModelConfig(NAME, folder, "all")])
    manager.reload([stable])
    assert score(manager, label="stable")[0] == 1
    assert code_of(lambda: score(manager, label="canary")) == grpc.StatusCode.INVALID_ARGUMENT
    wrong = ModelConfig(NAME, folder, "all", labels={"stable": 9})
    assert code_of(lambda: manager.reload([wrong])) == grpc.StatusCode.FAILED_PRECONDITION
    assert score(manager, label="stable")[0] == 1
    manager.reload([ModelConfig(NAME, folder, "all", labels={"stable": 2, "canary": 1})])
    assert score(manager, label="stable")[0] == 2
    assert score(manager, label="canary")[0] == 1


def test_labels_may_wait_where_that_is_allowed(base, folder):
    copied(base, folder, 1)
    manager = ModelManager(poll=0.02, labels_may_wait=True)
    try:
        manager.start([ModelConfig(NAME, folder, "all", labels={"next": 2})])
        assert code_of(lambda: score(manager, label="next")) == grpc.StatusCode.NOT_FOUND
        copied(base, folder, 2)
        eventually(lambda: states(manager).get(2) == "AVAILABLE")
        assert score(manager, label="next")[0] == 2
    finally:
        manager.close()


def test_a_label_in_use_moves_only_to_a_version_that_answers_even_where_labels_may_wait(base, folder):
    copied(base, folder, 1)
    manager = ModelManager(poll=0.02, labels_may_wait=True)
    try:
        manager.start([ModelConfig(NAME, folder, "all", labels={"stable": 1})])
        moved = ModelConfig(NAME, folder, "all", labels={"stable": 2})
        assert code_of(lambda: manager.reload([moved])) == grpc.StatusCode.FAILED_PRECONDITION
        assert score(manager, label="stable")[0] == 1
        copied(base, folder, 2)
        eventually(lambda: states(manager).get(2) == "AVAILABLE")
        manager.reload([moved])
        assert score(manager, label="stable")[0] == 2
    finally:
        manager.close()


def test_a_version_is_listed_in_one_step_and_labeled_in_the_next(base, folder, manager):
    for version in (1, 2):
        copied(base, folder, version)
    manager.start([ModelConfig(NAME, folder, "specific", versions=(2,))])
    both = ModelConfig(NAME, folder, "specific", versions=(1, 2), labels={"stable": 1})
    assert code_of(lambda: manager.reload([both])) == grpc.StatusCode.FAILED_PRECONDITION
    assert states(manager) == {2: "AVAILABLE"}
    manager.reload([ModelConfig(NAME, folder, "specific", versions=(1, 2))])
    manager.reload([both])
    assert score(manager, label="stable")[0] == 1


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


def test_models_are_added_and_taken_away(base, folder, manager):
    copied(base, folder, 1)
    manager.start([ModelConfig(NAME, folder)])
    manager.reload([ModelConfig("other", folder)])
    assert code_of(lambda: score(manager)) == grpc.StatusCode.NOT_FOUND
    with manager.use("other") as servable:
        assert servable.name == "other"
