"""What the version before wrote: runs, exports and settings under the names of then."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tfelc.core import renamed_names
from tfelc.core.renamed_names import RenamedWarning

VERSION_0_1 = Path(__file__).parents[1] / "stored" / "version_0_1"


@contextmanager
def told_of_old_names() -> Iterator[list[str]]:
    """The warnings of old names inside, whatever was said before in this process."""
    said: list[str] = []
    before = set(renamed_names._told)
    renamed_names._told.clear()
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", RenamedWarning)
            yield said
        said += [str(each.message) for each in caught if issubclass(each.category, RenamedWarning)]
    finally:
        renamed_names._told.clear()
        renamed_names._told.update(before)
