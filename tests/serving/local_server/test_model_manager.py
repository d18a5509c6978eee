"""Versions that come, go and break, watched by a manager in this process."""

import gc
import shutil
import threading

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from tests.serving.conftest import NAME, predict_request
from tests.serving.version_tools import copied, eventually, score, states
from tfelc.serving.local_server.model_config import ModelConfig
from tfelc.serving.local_server.model_manager import ModelManager
from tfelc.serving.local_server.serving_error import ServingError


def warmed(path, *requests):
    extra = path / "assets.extra"
    extra.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(extra / "tf_serving_warmup_requests")) as writer:
        for request in requests:
            log = prediction_log_pb2.PredictionLog()
            log.predict_log.request.CopyFrom(request)
            writer.write(log.SerializeToString())


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


def test_a_loaded_version_is_little_to_the_garbage_collector(base, folder, manager):
    # The server leaves all that is imported out of the collector's rounds; what each version adds stays in them.
    copied(base, folder, 1)
    before = len(gc.get_objects())
    manager.start([ModelConfig(NAME, folder)])
    assert len(gc.get_objects()) - before < 10_000


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


def test_models_are_added_and_taken_away(base, folder, manager):
    copied(base, folder, 1)
    manager.start([ModelConfig(NAME, folder)])
    manager.reload([ModelConfig("other", folder)])
    assert code_of(lambda: score(manager)) == grpc.StatusCode.NOT_FOUND
    with manager.use("other") as servable:
        assert servable.name == "other"
