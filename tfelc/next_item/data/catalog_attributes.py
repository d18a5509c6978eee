"""The attributes of a catalog's items, from the table that the settings name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tfelc.core.errors import DataError
from tfelc.next_item.data.item_attributes import ItemAttributes
from tfelc.next_item.data.item_table import read_item_table
from tfelc.next_item.settings import CatalogSettings


def catalog_attributes(
    settings: CatalogSettings, catalog: Sequence[int | str], notice: Callable[[str], None], with_new: bool = False
) -> tuple[ItemAttributes | None, list[int | str]]:
    """Reads what is known of a catalog's items.

    Args:
        settings: CatalogSettings. The table, and what its columns are.
        catalog: Sequence of int or str. Raw item ids, in the order of their numbers from 1.
        notice: Callable. Called with a line for the user that says how far the table and the catalog meet.
        with_new: bool. Whether items of the table that the catalog lacks are new ones. Defaults to False.

    Returns:
        The attributes of the catalog's items and of the new ones behind them, None where the settings name no table,
        and the ids of the new ones, in the order of the table.

    Raises:
        DataError: The table cannot be read, or holds none of the items, or a new id is of another type than theirs.
    """
    if settings.path is None:
        return None, []
    table = read_item_table(settings.path, settings.item, settings.columns)
    there = set(map(str, catalog))
    missing = len(there - table.places.keys())
    if missing == len(catalog):
        raise DataError(
            f"{table.name}: none of its {len(table.places):,} items is in the catalog; is `catalog.item`: "
            f"{settings.item} the column of their ids?"
        )
    others = [text for text in table.places if text not in there]
    what = "items are new to it" if with_new else "rows are of other items"
    notice(
        f"{table.name}: attributes of {len(catalog) - missing:,} of {len(catalog):,} items of the catalog; those of "
        f"{missing:,} are missing, and {len(others):,} {what}"
    )
    new = _typed(others, catalog, table.name) if with_new else []
    return table.of([*catalog, *new])[0], new


def _typed(texts: Sequence[str], catalog: Sequence[int | str], name: str) -> list[int | str]:
    if isinstance(catalog[0], str):
        return list(texts)
    for text in texts:
        if not text.lstrip("-").isdecimal():
            raise DataError(f"{name}: item `{text}` is new, and no whole number as the ids of the interactions are")
    return [int(text) for text in texts]
