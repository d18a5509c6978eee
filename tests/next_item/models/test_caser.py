"""Caser, worked out by hand for an image of two rows."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.sequence_models import ITEM_BATCH, ITEMS, assert_steps_lower_the_loss
from tfelc.core.errors import ConfigError
from tfelc.next_item.model_settings.caser import CaserSettings
from tfelc.next_item.settings import NextItemSettings


def _model(num_items: int = ITEMS, **settings: object) -> object:
    loaded = CaserSettings.model_validate({"dropout": 0.0, **settings})
    return loaded.create(num_items, 8, np.ones(num_items, np.int64), seed=0)


def test_filters_by_hand() -> None:
    model = _model(num_items=3, dim=2, markov_order=2, horizontal_filters=1, vertical_filters=1)
    model.input_table.embeddings.assign([[9, 9], [1, 2], [3, -1], [0, 5]])
    one_row, two_rows = model.horizontal
    one_row.kernel.assign(np.reshape([1.0, -1], (1, 2, 1)))
    one_row.bias.assign([0.5])
    two_rows.kernel.assign(np.reshape([1.0, 2, 0.5, 1], (2, 2, 1)))
    model.vertical.kernel.assign([[2.0], [1]])
    model.dense.kernel.assign([[1, 0], [1, 0], [0, 1], [0, 1]])
    model.output_table.embeddings.assign([[0, 0], [1, 0], [0, 1], [1, 1]])
    model.output_bias.embeddings.assign([[7], [0.25], [0], [0]])
    # Of 1 and 2, rows (1, 2) and (3, -1). Height 1: the larger of 1 - 2 + .5 and 3 + 1 + .5. Height 2: 1 + 4 + 1.5 - 1.
    # Vertical: twice the older and the newer, (5, 3). Dense: 4.5 + 5.5, and 5 + 3. A third item back is not read.
    # Of 2 alone, rows (0, 0) and (3, -1): 4.5 and 1.5 - 1; (3, -1).
    found = model(np.array([[3, 1, 2], [0, 0, 2]], "int32"))["embedding"]
    np.testing.assert_allclose(found, [[10, 8, 1], [5, 2, 1]], rtol=1e-6)
    np.testing.assert_allclose(model(np.array([[2]], "int32"))["embedding"], found[1:], rtol=1e-6)
    np.testing.assert_allclose(found @ np.transpose(model.candidates)[:, 1:], [[10.25, 8, 18], [5.25, 2, 7]], rtol=1e-6)


def test_steps_lower_the_loss() -> None:
    model = _model(dim=8)
    assert_steps_lower_the_loss(model)
    assert model.encode(ITEM_BATCH).shape == (5, 9)


@pytest.mark.parametrize("samples", ["windows", "sequences"])
def test_it_learns_from_prefixes(samples: str) -> None:
    with pytest.raises(ConfigError, match=f"training.samples: caser learns .* `prefixes`. Received: {samples}"):
        NextItemSettings.load(None, ["model=caser", f"training.samples={samples}"])
