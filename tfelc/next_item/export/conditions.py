"""What may be recommended after each history of a request."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from tfelc.core.errors import UsageError

Items = Sequence[int | str]
_LISTS = (list, tuple, np.ndarray, Set)


@dataclass(frozen=True)
class Conditions:
    """Which items may be recommended, history by history.

    Attributes:
        allow: Raw ids of each history's list, to which its recommendations are restricted; None where they are not.
            None as a whole: nowhere.
        deny: Raw ids that are not recommended. None as a whole: of no history.
        keep_seen: Whether items of the history itself may be recommended.
    """

    allow: Sequence[Items | None] | None = None
    deny: Sequence[Items] | None = None
    keep_seen: bool = False

    @classmethod
    def of(cls, rows: int, allow: Any = None, deny: Any = None, keep_seen: bool = False) -> Self:
        """Reads conditions as a person writes them.

        Args:
            rows: int. Histories of the request.
            allow: Raw item ids for all histories, or a list of them for each, in which None does not restrict.
                Defaults to None: nothing is restricted.
            deny: Likewise. Defaults to None: nothing is left out.
            keep_seen: bool. Whether items of the history itself may be recommended. Defaults to False.

        Raises:
            UsageError: There is neither one list for all histories nor one for each.

        Example:
            >>> Conditions.of(2, allow=["a", "b"], deny=[None, ["c"]])
            Conditions(allow=[['a', 'b'], ['a', 'b']], deny=[[], ['c']], keep_seen=False)
        """
        denied = _by_row("deny", deny, rows)
        return cls(
            _by_row("allow", allow, rows), None if denied is None else [items or [] for items in denied], keep_seen
        )

    def __bool__(self) -> bool:
        return self != NO_CONDITIONS

    def allowed(self, row: int) -> Items | None:
        """The list to which a row is restricted; None where it is not."""
        return None if self.allow is None else self.allow[row]

    def denied(self, row: int) -> Items:
        """The items that are not recommended to a row."""
        return () if self.deny is None else self.deny[row]

    def take(self, rows: Sequence[int]) -> Self:
        """The conditions of some rows, in that order."""
        return type(self)(
            None if self.allow is None else [self.allow[row] for row in rows],
            None if self.deny is None else [self.deny[row] for row in rows],
            self.keep_seen,
        )


NO_CONDITIONS = Conditions()


def _by_row(name: str, given: Any, rows: int) -> list[list[Any] | None] | None:
    if given is None:
        return None
    if isinstance(given, str | bytes) or not hasattr(given, "__iter__"):
        raise UsageError(f"`{name}` takes a list of item ids, or one for each history. Received: {given!r:.80}", [name])
    lists = list(given)
    if not any(each is None or isinstance(each, _LISTS) for each in lists):
        return [[_plain(item) for item in lists] for _ in range(rows)]
    if len(lists) != rows:
        raise UsageError(
            f"`{name}` holds {len(lists)} lists for {rows} histories; give one for each, or one of ids", [name]
        )
    for each in lists:
        if each is not None and not isinstance(each, _LISTS):
            raise UsageError(f"`{name}` holds single ids beside lists. Received: {each!r:.80}", [name])
    return [None if each is None else [_plain(item) for item in each] for each in lists]


def _plain(item: Any) -> Any:
    return item.item() if isinstance(item, np.generic) else item
