"""What may be recommended after each history of a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

import numpy as np

from tfelc.core.errors import UsageError

Items = Sequence[int | str]
# Attribute -> the values of a category, one of which an item must have; True of a flag that it must have.
Where = Mapping[str, Sequence[str] | Literal[True]]
_LISTS = (list, tuple, np.ndarray, Set)


@dataclass(frozen=True)
class Conditions:
    """Which items may be recommended, history by history, and how they may resemble each other.

    Attributes:
        allow: Raw ids of each history's list, to which its recommendations are restricted; None where they are not.
            None as a whole: nowhere.
        deny: Raw ids that are not recommended. None as a whole: of no history.
        keep_seen: Whether items of the history itself may be recommended.
        where: What the attributes of each history's items must be. None as a whole: anything.
        at_most: Category -> items of one value at most.
        diversity: Share of unlikeness to the items before in what the next one is chosen by, from 0 to 1.
    """

    allow: Sequence[Items | None] | None = None
    deny: Sequence[Items] | None = None
    keep_seen: bool = False
    where: Sequence[Where] | None = None
    at_most: Mapping[str, int] = field(default_factory=dict)
    diversity: float = 0.0

    @classmethod
    def of(
        cls,
        rows: int,
        allow: Any = None,
        deny: Any = None,
        keep_seen: bool = False,
        where: Any = None,
        at_most: Mapping[str, int] | None = None,
        diversity: float = 0.0,
        kinds: Mapping[str, str] | None = None,
    ) -> Self:
        """Reads conditions as a person writes them.

        Args:
            rows: int. Histories of the request.
            allow: Raw item ids for all histories, or a list of them for each, in which None does not restrict.
                Defaults to None: nothing is restricted.
            deny: Likewise. Defaults to None: nothing is left out.
            keep_seen: bool. Whether items of the history itself may be recommended. Defaults to False.
            where: Mapping of a category to a value, or to several of which an item must have one, and of a flag to
                True; or such a mapping for each history. Defaults to None: any item will do.
            at_most: Mapping. Category -> items of one value at most. Defaults to none.
            diversity: float. See the class. Defaults to 0.
            kinds: Mapping. Attribute of the model's items -> its kind. Defaults to None: it is not known here.

        Raises:
            UsageError: There is neither one list for all histories nor one for each, or an attribute does not exist, or
                a number is out of its range.

        Example:
            >>> found = Conditions.of(2, allow=["a", "b"], deny=[None, ["c"]], where={"color": "red"})
            >>> found.allow, found.deny, found.where[0]
            ([['a', 'b'], ['a', 'b']], [[], ['c']], {'color': ('red',)})
        """
        denied = _by_row("deny", deny, rows)
        asked = {} if at_most is None else {name: _most(name, most, kinds) for name, most in at_most.items()}
        if not 0 <= diversity <= 1:
            raise UsageError(f"`diversity` is a share from 0 to 1. Received: {diversity!r}", ["diversity"])
        return cls(
            _by_row("allow", allow, rows),
            None if denied is None else [items or [] for items in denied],
            keep_seen,
            _where_by_row(where, rows, kinds),
            asked,
            float(diversity),
        )

    def __bool__(self) -> bool:
        return self != NO_CONDITIONS

    def allowed(self, row: int) -> Items | None:
        """The list to which a row is restricted; None where it is not."""
        return None if self.allow is None else self.allow[row]

    def denied(self, row: int) -> Items:
        """The items that are not recommended to a row."""
        return () if self.deny is None else self.deny[row]

    def wanted(self, row: int) -> Where:
        """What the attributes of a row's items must be."""
        return {} if self.where is None else self.where[row]

    def take(self, rows: Sequence[int]) -> Self:
        """The conditions of some rows, in that order."""
        return replace(
            self,
            allow=None if self.allow is None else [self.allow[row] for row in rows],
            deny=None if self.deny is None else [self.deny[row] for row in rows],
            where=None if self.where is None else [self.where[row] for row in rows],
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
    for each in lists:
        if each is not None and not isinstance(each, _LISTS):
            raise UsageError(f"`{name}` holds single ids beside lists. Received: {each!r:.80}", [name])
    return [None if each is None else [_plain(item) for item in each] for each in _each(name, "lists", lists, rows)]


def _each(name: str, what: str, values: list[Any], rows: int) -> list[Any]:
    if len(values) != rows:
        raise UsageError(
            f"`{name}` holds {len(values)} {what} for {rows} histories; give one for each, or one for all", [name]
        )
    return values


def _where_by_row(given: Any, rows: int, kinds: Mapping[str, str] | None) -> list[Where] | None:
    if given is None:
        return None
    if isinstance(given, Mapping):
        made = _where(given, kinds)
        return [made] * rows
    return [{} if each is None else _where(each, kinds) for each in _each("where", "mappings", list(given), rows)]


def _where(given: Mapping[str, Any], kinds: Mapping[str, str] | None) -> Where:
    made: dict[str, Any] = {}
    for name, value in given.items():
        values = tuple(value) if isinstance(value, _LISTS) else (value,)
        is_flag = values == (True,) and isinstance(values[0], bool | np.bool_)
        _check(name, "flag" if is_flag else "category", kinds, "where")
        if not values:
            raise UsageError(f"`where`: `{name}` has no value; leave it out where any will do", ["where"])
        made[name] = True if is_flag else tuple(_text(name, each) for each in values)
    return made


def _text(name: str, value: Any) -> str:
    value = _plain(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise UsageError(f"`where`: `{name}` takes texts, or True of a flag. Received: {value!r:.80}", ["where"])
    return str(value)


def _most(name: str, most: Any, kinds: Mapping[str, str] | None) -> int:
    _check(name, "category", kinds, "at_most")
    if isinstance(most, bool) or not isinstance(most, int | np.integer) or most < 1:
        raise UsageError(f"`at_most`: `{name}` takes a whole number from 1. Received: {most!r:.80}", ["at_most"])
    return int(most)


def _check(name: str, kind: str, kinds: Mapping[str, str] | None, argument: str) -> None:
    if kinds is None or kinds.get(name) == kind:
        return
    there = ", ".join(each for each in kinds if kinds[each] in ("category", "flag")) or "none"
    if name in kinds:
        raise UsageError(f"`{argument}`: `{name}` is a {kinds[name]}, not a {kind}", [argument])
    raise UsageError(
        f"`{argument}`: the model's items have no attribute `{name}`; those to ask for: {there}", [argument]
    )


def _plain(item: Any) -> Any:
    return item.item() if isinstance(item, np.generic) else item
