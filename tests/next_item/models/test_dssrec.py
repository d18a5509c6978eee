import numpy as np
import pytest
import tensorflow as tf

from tests.support.sequence_models import CALM, ITEM_BATCH, ITEMS, TARGETS, batch, sequence_model, values
from tfelc.core.errors import ConfigError
from tfelc.losses.future_contrast import future_contrast
from tfelc.losses.next_item.full_softmax import FullSoftmax
from tfelc.next_item.data.examples import Examples
from tfelc.next_item.evaluation.catalog_scorer import CatalogScorer
from tfelc.next_item.export.hybrid_index import HybridIndex
from tfelc.next_item.models.dssrec import DSSRec
from tfelc.next_item.settings import NextItemSettings

DSSREC = ("name=dssrec", *CALM, "num_intentions=3")
FUTURES = batch(seed=5)[0]


def test_the_terms_by_hand() -> None:
    model = sequence_model(*DSSREC, "future.weight=0.5", "future.kept=0.4")
    assert type(model) is DSSRec and model.positive_view == "future"
    found = values(model.compute_loss(ITEM_BATCH, TARGETS, FUTURES))
    pasts = np.array(model.intentions(model.encoder(ITEM_BATCH), ITEM_BATCH > 0))
    futures = model.intentions(model.encoder(FUTURES), FUTURES > 0, future=True)
    table = np.array(model.item_embeddings)
    # Each row by the intention whose product with the target is the largest.
    best = np.argmax(np.einsum("bkd,bd->bk", pasts, table[TARGETS]), axis=1)
    assert len(set(best.tolist())) > 1
    wanted = FullSoftmax()(pasts[np.arange(len(best)), best], table, TARGETS)
    assert found["next_item"] == pytest.approx(float(wanted), rel=1e-4)
    assert found["future_contrast"] == pytest.approx(0.5 * float(future_contrast(pasts, futures, 0.4)), rel=1e-4)


@pytest.mark.parametrize("normalize", [False, True])
def test_an_items_score_is_the_best_intentions_alike_in_evaluation_and_serving(normalize: bool) -> None:
    model = sequence_model(*DSSREC, f"loss.normalize={normalize}")
    heads, table = np.array(model.encode(ITEM_BATCH)), np.array(model.item_embeddings)
    if normalize:
        heads, table = (rows / np.linalg.norm(rows, axis=-1, keepdims=True) for rows in (heads, table))
    wanted = (heads @ table.T).max(axis=1)
    lengths = (ITEM_BATCH > 0).sum(axis=1)
    stops = np.cumsum(lengths)
    histories = Examples(ITEM_BATCH[ITEM_BATCH > 0], stops - lengths, stops, TARGETS, np.arange(len(stops)))
    np.testing.assert_allclose(CatalogScorer(model).scores(histories), wanted, rtol=1e-4, atol=1e-5)
    outputs = model(ITEM_BATCH)
    assert tuple(outputs["embedding"].shape) == (len(ITEM_BATCH), 3 * 4)
    scores, numbers = HybridIndex(np.array(model.candidates)[1:], 3).top(outputs, tf.constant(ITEMS))
    order = np.argsort(-wanted[:, 1:], axis=1, kind="stable") + 1
    np.testing.assert_array_equal(numbers, order)
    np.testing.assert_allclose(scores, np.take_along_axis(wanted, order, axis=1), rtol=1e-4, atol=1e-5)


def test_it_needs_prefixes() -> None:
    with pytest.raises(ConfigError, match="dssrec looks at what follows a history; use prefixes. Received: windows"):
        NextItemSettings.load(None, ["model.name=dssrec", "training.samples=windows"])
