import numpy as np
import pytest
import tensorflow as tf

from tests.support.sequence_models import (
    CALM,
    ITEM_BATCH,
    ITEMS,
    TARGETS,
    assert_steps_lower_the_loss,
    model_settings,
    sequence_model,
    values,
)
from tfelc.losses.next_item.full_softmax import FullSoftmax
from tfelc.next_item.models.sasrec import SASRec

SASREC = "name=sasrec"
# Parts of ELCRec that the settings of before held for SASRec, its variant `b`, all the same.
LEFT_OUT = ("clusters.count=3", "contrast.sequence_weight=0.2", "contrast.intent_weight=0.3", "clusters.alpha=0.5")


def test_it_is_the_encoder_and_the_next_item_alone() -> None:
    model = sequence_model(SASREC, *CALM)
    assert type(model) is SASRec
    last = model.encoder(ITEM_BATCH)[:, -1]
    wanted = FullSoftmax()(last, model.encoder.candidates, TARGETS)
    assert values(model.compute_loss(ITEM_BATCH, TARGETS)) == {"next_item": pytest.approx(float(wanted), rel=1e-5)}
    outputs = model(ITEM_BATCH)
    assert list(outputs) == ["embedding"]
    np.testing.assert_allclose(outputs["embedding"], last, rtol=1e-4, atol=1e-5)
    assert [weight.path for weight in model.trainable_variables if not weight.path.startswith("encoder/")] == []
    assert model.clusters is None and not model.uses_positive_views


@pytest.mark.filterwarnings("ignore::tfelc.core.renamed_names.RenamedWarning")
def test_variant_b_of_before_is_sasrec() -> None:
    assert model_settings("variant=b", *LEFT_OUT, *CALM) == model_settings(SASREC, *CALM)


def test_every_position_counts_once_and_pads_do_not() -> None:
    model = sequence_model(SASREC, *CALM)
    items = np.array([[0, 0, 1, 2], [3, 4, 5, 6]], "int32")
    targets = np.array([[0, 0, 2, 7], [4, 5, 6, 8]], "int32")
    hidden = np.array(model.encoder(items))
    rows = np.stack([hidden[0, 2], hidden[0, 3], *hidden[1]])
    wanted = FullSoftmax()(rows, model.encoder.candidates, np.array([2, 7, 4, 5, 6, 8], "int32"))
    graph = tf.function(
        model.compute_loss,
        input_signature=[tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None, None], tf.int32)],
    )
    for losses in (model.compute_loss, graph):
        assert float(losses(items, targets)["next_item"]) == pytest.approx(float(wanted), rel=1e-5)


@pytest.mark.parametrize("loss", ["softmax", "sampled_softmax", "bce", "gbce"])
def test_cosines_are_served_as_they_are_trained(loss: str) -> None:
    model = sequence_model(SASREC, f"loss={loss}", "loss.normalize=true")
    embedding = np.array(model(ITEM_BATCH)["embedding"])
    np.testing.assert_allclose(np.linalg.norm(embedding, axis=1), 1, rtol=1e-5)
    assert model.candidates.shape == (ITEMS + 1, 4)
    np.testing.assert_allclose(np.linalg.norm(model.candidates, axis=1), 1, rtol=1e-5)
    plain = sequence_model(SASREC, f"loss={loss}")
    np.testing.assert_array_equal(plain.candidates, plain.encoder.item_table[: ITEMS + 1])


@pytest.mark.parametrize("loss", ["sampled_softmax", "bce", "bpr"])
def test_a_loss_that_draws_has_a_gradient_of_the_rows_that_it_took(loss: str) -> None:
    few, all_rows = (sequence_model(SASREC, *CALM, f"loss={loss}", "loss.num_negatives=2") for _ in range(2))
    all_rows.next_item_loss.takes_rows = False
    found = []
    for model in (few, all_rows):
        with tf.GradientTape() as tape:
            value = model.compute_loss(ITEM_BATCH, TARGETS)["next_item"]
        found.append((float(value), tape.gradient(value, model.encoder.item_table.value)))
    (value, rows), (wanted, dense) = found
    assert value == wanted and isinstance(rows, tf.IndexedSlices) and not isinstance(dense, tf.IndexedSlices)
    np.testing.assert_allclose(tf.convert_to_tensor(rows), dense, rtol=1e-5, atol=1e-7)


def test_steps_lower_the_loss() -> None:
    assert_steps_lower_the_loss(sequence_model(SASREC, *CALM, large=False))


def test_equal_seeds_give_equal_models_and_steps() -> None:
    one, same, other = (sequence_model(SASREC, seed=seed, large=False) for seed in (1, 1, 2))
    for a, b in zip(one.variables, same.variables, strict=True):
        np.testing.assert_array_equal(a, b)
    losses = [values(model.compute_loss(ITEM_BATCH, TARGETS)) for model in (one, same, other)]
    assert losses[0] == losses[1] and losses[0]["next_item"] != losses[2]["next_item"]
