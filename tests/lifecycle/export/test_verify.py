"""Exports small enough to work out by hand, verified in a fresh process."""

import numpy as np
import pytest
import tensorflow as tf

from tfelc.core.errors import ExportError
from tfelc.lifecycle.export.request_log import LoggedRequest, read_requests, write_requests
from tfelc.lifecycle.export.session_runner import SessionRunner
from tfelc.lifecycle.export.verify import compare, verify
from tfelc.lifecycle.export.warmup import WARMUP_FILE, write_warmup


class Score(tf.Module):
    def __init__(self):
        super().__init__()
        self.factor = tf.Variable(2.0)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "x"), tf.TensorSpec([None], tf.string, "word")])
    def score(self, x, word):
        return {"y": x * self.factor, "length": tf.strings.length(word)}


@pytest.fixture(scope="module")
def version(tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "1"
    module = Score()
    tf.saved_model.save(module, str(path), signatures={"serving_default": module.score})
    return path


def request(x, words, y=None, length=None):
    outputs = {} if y is None else {"y": np.array(y, np.float32), "length": np.array(length, np.int32)}
    return LoggedRequest("serving_default", {"x": np.array(x, np.float32), "word": np.array(words, object)}, outputs)


def test_requests_survive_the_file(tmp_path):
    written = request([1.5, np.nan], [b"\x00a\x00", b""], [3.0, np.inf], [3, 0])
    write_requests(tmp_path / "log", [written, request([], [])])
    first, second = read_requests(tmp_path / "log")
    assert first.signature == "serving_default"
    for mine, theirs in ((first.inputs, written.inputs), (first.outputs, written.outputs)):
        assert set(mine) == set(theirs)
        for name, array in theirs.items():
            assert mine[name].dtype == array.dtype
            np.testing.assert_array_equal(mine[name], array)
    assert second.inputs["x"].shape == (0,)
    assert second.outputs == {}


def test_a_damaged_file_of_requests_is_named(tmp_path):
    write_requests(tmp_path / "log", [request([1.0], [b"a"])])
    content = bytearray((tmp_path / "log").read_bytes())
    content[20] ^= 1
    (tmp_path / "log").write_bytes(content)
    with pytest.raises(ExportError, match="log: not a readable"):
        list(read_requests(tmp_path / "log"))


def test_an_export_that_answers_as_expected_passes_in_a_fresh_process(version):
    write_warmup(version, [request([1.0], [b"a"], [2.0], [1]), request([1.0] * 64, [b"a"] * 64)])
    assert [len(record.inputs["x"]) for record in read_requests(version / WARMUP_FILE)] == [1, 64]
    assert [record.outputs for record in read_requests(version / WARMUP_FILE)] == [{}, {}]
    found = verify(version, [request([1.0], [b"ab"], [2.0], [2]), request([], [], [], [])])
    assert found == {"serving_default": {"length": 0.0, "y": 0.0}}


def test_an_export_that_answers_otherwise_fails_with_one_line(version):
    wrong = request([1.0, 2.0], [b"a", b"b"], [2.0, 4.1], [1, 1])
    with pytest.raises(ExportError) as failure:
        verify(version, [wrong])
    assert str(failure.value) == (
        "the export could not be verified: signature `serving_default`, output `y`: row 1 is 4, "
        "the trained model says 4.1 "
        "(largest difference 0.1, allowed 4.1e-05)"
    )


def test_a_failing_warm_up_record_fails_the_export(tmp_path):
    module = Score()
    tf.saved_model.save(module, str(tmp_path), signatures={"serving_default": module.score})
    bad = LoggedRequest("serving_default", {"x": np.array([1.0], np.float32), "word": np.array([1], np.int64)})
    write_warmup(tmp_path, [bad])
    with pytest.raises(ExportError, match="`serving_default` fails"):
        verify(tmp_path, [])


@pytest.mark.parametrize(
    ("logged", "words"),
    [
        (request([1.0], [b"a"], [2.0 + 1e-4], [1]), "output `y`: row 0"),
        (request([1.0], [b"a"], [2.0], [7]), "output `length`: row 0 is 1, the trained model says 7"),
        (request([1.0], [b"a"], [[2.0]], [1]), "shape"),
        (request([np.nan], [b"a"], [np.nan], [1]), "output `y`: row 0 is nan"),
        (request([1.0], [b"a"]), "gives"),
        (LoggedRequest("rank", {}), "lacks"),
    ],
)
def test_every_kind_of_difference_is_found(version, logged, words):
    with SessionRunner(version) as runner, pytest.raises(ExportError, match=words):
        compare(runner, [logged])


def test_a_difference_within_the_tolerance_is_reported(version):
    with SessionRunner(version) as runner:
        found = compare(runner, [request([1.0], [b"a"], [2.0 + 4e-6], [1])])
    assert 3e-6 < found["serving_default"]["y"] < 5e-6


def test_more_records_than_the_server_takes_are_refused(tmp_path):
    with pytest.raises(ValueError, match="1000"):
        write_warmup(tmp_path, [request([1.0], [b"a"])] * 1001)
