"""The news of MIND and their categories."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from tfelc.core.errors import DataError

_COLUMNS = 8


class MindNews:
    """What `news.tsv` says of each news; the texts are passed over.

    A title may hold quotes, and even tabs: the columns that are read stand before it.

    Args:
        file: `news.tsv`: id, category, subcategory, title, abstract, URL and the entities of title and abstract.

    Raises:
        DataError: A line has fewer columns, or a news is there twice with other categories.
    """

    def __init__(self, file: Path) -> None:
        found: dict[str, tuple[str, str]] = {}
        # Lines end at \n alone: texts hold other signs that Python takes for ends of lines.
        with file.open(encoding="utf-8", newline="\n") as lines:
            try:
                for number, line in enumerate(lines, 1):
                    parts = line.split("\t")
                    if len(parts) < _COLUMNS:
                        raise DataError(f"{file}, row {number}: {len(parts)} columns; MIND's news.tsv has {_COLUMNS}")
                    news, said = parts[0], (parts[1], parts[2])
                    if found.setdefault(news, said) != said:
                        raise DataError(f"{file}, row {number}: news {news} is there twice, with other categories")
            except UnicodeDecodeError:
                raise DataError(f"{file}: not UTF-8; unpack MIND's archive again") from None
        self._ids = pa.array(list(found), pa.string())
        self._said = {
            "category": pa.array([category for category, _ in found.values()], pa.string()),
            "subcategory": pa.array([subcategory for _, subcategory in found.values()], pa.string()),
        }

    def of(self, news: pa.Array, what: str) -> pa.Array:
        """What is said of each news, null of one that the file lacks.

        Args:
            news: Ids.
            what: `category` or `subcategory`.
        """
        return self._said[what].take(pc.index_in(news, value_set=self._ids))

    def of_lists(self, lists: pa.ListArray, what: str) -> pa.ListArray:
        """The same for lists of news; what the file lacks keeps its place, as null."""
        return pa.ListArray.from_arrays(lists.offsets, self.of(lists.values, what))
