"""Whether a file holds the columns that are going to be read."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from tfelc.core.errors import DataError
from tfelc.data.files.wanted import Wanted

_MOST_NAMES = 40


def missing_columns(where: str, names: Sequence[str], wanted: Wanted, what: str = "file") -> list[str]:
    """The columns that are not there, and may be missing.

    Args:
        where: The file or table, for messages.
        names: Its columns, with the keys of its folders.
        wanted: What is going to be read.
        what: What it is. Defaults to a file.

    Raises:
        DataError: A column is there twice, or not at all though it must be.
    """
    missing = []
    for name in wanted.columns:
        count = names.count(name)
        if count > 1:
            raise DataError(f"{where}: there are {count} columns `{name}`; rename or drop one")
        if count == 0:
            missing.append(name)
    # Where not one column is found, the table is another than the one that is meant.
    needed = [name for name in missing if name not in wanted.optional or len(missing) == len(wanted.columns)]
    for name in needed:
        near = [each for each in names if each.strip().lower() == name.lower()]
        near = near or difflib.get_close_matches(name, names, 1)
        meant = f" `{near[0]}`, among" if near else ""
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        listing = ", ".join(names[:_MOST_NAMES]) or "none"
        raise DataError(f"{where}: column `{name}` is missing; the {what} has{meant} {listing}{more}")
    return missing
