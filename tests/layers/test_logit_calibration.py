import keras
import numpy as np
import pytest

from tests.layers.layer_check import check_layer
from tfelc.layers.logit_calibration import LogitCalibration


def test_keeps_the_habits_of_a_layer() -> None:
    check_layer(
        LogitCalibration,
        {"knots": 4},
        np.linspace(-3, 3, 7, dtype="float32"),
        (7,),
        expected_trainable_count=0,
        expected_non_trainable_count=3,
        expected_mixed_dtype="float32",
    )


def test_changes_nothing_until_it_is_set() -> None:
    logits = np.array([-80.0, -1.5, 0.0, 0.25, 1.0, 90.0], "float32")
    np.testing.assert_array_equal(LogitCalibration()(logits), logits)


def test_by_hand() -> None:
    layer = LogitCalibration(knots=6)
    layer.build((None,))
    layer.set_points([-2.0, 0.0, 1.0], [-1.0, -1.0, 3.0], ends=(0.5, 2.0))
    logits = np.array([-4.0, -2.0, -1.0, 0.0, 0.5, 1.0, 2.0], "float32")
    np.testing.assert_allclose(layer(logits), [-2.0, -1.0, -1.0, -1.0, 1.0, 3.0, 5.0])


@pytest.mark.parametrize("points", [([0.0], [0.0]), ([0.0, 0.0], [0.0, 1.0]), ([0.0, 1.0], [1.0, 0.0])])
def test_points_that_make_no_rising_function_are_refused(points: tuple[list[float], list[float]]) -> None:
    layer = LogitCalibration(knots=3)
    layer.build((None,))
    with pytest.raises(ValueError, match="`inputs` and `outputs` must be"):
        layer.set_points(*points, ends=(1.0, 1.0))
    with pytest.raises(ValueError, match="`knots` must be at least 2"):
        LogitCalibration(knots=1)
    assert keras.ops.convert_to_numpy(layer(np.float32([0.5])))[0] == 0.5
