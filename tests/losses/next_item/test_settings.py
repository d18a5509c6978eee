import numpy as np
import pytest

from tfelc.core.errors import ConfigError
from tfelc.losses.next_item.bayesian_personalized_ranking import BayesianPersonalizedRanking
from tfelc.losses.next_item.binary_cross_entropy import BinaryCrossEntropy
from tfelc.losses.next_item.full_softmax import FullSoftmax
from tfelc.losses.next_item.sampled_softmax import SampledSoftmax
from tfelc.losses.next_item.settings import NEXT_ITEM_LOSSES, NextItemLossSettings

COUNTS = np.arange(1, 12)
OWN = {
    "softmax": {},
    "sampled_softmax": {"num_negatives": 5, "power": 1.0, "log_q": False},
    "bce": {"num_negatives": 5},
    "gbce": {"num_negatives": 5, "calibration": 0.5},
    "bpr": {"num_negatives": 5, "regularization": 0.25},
}


def test_the_catalog_decides_where_nothing_else_does() -> None:
    auto = NextItemLossSettings.load({"name": "auto", "normalize": True, "temperature": 0.2})
    few, many = (auto.create(np.ones(items, int), seed=3) for items in (30_000, 30_001))
    assert type(few) is FullSoftmax and type(many) is SampledSoftmax
    assert many.num_negatives == 4_096 and many.log_q
    assert all(loss.normalize and loss.temperature == 0.2 for loss in (few, many))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("softmax", FullSoftmax),
        ("sampled_softmax", SampledSoftmax),
        ("bce", BinaryCrossEntropy),
        ("gbce", BinaryCrossEntropy),
        ("bpr", BayesianPersonalizedRanking),
    ],
)
def test_every_setting_arrives(name: str, kind: type) -> None:
    settings = NextItemLossSettings.load({"name": name, "normalize": True, "temperature": 0.2, **OWN[name]})
    loss = settings.create(COUNTS, seed=3)
    assert type(loss) is kind and loss.normalize and loss.temperature == 0.2
    if name == "softmax":
        assert loss.variables == []
        return
    assert loss.num_negatives == 5 and len(loss.variables) == 1
    again = settings.create(COUNTS, seed=3)
    np.testing.assert_array_equal(again.variables[0], loss.variables[0])
    chances = np.exp(np.array(loss._sampler.log_chances))
    if name == "sampled_softmax":
        assert not loss.log_q
        np.testing.assert_allclose(chances, COUNTS / COUNTS.sum(), rtol=1e-5)
    elif name == "bpr":
        assert loss.regularization == 0.25
        np.testing.assert_allclose(chances, 1 / 11, rtol=1e-5)
    else:
        # 5 of 10 others: the rate is a half, and b = (t (1 - 2) + 2) / 2.
        assert loss.exponent == pytest.approx({"bce": 1.0, "gbce": 0.75}[name])
        np.testing.assert_allclose(chances, 1 / 11, rtol=1e-5)


def test_the_registry_names_them() -> None:
    assert NEXT_ITEM_LOSSES.names() == ["auto", *OWN]


@pytest.mark.parametrize(
    ("name", "foreign"), [("softmax", "num_negatives"), ("bce", "power"), ("gbce", "log_q"), ("bce", "calibration")]
)
def test_a_setting_of_another_loss_is_refused(name: str, foreign: str) -> None:
    with pytest.raises(ConfigError, match=f"^settings: `{foreign}`: no such setting; it is one of name, "):
        NextItemLossSettings.load({"name": name, foreign: 1})
