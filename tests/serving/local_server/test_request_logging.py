"""The log of requests of a server as users start it, by both protocols."""

import re
import time

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from tests.serving.conftest import NAME, ROW, predict_request, target_at
from tests.serving.local_process import LocalProcess
from tfelc.commands.serve import app
from tfelc.core.errors import UsageError


def logged(folder):
    paths = sorted(map(str, folder.glob(f"{NAME}-*.tfrecord")))
    return [PredictionLog.FromString(record.numpy()) for record in tf.data.TFRecordDataset(paths)]


def array(proto):
    return tf.make_ndarray(proto).tolist()


def count(target):
    text = target.http.get(f"{target.rest}/monitoring/prometheus/metrics").text
    found = re.search(rf'^local_server_request_log_records{{model_name="{NAME}",outcome="logged"}} (\S+)$', text, re.M)
    return float(found[1]) if found else 0


def test_both_protocols_until_sigterm(base, tmp_path):
    folder = tmp_path / "logs"
    options = ("--request-log", str(folder), "--request-log-sample", "1")
    with LocalProcess("--base-path", str(base), "--name", NAME, *options) as process:
        target = target_at(process.rest, process.grpc)
        address = f"{target.rest}/v1/models/{NAME}/versions/2:predict"
        rest = target.http.post(address, json={"instances": [ROW] * 2}, headers={"x-request-id": "page-1"})
        request = predict_request("single", x=np.array([1.0, 2.0], np.float32))
        grpc = target.prediction.Predict(request, timeout=20, metadata=(("x-request-id", "page-2"),))
        assert target.predict(instances=[{"price": "wrong"}]).status_code == 400
        deadline = time.monotonic() + 20
        while count(target) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert count(target) == 2
        assert not logged(folder)  # nothing half-written has its name yet
        process.end()
    assert process.process.returncode == 0

    first, second = sorted(logged(folder), key=lambda log: log.log_metadata.request_origin)
    sent, answer = first.predict_log.request, first.predict_log.response
    assert (sent.model_spec.name, sent.model_spec.version.value) == (NAME, 2)
    assert array(sent.inputs["price"]) == [1.5, 1.5] and array(sent.inputs["tags"]) == [[b"a", b"b"]] * 2
    rows = rest.json()["predictions"]
    assert set(answer.outputs) == set(rows[0])
    for name, proto in answer.outputs.items():
        if isinstance(rows[0][name], float):
            assert array(proto) == pytest.approx([row[name] for row in rows], rel=1e-5), name
    assert first.log_metadata.request_origin == "page-1" and first.log_metadata.model_spec.version.value == 2
    assert second.predict_log.request == request and second.predict_log.response == grpc
    assert second.log_metadata.request_origin == "page-2"
    assert second.log_metadata.model_spec.signature_name == "single"


def test_bounds_that_contradict_each_other():
    options = ["--base-path", "/nowhere", "--request-log", "logs", "--request-log-total-mib", "1"]
    with pytest.raises(UsageError, match="--request-log-total-mib is at least --request-log-file-mib"):
        app(options, standalone_mode=False)
