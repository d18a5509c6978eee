"""What is known of items as the layer of their features takes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfelc.core.errors import ConfigError
from tfelc.next_item.data.item_attributes import ItemAttributes

# Of rows before the first item and after the last: the pad, and the hidden item of an augmented view.
_BEFORE, _AFTER = 1, 1


def set_item_features(layer: Any, attributes: ItemAttributes, names: Sequence[str], seen: NDArray[np.bool_]) -> None:
    """Builds the layer of the items' features, for rows of a pad, the items and a hidden item.

    Numbers are standardized over the items that training has seen, and have a 1 beside them where they are missing;
    flags are 0 or 1; the numbers of a vector are taken as they are, divided by their root mean square.

    Args:
        layer: ItemFeatures. The layer.
        attributes: ItemAttributes. What is known of the items, in the order of the catalog.
        names: Sequence of str. The attributes that are features.
        seen: Array. Whether training has seen an item, `(items,)`.

    Raises:
        ConfigError: A number or a vector is missing of every item that training has seen.
    """
    codes = {name: _padded(attributes.codes(name)) for name in names if attributes.kinds[name] == "category"}
    sizes = {name: len(attributes.values(name)) for name in codes}
    columns = [_numbers(name, attributes, seen) for name in names if name not in codes]
    numbers = np.concatenate([np.zeros((len(seen), 0), np.float32), *columns], axis=1)
    layer.set_features(codes, sizes, _padded(numbers), np.concatenate([[True], seen, [True]]))


def _padded(values: NDArray[Any]) -> NDArray[Any]:
    return np.pad(values, [(_BEFORE, _AFTER), *[(0, 0)] * (values.ndim - 1)])


def _numbers(name: str, attributes: ItemAttributes, seen: NDArray[np.bool_]) -> NDArray[np.float32]:
    values = attributes.columns[name].astype(np.float32).reshape(len(seen), -1)
    if attributes.kinds[name] == "flag":
        return values
    known = np.asarray(~np.isnan(values).any(axis=1))
    if not (known & seen).any():
        raise ConfigError(f"model.item_attributes: `{name}` is missing of all items that are trained on; leave it out")
    of_seen = values[known & seen]
    if attributes.kinds[name] == "number":
        values = (values - of_seen.mean()) / max(float(of_seen.std()), 1e-6)
    else:
        values = values / max(float(np.sqrt(np.mean(of_seen**2))), 1e-6)
    filled = np.where(known[:, None], values, 0)
    return np.concatenate([filled, ~known[:, None]], axis=1).astype(np.float32)
