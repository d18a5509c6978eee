"""The index beside NumPy, and its library in processes where something else was there first."""

import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from tfelc.next_item.export import top_k_index
from tfelc.next_item.export.top_k_index import TopKIndex


@pytest.mark.parametrize(("kind", "block"), [("brute_force", 0), ("streaming", 1), ("streaming", 7), ("streaming", 99)])
def test_it_ranks_as_numpy_does_and_breaks_ties_by_number(monkeypatch, kind, block):
    monkeypatch.setattr(top_k_index, "_BLOCK", block)
    random = np.random.default_rng(2)
    # Small whole numbers: their sums are exact, and many are equal.
    candidates = random.integers(-2, 3, (40, 3)).astype(np.float32)
    vectors = random.integers(-2, 3, (9, 3)).astype(np.float32)
    index = TopKIndex(candidates, kind)
    signature = [{"embedding": tf.TensorSpec([None, 3])}, tf.TensorSpec([], tf.int32)]
    top = tf.function(index.top, input_signature=signature)
    exact = vectors @ candidates.T
    order = np.argsort(-exact, axis=1, kind="stable")
    for k in (1, 5, 40):
        scores, numbers = top({"embedding": vectors}, k)
        np.testing.assert_array_equal(numbers, order[:, :k] + 1)
        np.testing.assert_array_equal(scores, np.take_along_axis(exact, order[:, :k], axis=1))


def fresh(program, **environment):
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": ".", **environment},
    )


def test_a_scann_that_does_not_load_is_left_alone(tmp_path):
    (tmp_path / "scann").mkdir()
    (tmp_path / "scann" / "__init__.py").write_text("raise RuntimeError('undefined symbol')")
    made = fresh(
        "from tfelc.core.tensorflow_start import load_tensorflow; load_tensorflow()\n"
        "import os, numpy, sys; from tfelc.next_item.export.top_k_index import TopKIndex\n"
        "TopKIndex(numpy.ones((4, 2), numpy.float32)); TopKIndex(numpy.ones((4, 2), numpy.float32))\n"
        "assert 'scann' not in sys.modules and 'TF_USE_LEGACY_KERAS' not in os.environ",
        PYTHONPATH=f".{os.pathsep}{tmp_path}",
    )
    assert made.returncode == 0, made.stderr


def test_a_process_that_used_keras_3_by_its_old_name_is_told_so():
    made = fresh(
        "from tfelc.core.tensorflow_start import load_tensorflow; load_tensorflow()\n"
        "import numpy, tensorflow; tensorflow.keras.layers; from tfelc.next_item.export.top_k_index import TopKIndex\n"
        "TopKIndex(numpy.ones((4, 2), numpy.float32))"
    )
    assert "start it with TF_USE_LEGACY_KERAS=1" in made.stderr.splitlines()[-1]
