import numpy as np
import pytest
from keras import ops

from tests.next_item.models.test_cl4srec import SHORTER, info_nce
from tests.support.sequence_models import (
    CALM,
    ITEM_BATCH,
    TARGETS,
    sequence_model,
    values,
)
from tfelc.next_item.data.examples import Examples
from tfelc.next_item.models.iclrec import ICLRec
from tfelc.next_item.models.sequential_recommender import mean_over_items

ICLREC = ("name=iclrec", *CALM, "intents.num_clusters=3")


def _unit(rows):
    rows = np.asarray(rows)
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def _intent_contrast(view, centers, cluster, temperature):
    """With false negative mitigation, row by row: the centers of the rows of other intents are the negatives."""
    losses = []
    for vector, own in zip(view, cluster, strict=True):
        negatives = [vector @ centers[other] / temperature for other in cluster if other != own]
        logits = np.array([vector @ centers[own] / temperature, *negatives])
        losses.append(np.log(np.exp(logits).sum()) - logits[0])
    return float(np.mean(losses))


def test_both_contrasts_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = ("intents.weight=0.3", "intents.temperature=0.5", "contrast.weight=0.2", "contrast.temperature=0.7")
    model = sequence_model(*ICLREC, *settings)
    # Of five users, those three whose means are the centers are nearest to them.
    model.clusters.centers.assign(mean_over_items(model.encoder(ITEM_BATCH), ITEM_BATCH)[:3])
    given = iter([ITEM_BATCH, SHORTER])
    monkeypatch.setattr(model, "augmentation", lambda items: ops.convert_to_tensor(next(given)))
    found = values(model.compute_loss(ITEM_BATCH, TARGETS))
    centers = _unit(model.clusters.centers)
    hidden = [np.array(model.encoder(items)) for items in (ITEM_BATCH, SHORTER)]
    means = [_unit(mean_over_items(rows, items)) for rows, items in zip(hidden, (ITEM_BATCH, SHORTER), strict=True)]
    # The intent is that of the history as it is, which is here the first view too.
    cluster = np.argmax(means[0] @ centers.T, axis=1)
    assert 1 < len(set(cluster.tolist())) and np.bincount(cluster).max() > 1
    wanted = 0.3 * sum(_intent_contrast(view, centers, cluster, 0.5) for view in means)
    assert found["intent_contrast"] == pytest.approx(wanted, rel=1e-3)
    last = [_unit(rows[:, -1]) for rows in hidden]
    assert found["sequence_contrast"] == pytest.approx(0.2 * info_nce(*last, 0.7), rel=1e-3)


def _histories() -> Examples:
    """Users of two kinds, of items 1 to 3 and of items 7 to 9, each with a shorter history too."""
    rows = [[1, 2, 3], [2, 1, 3], [3, 1], [7, 8, 9], [8, 7], [9, 7, 8]]
    actions, starts = np.concatenate(rows).astype("int32"), np.cumsum([0, *map(len, rows)])
    longest = Examples(actions, starts[:-1], starts[1:], np.ones(6, "int32"), np.arange(6))
    shorter = Examples(actions, starts[:-1], starts[1:] - 1, np.ones(6, "int32"), np.arange(6))
    return Examples(
        actions, *(np.concatenate([getattr(shorter, name), getattr(longest, name)]) for name in
                   ("starts", "stops", "targets", "users")),
    )  # fmt: skip


def test_the_e_step_finds_the_users_groups_and_no_gradient_moves_them() -> None:
    model = sequence_model("name=iclrec", *CALM, "intents.num_clusters=2")
    assert type(model) is ICLRec
    assert not any(weight is model.clusters.centers for weight in model.trainable_variables)
    table = np.array(model.encoder.item_table)
    table[1:4], table[7:10] = 3 * np.eye(4)[0], -3 * np.eye(4)[0]
    model.encoder.item_table.assign(table)
    samples = _histories()
    model.begin_epoch(samples, seed=1)
    # Each center is the mean of the directions of its users' longest histories.
    longest = np.array([[1, 2, 3], [2, 1, 3], [0, 3, 1], [7, 8, 9], [0, 8, 7], [9, 7, 8]], "int32")
    users = _unit(model.encode_and_pool(longest)[1])
    wanted = np.stack([users[:3].mean(axis=0), users[3:].mean(axis=0)])
    found = np.array(model.clusters.centers)
    found = found if found[0] @ wanted[0] > found[1] @ wanted[0] else found[::-1]
    np.testing.assert_allclose(found, _unit(wanted), rtol=1e-4, atol=1e-5)
    assert len(set(np.array(model(longest)["cluster"])[[0, 1, 2]].tolist())) == 1
    again = np.array(model.clusters.centers)
    model.begin_epoch(samples, seed=1)
    assert np.array(model.clusters.centers).tobytes() == again.tobytes()
