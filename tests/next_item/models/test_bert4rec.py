"""BERT4Rec: what is hidden, what is asked, and that both sides count."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from tests.support.sequence_models import ITEMS, values
from tfelc.core.errors import ConfigError
from tfelc.losses.next_item.full_softmax import FullSoftmax
from tfelc.next_item.model_settings.bert4rec import BERT4RecSettings
from tfelc.next_item.settings import NextItemSettings


def _model(**settings: Any) -> Any:
    keras.utils.set_random_seed(0)
    encoder = {"dim": 4, "num_layers": 1, "dropout": 0, "attention_dropout": 0}
    loaded = BERT4RecSettings.model_validate({"encoder": encoder, **settings})
    model = loaded.create(ITEMS, 6, np.ones(ITEMS, np.int64), seed=1)
    random = np.random.default_rng(0)
    for weight in model.trainable_variables:
        weight.assign(random.normal(size=weight.shape) * 0.6)
    return model


def test_a_history_is_asked_for_what_is_hidden_behind_it() -> None:
    model = _model()
    history = np.array([[0, 3, 1, 4]], "int32")
    hidden = model.encoder(np.array([[0, 3, 1, 4, ITEMS + 1]], "int32"), causal=False)[:, -1]
    rows = np.array(ops.gelu(hidden @ model.projection.kernel + model.projection.bias, approximate=False))
    found = model(history)["embedding"]
    np.testing.assert_allclose(found, np.concatenate([rows, [[1.0]]], axis=1), rtol=1e-5)
    scores = np.array(found) @ np.transpose(model.candidates)
    items, biases = np.array(model.encoder.item_table)[: ITEMS + 1], np.array(model.output_bias.embeddings)[:, 0]
    np.testing.assert_allclose(scores, rows @ items.T + biases, rtol=1e-4)
    # As many as are read: the hidden item comes on top.
    assert model(np.array([[1, 2, 3, 4, 5, 6]], "int32"))["embedding"].shape == (1, 5)


def test_the_loss_is_that_of_what_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    model = _model()
    where = np.array([[False, False, True, False], [True, False, False, True]])
    monkeypatch.setattr(model.cloze, "call", lambda inputs: (ops.where(where, ITEMS + 1, inputs), where))
    items, targets = np.array([[0, 3, 1], [5, 6, 7]], "int32"), np.array([[0, 1, 4], [6, 7, 8]], "int32")
    # The sequences 3 1 4, of which 1 is hidden, and 5 6 7 8, of which the first and the last are.
    hidden = np.array(model.encoder(np.array([[0, 3, 13, 4], [13, 6, 7, 13]], "int32"), causal=False))
    rows = model._outputs(np.stack([hidden[0, 2], hidden[1, 0], hidden[1, 3]]))
    wanted = FullSoftmax()(rows, model.item_embeddings, np.array([1, 5, 8], "int32"))
    assert values(model.compute_loss(items, targets)) == {"next_item": pytest.approx(float(wanted), rel=1e-5)}


def test_what_comes_later_counts() -> None:
    model = _model()
    one, other = (model.encoder(np.array([[2, 13, last]], "int32"), causal=False)[0, 1] for last in (3, 4))
    assert np.abs(np.array(one) - np.array(other)).max() > 1e-3


def test_it_learns_from_whole_sequences() -> None:
    with pytest.raises(ConfigError, match=r"training.samples: bert4rec .* windows or sequences. Received: prefixes"):
        NextItemSettings.load(None, ["model=bert4rec", "training.samples=prefixes"])
