"""BPR-MF, worked out by hand for two factors."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.sequence_models import values
from tfelc.losses.next_item.bayesian_personalized_ranking import BayesianPersonalizedRanking
from tfelc.losses.next_item.full_softmax import FullSoftmax
from tfelc.next_item.model_settings.bpr_mf import BPRMFSettings
from tfelc.next_item.model_settings.sequence_model import SequenceModelSettings

ITEMS = np.array([[0, 0], [1, 0], [0, 1], [2, 2], [1, -1]], "float32")
USERS = np.array([[7, 7], [1, 2], [3, 4], [5, 6], [7, 8]], "float32")


def _model(**settings: object) -> object:
    model = BPRMFSettings.model_validate({"dim": 2, **settings}).create(4, 8, np.ones(4, np.int64), seed=0)
    model.item_table.embeddings.assign(ITEMS)
    model.user_table.embeddings.assign(USERS)
    return model


def test_a_user_is_the_sum_of_what_they_took() -> None:
    model = _model()
    found = model(np.array([[0, 0, 1], [1, 2, 1], [0, 0, 0]], "int32"))["embedding"]
    # (1, 2); ((1, 2) + (3, 4) + (1, 2)) / sqrt 3; nothing.
    np.testing.assert_allclose(found, [[1, 2], [5 / 3**0.5, 8 / 3**0.5], [0, 0]], rtol=1e-6)
    np.testing.assert_array_equal(model.candidates, ITEMS)


def test_of_a_whole_sequence_each_item_follows_from_all_others() -> None:
    model = _model(loss="softmax")
    # The sequences 1 2 3 and 4 1, as histories with what follows each position.
    items = np.array([[1, 2], [0, 4]], "int32")
    targets = np.array([[2, 3], [0, 1]], "int32")
    users = np.array([[8, 10], [6, 8], [4, 6], [1, 2], [7, 8]], "float32")
    users[:3] /= 2**0.5
    wanted = FullSoftmax()(users, ITEMS, np.array([1, 2, 3, 4, 1], "int32"))
    assert values(model.compute_loss(items, targets)) == {"next_item": pytest.approx(float(wanted), rel=1e-5)}


def test_of_a_prefix_what_follows_it_is_the_target() -> None:
    model = _model(loss="softmax")
    wanted = FullSoftmax()(np.array([[4, 6]], "float32") / 2**0.5, ITEMS, np.array([3], "int32"))
    found = model.compute_loss(np.array([[0, 1, 2]], "int32"), np.array([3], "int32"))
    assert values(found) == {"next_item": pytest.approx(float(wanted), rel=1e-5)}


@pytest.mark.parametrize("loss", [{}, {"loss": {"regularization": 0.1}}])
def test_its_loss_is_that_of_pairs_also_where_only_a_setting_of_it_is_given(loss: dict[str, object]) -> None:
    settings = SequenceModelSettings.load({"name": "bpr_mf", **loss})
    model = settings.create(4, 8, np.ones(4, np.int64), seed=0)
    assert settings.loss.name == "bpr" and type(model.next_item_loss) is BayesianPersonalizedRanking
    assert model.next_item_loss.regularization == (0.1 if loss else 0)
