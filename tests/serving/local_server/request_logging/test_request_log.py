"""What is sampled, dropped and counted, and what models.config says of it."""

import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
import tensorflow as tf
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from tests.serving.local_server.test_config_file import entry, models
from tfelc.core.errors import ConfigError
from tfelc.serving.local_server.model_config import ModelConfig
from tfelc.serving.local_server.request_logging import request_log
from tfelc.serving.local_server.request_logging.model_logging import ModelLogging
from tfelc.serving.local_server.request_logging.request_log import RequestLog, RequestLogOptions

SERVABLE = SimpleNamespace(name="ranker", version=7)


def log_of(folder, sample=1.0, logging=None):
    config = ModelConfig("ranker", Path("/models/ranker"), logging=logging)
    manager = SimpleNamespace(models={"ranker": SimpleNamespace(config=config)})
    return RequestLog(RequestLogOptions(folder, sample), manager)


def offer(log, count=1, size=10):
    for number in range(count):
        log.offer(SERVABLE, "rank", lambda: size, f"request {number}", fill)


def fill(log):
    log.predict_log.request.model_spec.name = "ranker"


def logged(folder, pattern="*.tfrecord"):
    paths = sorted(map(str, folder.glob(pattern)))
    return [PredictionLog.FromString(record.numpy()) for record in tf.data.TFRecordDataset(paths)]


def test_the_record_says_where_it_comes_from(tmp_path):
    log = log_of(tmp_path)
    log.start()
    offer(log, 2)
    log.close()
    first, second = logged(tmp_path, "ranker-*")
    about = first.log_metadata
    assert (about.model_spec.name, about.model_spec.version.value, about.model_spec.signature_name) == (
        "ranker",
        7,
        "rank",
    )
    assert about.sampling_config.sampling_rate == 1 and list(about.saved_model_tags) == ["serve"]
    assert about.request_origin == "request 0" and second.log_metadata.request_origin == "request 1"
    assert about.timestamp_secs > 1.7e9 and first.WhichOneof("log_type") == "predict_log"
    assert log.counts() == {("ranker", "logged"): 2}


def test_a_share_of_the_requests(tmp_path):
    log = log_of(tmp_path, 0.25)
    log.start()
    offer(log, 4000)
    log.close()
    found = logged(tmp_path)
    assert 850 < len(found) < 1150  # five standard deviations of 27
    assert found[0].log_metadata.sampling_config.sampling_rate == 0.25
    assert log.counts() == {("ranker", "logged"): len(found)}


def test_nothing_is_logged_unasked(tmp_path):
    log = log_of(None)
    log.start()
    offer(log, 5)
    log.close()
    assert log.counts() == {} and list(tmp_path.iterdir()) == []


def test_what_does_not_fit_into_the_queue_is_dropped_and_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(request_log, "_MOST_WAITING", 25)
    log = log_of(tmp_path)
    offer(log, 5)  # nobody writes yet: two of ten bytes fit
    assert log.counts() == {("ranker", "dropped"): 3}
    log.start()
    log.close()
    assert log.counts() == {("ranker", "dropped"): 3, ("ranker", "logged"): 2}
    offer(log)  # too late
    assert log.counts()["ranker", "dropped"] == 4 and len(logged(tmp_path)) == 2


def test_a_record_that_cannot_be_made_does_not_end_the_writing(tmp_path):
    log = log_of(tmp_path)
    log.start()
    log.offer(SERVABLE, "rank", lambda: 1, "x", lambda _: 1 / 0)
    offer(log)
    log.close()
    assert log.counts() == {("ranker", "dropped"): 1, ("ranker", "logged"): 1}


def test_many_threads(tmp_path):
    log = log_of(tmp_path)
    log.start()
    threads = [threading.Thread(target=offer, args=(log, 100)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    assert len(logged(tmp_path)) == 800 and log.counts() == {("ranker", "logged"): 800}


@pytest.mark.parametrize(
    ("logging", "pattern"),
    [
        (ModelLogging(1.0), "server/ranker-2*"),
        (ModelLogging(1.0, "mine"), "server/mine-2*"),
        (ModelLogging(1.0, "deep/mine"), "server/deep/mine-2*"),
        (ModelLogging(1.0, "ABSOLUTE/mine"), "absolute/mine-2*"),
        (ModelLogging(0.0), None),
    ],
)
def test_the_model_s_own_configuration_wins(tmp_path, logging, pattern):
    prefix = logging.prefix.replace("ABSOLUTE", str(tmp_path / "absolute"))
    log = log_of(tmp_path / "server", 0.0 if pattern else 1.0, ModelLogging(logging.sample, prefix))
    log.start()
    offer(log, 3)
    log.close()
    assert len(logged(tmp_path, pattern) if pattern else []) == (3 if pattern else 0)
    assert len(list(tmp_path.rglob("*.tfrecord"))) == bool(pattern)


def test_a_model_that_is_to_be_logged_nowhere(tmp_path, caplog):
    log = log_of(None, logging=ModelLogging(1.0, "mine"))
    with pytest.raises(ConfigError, match="filename_prefix `mine`, which is no absolute path: give the folder with"):
        log.check([ModelConfig("ranker", Path("/m"), logging=ModelLogging(1.0, "mine"))])
    offer(log, 2)  # of a file that came later
    assert caplog.text.count("give the folder with --request-log") == 1
    assert log.counts() == {("ranker", "dropped"): 2}


def test_models_config_says_it(tmp_path):
    text = 'log_collector_config { type: "any" filename_prefix: "/logs/r" } sampling_config { sampling_rate: 0.5 }'
    [model] = models(tmp_path, entry(f"logging_config {{ {text} }}"))
    assert model.logging == ModelLogging(0.5, "/logs/r")
    assert models(tmp_path, entry())[0].logging is None
    assert models(tmp_path, entry("logging_config {}"))[0].logging == ModelLogging(0.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sampling_config { sampling_rate: 2 }", "sampling_rate is from 0 to 1. Received: 2.0"),
        ("sampling_config { per_task_sampling_configs { sampling_rate: 1 } }", "per_task_sampling_configs"),
        ("custom_logging_config {}", "custom_logging_config of logging_config is not supported"),
    ],
)
def test_what_would_be_passed_over_is_refused(tmp_path, text, words):
    with pytest.raises(ConfigError, match=words):
        models(tmp_path, entry(f"logging_config {{ {text} }}"))
