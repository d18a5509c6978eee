"""A table of items -> their attributes, in the order of a catalog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tfelc.core.errors import DataError
from tfelc.data.contract import checked_column
from tfelc.data.files.log_files import LogFiles
from tfelc.data.files.wanted import Wanted
from tfelc.data.log_batch import LogBatch
from tfelc.next_item.data.attribute_kind import AttributeKind
from tfelc.next_item.data.item_attributes import ItemAttributes
from tfelc.next_item.data.raw_ids import raw_ids
from tfelc.schema.column import Column

_COLUMNS = {
    "category": Column(kind="category", role="item", type="string"),
    "flag": Column(kind="label"),
    "number": Column(kind="number", role="item"),
}


@dataclass(frozen=True, eq=False)
class ItemTable:
    """The rows of a table of items.

    Attributes:
        name: What names the table, for messages.
        places: Raw id as text -> place of its row.
        attributes: The attributes of the rows.
    """

    name: str
    places: Mapping[str, int]
    attributes: ItemAttributes

    def of(self, catalog: Sequence[int | str]) -> tuple[ItemAttributes, int]:
        """The attributes of the items of a catalog, in its order, and how many of them have no row.

        Ids are compared as words, so that 7 of a table of numbers is `7` of a table of words.

        Args:
            catalog: Sequence of int or str. Raw item ids.
        """
        rows = np.array([self.places.get(str(item), -1) for item in catalog], np.int64)
        return self.attributes.take(rows), int((rows < 0).sum())


def read_item_table(source: str, item: str, kinds: Mapping[str, AttributeKind]) -> ItemTable:
    """Reads a table with one row an item.

    Args:
        source: str. What names its files, as `LogFiles` takes it.
        item: str. Column of the raw item ids.
        kinds: Mapping. Column -> kind of the attribute that it holds.

    Raises:
        DataError: The table is missing or empty, lacks a column, holds a value of another kind, or an item twice.
    """
    files = LogFiles([source], Wanted([item, *kinds]))
    batches = [batch for batch in files.batches() if len(batch.table)]
    if not batches:
        raise DataError(f"{files.name}: the table has no rows")
    ids = [each.decode() if isinstance(each, bytes) else str(each) for each in raw_ids(batches, item)]
    places = {text: place for place, text in enumerate(ids)}
    if len(places) < len(ids):
        twice = next(text for place, text in enumerate(ids) if places[text] != place)
        raise DataError(f"{files.name}: column `{item}` holds `{twice}` twice; give each item one row")
    columns = {name: _column(batches, name, kind) for name, kind in kinds.items()}
    return ItemTable(files.name, places, ItemAttributes(kinds, columns))


def _column(batches: list[LogBatch], name: str, kind: AttributeKind) -> NDArray[Any]:
    if kind == "vector":
        return _vectors(batches, name)
    parts = [checked_column(batch, name, _COLUMNS[kind], may_be_null=True) for batch in batches]
    values = pa.chunked_array(parts)
    if kind == "category":
        # An empty text pads the values that a request asks for.
        return np.array([value or None for value in values.to_pylist()], object)
    if kind == "flag":
        return np.array([value == 1 for value in values.to_pylist()], bool)
    return np.asarray(values.to_numpy(), np.float32)


def _vectors(batches: list[LogBatch], name: str) -> NDArray[np.float32]:
    rows = [(batch, place, each) for batch in batches for place, each in enumerate(batch.table[name].to_pylist())]
    width = next((len(each) for _, _, each in rows if isinstance(each, list)), None)
    vectors = np.full((len(rows), width or 0), np.nan, np.float32)
    for number, (batch, place, each) in enumerate(rows):
        if each is None:
            continue
        where = f"{batch.where}: column `{name}`, row {batch.first_row + place}"
        if not isinstance(each, list) or len(each) != width:
            raise DataError(f"{where}: a vector is a list of {width} numbers, as in the first row that has one")
        try:
            vectors[number] = each
        except (TypeError, ValueError):
            raise DataError(f"{where}: a vector holds numbers alone") from None
        if not np.isfinite(vectors[number]).all():
            raise DataError(f"{where}: the numbers of a vector must be finite")
    return vectors
