import numpy as np
import pytest
from keras import ops

from tests.support.sequence_models import (
    CALM,
    ITEM_BATCH,
    ITEMS,
    TARGETS,
    WIDTH,
    sequence_model,
    values,
)
from tfelc.next_item.models.cl4srec import CL4SRec
from tfelc.next_item.models.sequential_recommender import mean_over_items

CL4SREC = ("name=cl4srec", *CALM)
# A view that is shorter than the history: its last two items.
SHORTER = np.where(np.arange(WIDTH) < WIDTH - 2, 0, ITEM_BATCH)


def info_nce(first, second, temperature):
    """Eq. 3 of CL4SRec, row by row: the other view against the 2 (batch - 1) views of the other histories."""
    rows, others, losses = np.concatenate([first, second]), np.concatenate([second, first]), []
    for row, (vector, positive) in enumerate(zip(rows, others, strict=True)):
        same = [row, (row + len(first)) % len(rows)]
        negatives = [vector @ rows[other] / temperature for other in range(len(rows)) if other not in same]
        logits = np.array([vector @ positive / temperature, *negatives])
        losses.append(np.log(np.exp(logits).sum()) - logits[0])
    return float(np.mean(losses))


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("pooling", ["last", "mean", "concat"])
def test_the_contrast_by_hand(pooling: str, normalize: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = ("contrast.weight=0.5", "contrast.temperature=0.7", f"contrast.normalize={normalize}")
    model = sequence_model(*CL4SREC, f"contrast.pooling={pooling}", *settings)
    assert type(model) is CL4SRec
    given = iter([ITEM_BATCH, SHORTER])
    monkeypatch.setattr(model, "augmentation", lambda items: ops.convert_to_tensor(next(given)))
    found = values(model.compute_loss(ITEM_BATCH, TARGETS))
    views = []
    for items in (ITEM_BATCH, SHORTER):
        hidden = np.array(model.encoder(items))
        rows = {
            "last": hidden[:, -1],
            "mean": np.array(mean_over_items(hidden, items)),
            "concat": (hidden * (items > 0)[:, :, None]).reshape(len(items), -1),
        }[pooling]
        views.append(rows / np.linalg.norm(rows, axis=1, keepdims=True) if normalize else rows)
    assert list(found) == ["next_item", "sequence_contrast"]
    assert found["sequence_contrast"] == pytest.approx(0.5 * info_nce(*views, 0.7), rel=1e-3)
    plain = sequence_model("name=sasrec", *CALM)
    assert found["next_item"] == values(plain.compute_loss(ITEM_BATCH, TARGETS))["next_item"]


def test_views_are_drawn_by_the_three_operators() -> None:
    settings = ("contrast.crop=0.5", "contrast.mask=0.5", "contrast.reorder=1")
    model = sequence_model(*CL4SREC, *settings)
    many = np.tile(np.arange(1, 7, dtype="int32"), (60, 1))
    first, second = np.split(np.array(model.augmented_views(many)), 2)
    assert not np.array_equal(first, second)
    for view in (first, second):
        cropped, masked = (view == 0).sum(axis=1), (view == ITEMS + 1).sum(axis=1)
        assert set(zip(cropped.tolist(), masked.tolist(), strict=True)) == {(3, 0), (0, 3), (0, 0)}
