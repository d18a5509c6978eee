"""Log loss, normalized entropy, calibration and expected calibration error."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from tfelc.core.errors import DataError
from tfelc.metrics.calibration import calibration
from tfelc.metrics.expected_calibration_error import expected_calibration_error
from tfelc.metrics.log_loss import log_loss
from tfelc.metrics.normalized_entropy import normalized_entropy


def test_log_loss_by_hand() -> None:
    assert log_loss([1, 0], [0.5, 0.75]) == pytest.approx((math.log(2) + math.log(4)) / 2)
    assert log_loss([0], [1.0]) == pytest.approx(-math.log(1e-7))


def test_log_loss_agrees_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    labels, probabilities = rng.integers(0, 2, 500), rng.random(500)
    assert log_loss(labels, probabilities) == pytest.approx(sklearn_metrics.log_loss(labels, probabilities), abs=1e-12)


def test_normalized_entropy_by_hand() -> None:
    assert normalized_entropy([1, 0, 0, 0], [0.25] * 4) == pytest.approx(1.0)
    # The base rate is 1/2, entropy log 2; each row costs log 2 / 2.
    assert normalized_entropy([1, 0], [math.sqrt(0.5), 1 - math.sqrt(0.5)]) == pytest.approx(0.5)
    assert math.isnan(normalized_entropy([1, 1], [0.5, 0.5]))
    assert math.isnan(normalized_entropy([0, 0], [0.5, 0.5]))


def test_calibration_by_hand() -> None:
    assert calibration([1, 0, 1, 0], [0.9, 0.3, 0.8, 0.5]) == pytest.approx(1.25)
    assert math.isnan(calibration([0, 0], [0.5, 0.5]))


def test_expected_calibration_error_by_hand() -> None:
    # Ten distinct predictions, ten bins: the mean absolute error.
    probabilities = np.arange(10) / 10
    assert expected_calibration_error(np.ones(10), probabilities) == pytest.approx(0.55)
    # Twenty rows, two a bin; each bin predicts .5 on average over two rows and holds one positive, but the last: none.
    probabilities = np.sort(0.5 + np.linspace(-1e-6, 1e-6, 20))
    labels = np.array([0, 1] * 9 + [0, 0])
    assert expected_calibration_error(labels, probabilities) == pytest.approx(0.5 / 10, abs=1e-5)


def test_equal_predictions_share_a_bin_whatever_the_order() -> None:
    labels = np.array([1] * 25 + [0] * 75)
    assert expected_calibration_error(labels, np.full(100, 0.25)) == pytest.approx(0.0, abs=1e-12)
    rng = np.random.default_rng(0)
    probabilities, order = rng.integers(0, 4, 100) / 4, rng.permutation(100)
    assert expected_calibration_error(labels[order], probabilities[order]) == pytest.approx(
        expected_calibration_error(labels, probabilities), abs=1e-12
    )


def test_a_calibrated_model_has_a_small_error_and_a_doubled_one_half_its_rate() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.beta(2, 30, 100_000)
    labels = rng.random(100_000) < probabilities
    assert expected_calibration_error(labels, probabilities) < 0.003
    assert expected_calibration_error(labels, 2 * probabilities.clip(max=0.5)) == pytest.approx(
        probabilities.mean(), rel=0.05
    )
    assert calibration(labels, probabilities) == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("metric", [log_loss, normalized_entropy, calibration, expected_calibration_error])
@pytest.mark.parametrize(
    ("labels", "probabilities", "message"),
    [
        ([0, 1], [0.5, 1.5], r"within \[0, 1\]. Row 1 holds 1.5"),
        ([0, 1], [-0.1, 0.5], r"within \[0, 1\]. Row 0 holds -0.1"),
        ([0, 1], [0.5, float("nan")], "finite predictions. Row 1 holds nan"),
        ([0.5, 1], [0.5, 0.5], "labels 0 or 1. Row 0 holds 0.5"),
        ([0, 1], [[0.5], [0.5]], "one prediction a label"),
    ],
)
def test_refuses_what_is_no_label_or_probability(
    metric: Callable[[Any, Any], float], labels: Any, probabilities: Any, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        metric(labels, probabilities)
