"""What is asked of the files of a log."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Self

from tfelc.core.errors import UsageError


class Wanted:
    r"""Columns that are going to be read, and how CSV files are.

    Args:
        columns: Columns that every file must have, in its own names.
        optional: Those of them that a file may lack; they are then null in all its rows. Defaults to none.
        csv_delimiter: What separates the columns of CSV files, one character, or `\t` written out. Defaults to None:
            a comma, and a tab in .tsv files.

    Raises:
        UsageError: `csv_delimiter` is no single character.
    """

    def __init__(
        self, columns: Iterable[str], optional: Collection[str] = (), csv_delimiter: str | None = None
    ) -> None:
        self.columns = tuple(dict.fromkeys(columns))
        self.optional = frozenset(optional)
        if csv_delimiter in ("\\t", "tab"):
            csv_delimiter = "\t"
        if csv_delimiter is not None and (
            len(csv_delimiter) != 1 or not csv_delimiter.isascii() or csv_delimiter in '"\r\n'
        ):
            raise UsageError(
                f"`csv_delimiter` must be one character, such as ; or \\t. Received: {csv_delimiter!r}",
                ["csv_delimiter"],
            )
        self.csv_delimiter = csv_delimiter

    def of(self, columns: Iterable[str]) -> Self:
        """The same with other columns."""
        return type(self)(columns, self.optional, self.csv_delimiter)
