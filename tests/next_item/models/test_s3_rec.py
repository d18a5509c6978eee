import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from tests.support.sequence_models import CALM, ITEM_BATCH, ITEMS, TARGETS, sequence_model, values
from tfelc.losses.next_item.full_softmax import FullSoftmax
from tfelc.losses.segment_contrast import segment_contrast
from tfelc.next_item.models.s3_rec import S3Rec

S3_REC = ("name=s3_rec", *CALM, "pretraining.epochs=2")
MASK = ITEMS + 1


def test_both_predictions_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    model = sequence_model(*S3_REC, "pretraining.item_weight=0.5", "pretraining.segment_weight=0.25")
    assert type(model) is S3Rec and model.pretraining_epochs == 2
    # The last item of each is hidden, and as a segment, where there is another one, the last too.
    masked, segments = ITEM_BATCH.copy(), np.zeros_like(ITEM_BATCH)
    masked[:, -1], segments[:, -1] = MASK, ITEM_BATCH[:, -1]
    monkeypatch.setattr(model, "cloze", lambda items: (ops.convert_to_tensor(masked), masked == MASK))
    monkeypatch.setattr(model, "segment_mask", lambda items: (masked, segments))
    found = values(model.compute_pretraining_loss(ITEM_BATCH, TARGETS))
    last = np.array(model.encoder(masked, causal=False))[:, -1]
    rows = last @ np.array(model.item_projection.kernel)
    wanted = FullSoftmax()(rows, model.item_embeddings, ITEM_BATCH[:, -1])
    assert found["masked_items"] == pytest.approx(0.5 * float(wanted), rel=1e-4)
    rests = last @ np.array(model.segment_projection.kernel)
    of_segments = model.encoder(segments, causal=False)[:, -1]
    counted = (ITEM_BATCH > 0).sum(axis=1) > 1
    wanted = segment_contrast(rests, of_segments, counted)
    assert found["segments"] == pytest.approx(0.25 * float(wanted), rel=1e-4)


def test_then_it_is_sasrec() -> None:
    model, sasrec = sequence_model(*S3_REC), sequence_model("name=sasrec", *CALM)
    names = [weight.path for weight in model.encoder.variables]
    assert names == [weight.path for weight in sasrec.encoder.variables]
    for weight, other in zip(model.encoder.variables, sasrec.encoder.variables, strict=True):
        other.assign(weight)
    assert values(model.compute_loss(ITEM_BATCH, TARGETS)) == values(sasrec.compute_loss(ITEM_BATCH, TARGETS))
    np.testing.assert_array_equal(model(ITEM_BATCH)["embedding"], sasrec(ITEM_BATCH)["embedding"])


def test_both_phases_move_the_transformer() -> None:
    model = sequence_model(*S3_REC, large=False)
    moved = []
    for compute in (model.compute_pretraining_loss, model.compute_loss):
        with tf.GradientTape() as tape:
            loss = sum(compute(ITEM_BATCH, TARGETS).values())
        gradients = tape.gradient(loss, [weight.value for weight in model.trainable_variables])
        pairs = zip(gradients, model.trainable_variables, strict=True)
        moved.append({weight.path for gradient, weight in pairs if gradient is not None})
    first, then = moved
    assert first - then == {"item_projection/kernel", "segment_projection/kernel"} and then < first
    assert first == {weight.path for weight in model.trainable_variables}
