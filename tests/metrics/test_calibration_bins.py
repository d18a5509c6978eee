import numpy as np
import pytest

from tfelc.core.errors import DataError
from tfelc.metrics.calibration_bins import calibration_bins


def test_deciles_by_hand():
    predicted = np.arange(20) / 20
    labels = (np.arange(20) >= 10).astype(int)
    bins = calibration_bins(labels, predicted)
    assert bins.rows.tolist() == [2] * 10
    assert bins.predicted == pytest.approx([(4 * i + 1) / 20 for i in range(10)])
    assert bins.observed.tolist() == [0] * 5 + [2] * 5


def test_equal_predictions_share_a_bin():
    bins = calibration_bins([1, 0, 1, 1], [0.2, 0.2, 0.2, 0.2])
    assert sorted(bins.rows.tolist()) == [0] * 9 + [4]
    full = int(bins.rows.argmax())
    assert (bins.predicted[full], bins.observed[full]) == (pytest.approx(0.8), 3)


def test_bad_input_is_named():
    with pytest.raises(DataError, match=r"within \[0, 1\]"):
        calibration_bins([1], [1.5])
