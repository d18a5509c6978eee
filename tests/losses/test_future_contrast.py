import math

import numpy as np
import pytest

from tfelc.losses.future_contrast import future_contrast

PASTS = np.array([[[2.0], [0.0]], [[-1.0], [1.0]]], "float32")
FUTURES = np.array([[[1.0], [3.0]], [[-2.0], [0.0]]], "float32")


def _losses() -> list[float]:
    """Users and intentions one by one: each against the four futures of the batch."""
    flat = FUTURES.ravel().tolist()
    pairs = zip(PASTS.ravel().tolist(), flat, strict=True)
    return [math.log(sum(math.exp(past * other) for other in flat)) - past * future for past, future in pairs]


@pytest.mark.parametrize(("kept", "counted"), [(1.0, 4), (0.75, 3), (0.6, 2), (0.5, 2), (0.25, 1), (0.1, 1)])
def test_the_best_told_pairs_count_by_hand(kept: float, counted: int) -> None:
    wanted = np.mean(sorted(_losses())[:counted])
    assert float(future_contrast(PASTS, FUTURES, kept)) == pytest.approx(wanted, rel=1e-5)


def test_products_are_over_the_root_of_the_width() -> None:
    # Two equal columns double the products, and the width's root divides them.
    wide = [np.repeat(rows, 2, axis=-1) / 2**0.25 for rows in (PASTS, FUTURES)]
    assert float(future_contrast(*wide, 1.0)) == pytest.approx(np.mean(_losses()), rel=1e-5)
