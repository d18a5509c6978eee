"""TensorFlow Serving's text files, read and refused."""

import pytest

from tfelc.core.errors import ConfigError
from tfelc.serving.local_server.batcher import BatchingOptions
from tfelc.serving.local_server.config_file import read_batching, read_models, read_monitoring


def written(tmp_path, text):
    path = tmp_path / "file.config"
    path.write_text(text)
    return path


def entry(inner="", name="ranker", base="/models/ranker"):
    return f'config {{ name: "{name}" base_path: "{base}" {inner} }}'


def models(tmp_path, *entries):
    return read_models(written(tmp_path, f"model_config_list {{ {' '.join(entries)} }}"))


def test_models(tmp_path):
    [plain] = models(tmp_path, entry('model_platform: "tensorflow"'))
    assert (plain.name, str(plain.base_path), plain.policy, plain.count) == ("ranker", "/models/ranker", "latest", 1)
    [specific] = models(
        tmp_path,
        entry(
            "model_version_policy { specific { versions: 3 versions: 4 } } "
            'version_labels { key: "stable" value: 3 } version_labels { key: "canary" value: 4 }'
        ),
    )
    assert specific.wanted([2, 3, 4, 5]) == [3, 4]
    assert specific.labels == {"stable": 3, "canary": 4}
    [latest] = models(tmp_path, entry("model_version_policy { latest { num_versions: 2 } }"))
    assert latest.wanted([10, 9, 2]) == [9, 10]
    assert models(tmp_path, entry("model_version_policy { all {} }"))[0].wanted([3, 1]) == [1, 3]


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([entry(name="")], "name"),
        ([entry(base="")], "base_path"),
        ([entry(base="models/ranker")], "absolute path"),
        ([entry(), entry()], "multiple times"),
        ([entry('model_platform: "caffe"')], "caffe"),
        ([entry("model_version_policy { specific {} }")], "names no version"),
        ([entry("color: 3")], "color"),
    ],
)
def test_models_that_are_refused(tmp_path, entries, words):
    with pytest.raises(ConfigError, match=words):
        models(tmp_path, *entries)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(ConfigError, match="no such file"):
        read_models(tmp_path / "absent")
    with pytest.raises(ConfigError, match="not supported"):
        read_models(written(tmp_path, ""))


def test_batching(tmp_path):
    text = (
        "max_batch_size { value: 512 } batch_timeout_micros { value: 1500 } num_batch_threads { value: 2 } "
        "max_enqueued_batches { value: 7 } allowed_batch_sizes: 64 allowed_batch_sizes: 512 "
        "enable_large_batch_splitting { value: true }"
    )
    options = BatchingOptions.from_message(read_batching(written(tmp_path, text)))
    assert options == BatchingOptions(512, 0.0015, 7, 2, (64, 512), True)
    with pytest.raises(ConfigError, match="end with max_batch_size"):
        wrong = "max_batch_size { value: 9 } allowed_batch_sizes: 8"
        BatchingOptions.from_message(read_batching(written(tmp_path, wrong)))
    with pytest.raises(ConfigError, match="at least"):
        BatchingOptions.from_message(read_batching(written(tmp_path, "max_batch_size { value: 0 }")))


def test_monitoring(tmp_path):
    found = read_monitoring(written(tmp_path, 'prometheus_config { enable: true path: "/metrics" }'))
    assert found.prometheus_config.enable
    assert found.prometheus_config.path == "/metrics"
