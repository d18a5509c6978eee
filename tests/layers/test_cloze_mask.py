import numpy as np
import pytest

from tfelc.layers.cloze_mask import ClozeMask

ROWS = 2_000
SEQUENCE = np.array([[0, 0, 1, 2, 3, 4, 5, 6, 7, 8]] * ROWS, "int32")


def test_a_share_of_the_items_is_hidden_anywhere_and_pads_never() -> None:
    masked, hidden = (np.array(part) for part in ClozeMask(9, share=0.3, last_share=0.0, seed=1)(SEQUENCE))
    assert np.all(hidden.sum(axis=1) == 2)  # 0.3 of 8 items is 2.4
    np.testing.assert_array_equal(masked, np.where(hidden, 9, SEQUENCE))
    assert not hidden[:, :2].any()
    np.testing.assert_allclose(hidden[:, 2:].mean(axis=0), 0.25, atol=0.03)


def test_of_some_sequences_the_last_item_alone_is_hidden() -> None:
    _, hidden = ClozeMask(9, share=0.5, last_share=0.4, seed=1)(SEQUENCE)
    hidden = np.array(hidden)
    last_only = hidden.sum(axis=1) == 1
    assert last_only.mean() == pytest.approx(0.4, abs=0.03)
    assert np.all(hidden[last_only, -1]) and np.all(hidden[~last_only].sum(axis=1) == 4)


@pytest.mark.parametrize(("length", "wanted"), [(1, 1), (2, 1), (7, 1), (8, 2), (12, 2), (13, 3)])
def test_shares_are_rounded_and_at_least_one_item_is_hidden(length: int, wanted: int) -> None:
    items = np.zeros((4, 15), "int32")
    items[:, 15 - length :] = 1
    assert np.all(np.array(ClozeMask(2, share=0.2, last_share=0.0, seed=0)(items)[1]).sum(axis=1) == wanted)


def test_equal_seeds_hide_alike_and_each_call_anew() -> None:
    one, same = ClozeMask(9, seed=4), ClozeMask.from_config(ClozeMask(9, seed=4).get_config())
    first, again = np.array(one(SEQUENCE)[0]), np.array(one(SEQUENCE)[0])
    np.testing.assert_array_equal(first, same(SEQUENCE)[0])
    assert np.any(first != again)


@pytest.mark.parametrize("arguments", [{"share": 0.0}, {"share": 1.0}, {"last_share": 1.1}])
def test_what_cannot_be_is_refused(arguments: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"`{next(iter(arguments))}` must lie"):
        ClozeMask(9, **arguments)
