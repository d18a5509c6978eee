import numpy as np
import pytest

from tfelc.losses.next_item import BinaryCrossEntropy, FullSoftmax, SampledSoftmax, make_next_item_loss
from tfelc.next_item.settings import NextItemConfig

COUNTS = np.arange(1, 12)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("softmax", FullSoftmax),
        ("sampled_softmax", SampledSoftmax),
        ("bce", BinaryCrossEntropy),
        ("gbce", BinaryCrossEntropy),
    ],
)
def test_every_setting_arrives(name: str, kind: type) -> None:
    config = NextItemConfig(
        loss=name, negatives=5, power=1.0, log_q=False, calibration=0.5, normalize=True, temperature=0.2
    )
    loss = make_next_item_loss(config, COUNTS, seed=3)
    assert type(loss) is kind and loss.normalize and loss.temperature == 0.2
    if name == "softmax":
        assert loss.variables == []
        return
    assert loss.negatives == 5 and len(loss.variables) == 1
    again = make_next_item_loss(config, COUNTS, seed=3)
    np.testing.assert_array_equal(again.variables[0], loss.variables[0])
    chances = np.exp(np.array(loss._sampler.log_chances))
    if name == "sampled_softmax":
        assert not loss.log_q
        np.testing.assert_allclose(chances, COUNTS / COUNTS.sum(), rtol=1e-5)
    else:
        # 5 of 10 others: the rate is a half, and b = (t (1 - 2) + 2) / 2.
        assert loss.exponent == pytest.approx({"bce": 1.0, "gbce": 0.75}[name])
        np.testing.assert_allclose(chances, 1 / 11, rtol=1e-5)
