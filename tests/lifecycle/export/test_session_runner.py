"""The session path on SavedModels small enough to work out by hand."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tfelc.core.errors import ExportError
from tfelc.lifecycle.export.session_runner import SessionRunner


class Doubler(tf.Module):
    def __init__(self) -> None:
        super().__init__()
        self.factor = tf.Variable(2.0)
        words = tf.lookup.KeyValueTensorInitializer(["a", "b"], [1.0, 2.0])
        self.table = tf.lookup.StaticHashTable(words, -1.0)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "x"), tf.TensorSpec([None], tf.string, "word")])
    def score(self, x, word):
        return {"y": x * self.factor + self.table.lookup(word)}


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "1"
    module = Doubler()
    tf.saved_model.save(module, str(path), signatures={"serving_default": module.score})
    return path


def inputs(x, words):
    return {"x": np.asarray(x, np.float32), "word": np.array(words, object)}


def test_run_answers_by_name(saved):
    with SessionRunner(saved) as runner:
        out = runner.run("serving_default", inputs([1.0, 2.0, np.nan], [b"a", b"?", b"b"]))
        signature = runner.signatures["serving_default"]
    np.testing.assert_array_equal(out["y"], np.array([3.0, 3.0, np.nan], np.float32))
    assert list(signature.inputs) == ["word", "x"]
    assert signature.inputs["x"].shape == (None,)
    assert signature.inputs["word"].dtype_name == "string"
    assert signature.outputs["y"].dtype == np.float32


def test_types_are_not_cast_and_shapes_not_checked_before_the_kernels(saved):
    with SessionRunner(saved) as runner:
        with pytest.raises(tf.errors.InvalidArgumentError, match="Type mismatch"):
            runner.run("serving_default", {"x": np.array([1], np.int64), "word": np.array([b"a"], object)})
        with pytest.raises(tf.errors.InvalidArgumentError, match="Incompatible shapes"):
            runner.run("serving_default", inputs([1.0, 2.0], [b"a", b"b", b"a"]))
        with pytest.raises(KeyError):
            runner.run("serving_default", {"x": np.array([1.0], np.float32)})


def test_a_closed_runner_answers_no_more(saved):
    runner = SessionRunner(saved)
    runner.close()
    with pytest.raises(KeyError):
        runner.run("serving_default", inputs([1.0], [b"a"]))


def test_a_broken_file_is_named(tmp_path):
    with pytest.raises(ExportError, match="not a SavedModel"):
        SessionRunner(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"\x00garbage")
    with pytest.raises(ExportError, match=str(tmp_path)):
        SessionRunner(tmp_path)


def test_a_run_that_takes_too_long_is_cut_off(tmp_path):
    class Endless(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([1], tf.int64, "steps")])
        def count(self, steps):
            return {"counted": tf.while_loop(lambda done: done[0] < steps[0], lambda done: [done + 1], [steps * 0])[0]}

    module = Endless()
    tf.saved_model.save(module, str(tmp_path / "1"), signatures=module.count)
    with SessionRunner(tmp_path / "1", timeout=0.2) as runner:
        with pytest.raises(tf.errors.DeadlineExceededError):
            runner.run("serving_default", {"steps": np.array([10**12])})
        assert runner.run("serving_default", {"steps": np.array([3])})["counted"].tolist() == [3]
