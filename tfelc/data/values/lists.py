"""Any array -> lists of whole numbers, texts or numbers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tfelc.data.values.brought import Brought, Fault, brought
from tfelc.data.values.clean_texts import as_texts
from tfelc.data.values.list_texts import OTHER_FORM, list_texts
from tfelc.data.values.masks import mask_of
from tfelc.data.values.missing_words import without_own_words
from tfelc.data.values.numbers import numbers
from tfelc.data.values.plain_array import is_list, list_array
from tfelc.data.values.type_rules import element_target, family_of
from tfelc.data.values.whole_numbers import whole_numbers
from tfelc.data.values.words import words
from tfelc.schema.column import Column

_TYPES = {"integer": pa.int64(), "string": pa.string(), "number": pa.float32()}
_READERS = {"integer": whole_numbers, "string": words, "number": numbers}
_SEPARATOR = "|"


def lists(array: pa.Array, column: Column, is_text: bool) -> Brought:
    """Brings values to lists; a null one becomes empty, and a null within the column's value for "missing".

    In a list of numbers a null stays one.

    Args:
        array: Lists, or texts that hold some.
        column: The column.
        is_text: Whether it comes from a text file, whose cells have no type.
    """
    if is_list(array.type):
        values, faults = _of_lists(array, column, False)
        return brought(values, faults)
    texts, faults = as_texts(array, is_text)
    taken = list_texts(without_own_words(texts, column), column.separator or _SEPARATOR)
    faults.append(Fault(taken.bad, OTHER_FORM))
    exact = taken.exact
    if not exact.any() or exact.all():
        values, more = _of_lists(taken.lists, column, not exact.any())
        return brought(values, [*faults, *more], taken.notes)
    parts = []
    for rows, as_cells in ((np.flatnonzero(exact), False), (np.flatnonzero(~exact), True)):
        values, more = _of_lists(taken.lists.take(pa.array(rows)), column, as_cells)
        faults += [Fault(_spread(fault.rows, rows, len(array)), fault.reason) for fault in more]
        parts.append((rows, values))
    order = np.argsort(np.concatenate([rows for rows, _ in parts]), kind="stable")
    return brought(pa.concat_arrays([values for _, values in parts]).take(pa.array(order)), faults, taken.notes)


def _of_lists(array: pa.Array, column: Column, is_text: bool) -> tuple[pa.Array, list[Fault]]:
    flat = array.flatten()
    if family_of(flat.type) == "null":
        found = Brought(pa.nulls(len(flat), _TYPES[element_target(column)]))
    else:
        found = _READERS[element_target(column)](flat, column, is_text)
    faults = [Fault(_of_owners(fault.rows, array), fault.reason) for fault in found.faults]
    values = found.values
    if pa.types.is_floating(values.type):
        if pc.any(pc.is_inf(values)).as_py():
            faults.append(Fault(_of_owners(mask_of(pc.is_inf(values)), array), "a number must be finite or null"))
    elif values.null_count:
        values = pc.fill_null(values, column.missing)
    return list_array(array, values), faults


def _of_owners(mask: NDArray[np.bool_], lists: pa.Array) -> NDArray[np.bool_]:
    """The rows whose list holds one of the values in a mask."""
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    rows = np.zeros(len(lists), bool)
    rows[np.repeat(np.arange(len(lists)), lengths)[mask]] = True
    return rows


def _spread(mask: NDArray[np.bool_], rows: NDArray[np.int64], count: int) -> NDArray[np.bool_]:
    spread = np.zeros(count, bool)
    spread[rows[mask]] = True
    return spread
