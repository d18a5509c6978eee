"""EASE^R, against what can be worked out by hand and against least squares with the constraint written out."""

from __future__ import annotations

import numpy as np
import pytest

from tfelc.next_item.data.examples import Examples
from tfelc.next_item.data.simulated_sequences import simulate
from tfelc.next_item.data.splits import leave_one_out
from tfelc.next_item.models import ease
from tfelc.next_item.models.ease import Ease


def _one_each(sequences: list[list[int]]) -> Examples:
    """The last item of each sequence after all before it."""
    lengths = np.array([len(sequence) for sequence in sequences])
    ends = np.cumsum(lengths)
    return Examples(
        actions=np.array([item for sequence in sequences for item in sequence], np.int32),
        starts=ends - lengths,
        stops=ends - 1,
        targets=np.array([sequence[-1] for sequence in sequences], np.int32),
        users=np.arange(len(sequences)),
    )


def test_two_items_by_hand() -> None:
    # X^T X + 1 = [[3 + 1, 2], [2, 2 + 1]], whose inverse is [[3, -2], [-2, 4]] / 8: the weight of 2 by 1 is 2 / 4, of
    # 1 by 2 it is 2 / 3. Having an item twice is having it.
    known = _one_each([[1, 2], [1, 1, 2, 2], [1, 1]])
    model = Ease(2, regularization=1.0).fit(known)
    asked = _one_each([[1, 9], [2, 2, 9], [1, 2, 9]])
    np.testing.assert_allclose(
        model.scores(asked), [[-np.inf, 0, 0.5], [-np.inf, 2 / 3, 0], [-np.inf, 2 / 3, 0.5]], rtol=1e-6
    )


@pytest.mark.parametrize("block", [7, 1024])
def test_each_item_is_the_ridge_regression_by_all_others(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ease, "_BLOCK", block)
    items, train = 20, leave_one_out(simulate(80, 20, 3).sequences).train
    actions, offsets = train.known()
    had = np.zeros((len(offsets) - 1, items))
    had[np.repeat(np.arange(len(had)), np.diff(offsets)), actions - 1] = 1
    weights = np.zeros((items, items))
    for item in range(items):
        others = np.delete(np.arange(items), item)
        gram = had[:, others].T @ had[:, others] + 4.0 * np.eye(items - 1)
        weights[others, item] = np.linalg.solve(gram, had[:, others].T @ had[:, item])
    asked = train.longest()
    seen = np.zeros((len(asked), items))
    rows, places = asked.entries()
    seen[rows, asked.actions[places] - 1] = 1
    found = Ease(items, regularization=4.0).fit(train).scores(asked)
    np.testing.assert_allclose(found[:, 1:], seen @ weights, rtol=1e-3, atol=1e-4)
    assert np.all(found[:, 0] == -np.inf)


def test_without_regularization_there_is_no_solution() -> None:
    with pytest.raises(ValueError, match="`regularization` must be above 0"):
        Ease(3, regularization=0)
