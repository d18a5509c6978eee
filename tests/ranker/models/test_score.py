import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tfelc.core.expression import Expression
from tfelc.ranker.models.score import score_of, unsteady_scores
from tfelc.schema.score import LAST_SCORE as LAST

FORMULAS = [
    "a * b ** 0.5 - 2 * c",
    "max(a, log(b)) / (c - 0.5)",
    "sqrt(a - b) + exp(3 * c)",
    "-min(a, 0.25) ** 2",
    "7",
    "min(log(a - 0.5), c) + max(b, sqrt(c - 0.5))",
]
# No finer, since TensorFlow takes differences below 1e-38 for 0, and NumPy does not.
SHARES = st.lists(st.tuples(*[st.integers(0, 1000).map(lambda number: number / 1000)] * 3), min_size=1, max_size=5)


@pytest.mark.parametrize("text", FORMULAS)
@settings(max_examples=15, deadline=None)
@given(rows=SHARES)
def test_the_graph_computes_what_batch_scoring_does(text, rows):
    values = dict(zip("abc", np.array(rows, np.float32).T, strict=True))
    formula = Expression(text, list("abc"))
    in_graph = score_of(formula, {name: tf.constant(each) for name, each in values.items()}).numpy()
    expected = formula(values)
    assert np.isfinite(in_graph).all()
    np.testing.assert_array_equal(in_graph <= LAST, np.isneginf(expected))
    there = np.isfinite(expected)
    np.testing.assert_allclose(in_graph[there], expected[there], rtol=1e-6, atol=1e-9)


def test_what_is_too_large_is_not_infinite():
    formula = Expression("exp(a) * -exp(b)", ["a", "b"])
    found = score_of(formula, {"a": tf.constant([500.0, 1000.0, 81.0]), "b": tf.constant([0.0, 0.0, -1.0])}).numpy()
    assert found[:2].tolist() == [LAST, LAST] and found[2] == pytest.approx(-np.exp(80.0), rel=1e-5)
    assert score_of(Expression("exp(a)", ["a"]), {"a": tf.constant([500.0])}).numpy().tolist() == [-LAST]


def test_a_score_that_jumps_is_unsteady():
    outputs = {"a": np.array([0.5, 0.5, 0.2, 0.3], np.float32), "b": np.array([0.5, 0.1, 0.9, 0.0], np.float32)}
    assert unsteady_scores(Expression("sqrt(a - b)", ["a", "b"]), outputs).tolist() == [True, False, False, False]
    assert unsteady_scores(Expression("a / b", ["a", "b"]), outputs).tolist() == [False] * 4
    assert not unsteady_scores(Expression("a * b - 2", ["a", "b"]), outputs).any()
