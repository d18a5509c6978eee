from typing import Any

import keras
import numpy as np
import pytest

from tests.layers.layer_check import check_layer
from tfelc.layers.candidate_transformer import CandidateTransformer


@pytest.fixture(autouse=True)
def _same_weights_each_time() -> None:
    keras.utils.set_random_seed(1)


def _inputs(rows: int, candidates: int | None = None) -> dict[str, Any]:
    random = np.random.default_rng(0)
    return {
        "history": random.normal(size=(rows, 4, 5)).astype("float32"),
        "valid": random.random((rows, 4)) < 0.7,
        "candidate": random.normal(size=(candidates or rows, 3)).astype("float32"),
    }


def test_keeps_the_habits_of_a_layer() -> None:
    kwargs = {"max_length": 4, "dim": 6, "num_heads": 2}
    # A bias of the keys adds the same to all the scores of a query.
    check_layer(CandidateTransformer, kwargs, _inputs(8), (8, 6), 21, every_weight_learns=False)


def test_it_is_the_last_row_of_plain_attention() -> None:
    layer, inputs = CandidateTransformer(max_length=4, dim=6, num_heads=2), _inputs(1)
    inputs["valid"][:] = [[True, False, True, True]]
    layer(inputs)
    layer.positions.assign(np.random.default_rng(1).normal(size=(5, 6)))

    def of(name: str, rows: Any) -> Any:
        dense = getattr(layer, name)
        return rows @ np.array(dense.kernel) + np.array(dense.bias)

    positions = np.array(layer.positions)
    # Three positions are there, the first of them at a distance of 3 from the candidate.
    rows = of("of_history", inputs["history"][0][[0, 2, 3]]) + positions[[3, 2, 1]]
    last = of("of_candidate", inputs["candidate"][0]) + positions[0]
    rows = np.concatenate([rows, last[None]])
    query, keys, values = of("query", last), of("key", rows), of("value", rows)
    mixed = []
    for head in (slice(0, 3), slice(3, 6)):
        scores = np.exp(keys[:, head] @ query[head] / np.sqrt(3))
        mixed.append(scores / scores.sum() @ values[:, head])
    hidden = keras.ops.layer_normalization(last + of("mixed", np.concatenate(mixed)), epsilon=1e-6)
    inner = np.array(keras.ops.gelu(of("inner", np.array(hidden)), approximate=False))
    expected = keras.ops.layer_normalization(np.array(hidden) + of("outer", inner), epsilon=1e-6)
    np.testing.assert_allclose(layer(inputs)[0], expected, rtol=1e-4, atol=1e-5)


def test_one_history_for_all_candidates_is_that_history_repeated() -> None:
    layer, inputs = CandidateTransformer(max_length=4, dim=6), _inputs(1, 7)
    repeated = {name: np.repeat(each, 7 // len(each), axis=0) for name, each in inputs.items()}
    np.testing.assert_allclose(layer(inputs), layer(repeated), rtol=1e-5, atol=1e-6)


def test_a_width_that_the_heads_cannot_share_is_refused() -> None:
    with pytest.raises(ValueError, match="`dim` must be a multiple of num_heads=2. Received: dim=5"):
        CandidateTransformer(max_length=4, dim=5)
