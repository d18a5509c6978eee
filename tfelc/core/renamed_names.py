"""Old names in files that users wrote: read as the new ones, with one warning that says which."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tfelc.core.errors import UsageError

_told: set[tuple[str, str]] = set()


class RenamedWarning(FutureWarning):
    """A file, an option or an argument uses a name of before."""


@dataclass(frozen=True)
class Rename:
    """One name that has changed.

    Attributes:
        old: The old place as a dotted key, such as `tasks.*.given`. `*` stands for any key.
        new: The new one. The n-th `*` stands for the key that the n-th `*` of `old` met. The same as `old` where only
            values were renamed.
        values: Old value -> new value. A list's entries are renamed one by one. Defaults to none.
    """

    old: str
    new: str
    values: Mapping[Hashable, Any] = field(default_factory=dict)


def with_new_names(content: Mapping[str, Any], renames: Sequence[Rename], where: str) -> dict[str, Any]:
    """A copy of what was read from a file, under the names of today.

    One warning names all that was renamed; in a process each rename is said once for each file. Content of several
    sources, such as a file and the options that overrule it, is renamed source by source before it is merged.

    Args:
        content: Mapping. Nested groups of names and values. It is left as it was.
        renames: Sequence of Rename. Applied in order: a later one meets what an earlier one wrote.
        where: str. The file or option, for messages.

    Returns:
        The content under the new names. A group that a renamed key left empty is gone.

    Raises:
        UsageError: An old name and the new one stand together, or a value stands where the new name needs a group.

    Example:
        >>> renames = [Rename("model.*.feed", "model.*.gate_inputs", {"center": "centers"})]
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore")
        ...     with_new_names({"model": {"clusters": {"feed": ["center"]}}}, renames, "old.yaml")
        {'model': {'clusters': {'gate_inputs': ['centers']}}}
    """
    renamed = copy.deepcopy(dict(content))
    changes: dict[str, tuple[str, str]] = {}
    for rename in renames:
        for place in list(_places(renamed, rename.old.split("."))):
            if change := _apply(renamed, rename, place, where):
                changes.setdefault(rename.old, change)
    _warn(where, changes)
    return renamed


def _warn(where: str, changes: Mapping[str, tuple[str, str]]) -> None:
    untold = {key: change for key, change in changes.items() if (where, key) not in _told}
    _told.update((where, key) for key in untold)
    if untold:
        said = ", ".join(f"`{old}` is now `{new}`" for old, new in untold.values())
        warnings.warn(f"{where}: {said}", RenamedWarning, stacklevel=3)


def _apply(content: dict[str, Any], rename: Rename, old: tuple[Any, ...], where: str) -> tuple[str, str] | None:
    """Renames what stands in one place; returns how it was called and is called now, or None where nothing changed."""
    new = _filled(rename, old)
    value = _group(content, old[:-1])[old[-1]]
    renamed = _renamed_value(value, rename.values)
    if new == old:
        _group(content, old[:-1])[old[-1]] = renamed
        changed = renamed != value
        return (f"{_dotted(old)}: {_text(value)}", f"{_dotted(new)}: {_text(renamed)}") if changed else None
    del _group(content, old[:-1])[old[-1]]
    group = content
    for depth, key in enumerate(new[:-1], 1):
        group = group.setdefault(key, {})
        if not isinstance(group, dict):
            raise UsageError(f"{where}: `{_dotted(new[:depth])}` is a value, but `{_dotted(new)}` needs a group")
    if new[-1] in group:
        raise UsageError(f"{where}: `{_dotted(old)}` is the old name of `{_dotted(new)}`: leave one of the two out")
    group[new[-1]] = renamed
    _remove_empty(content, old[:-1])
    return _dotted(old), _dotted(new)


def _places(content: Any, pattern: Sequence[str], before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The keys, from the outside in, of all that a pattern meets. Keys may be numbers: YAML's can."""
    if not pattern:
        yield before
    elif isinstance(content, dict):
        for key, value in content.items():
            if pattern[0] in ("*", str(key)):
                yield from _places(value, pattern[1:], (*before, key))


def _filled(rename: Rename, old: tuple[Any, ...]) -> tuple[Any, ...]:
    met = iter([key for key, part in zip(old, rename.old.split("."), strict=True) if part == "*"])
    if rename.new == rename.old:
        return old
    return tuple(next(met) if part == "*" else part for part in rename.new.split("."))


def _group(content: dict[str, Any], path: tuple[Any, ...]) -> dict[Any, Any]:
    for key in path:
        content = content[key]
    return content


def _remove_empty(content: dict[str, Any], path: tuple[Any, ...]) -> None:
    if path and not _group(content, path):
        del _group(content, path[:-1])[path[-1]]
        _remove_empty(content, path[:-1])


def _renamed_value(value: Any, values: Mapping[Hashable, Any]) -> Any:
    if isinstance(value, list):
        return [_renamed_value(entry, values) for entry in value]
    return values.get(value, value) if isinstance(value, Hashable) else value


def _dotted(path: tuple[Any, ...]) -> str:
    return ".".join(map(str, path))


def _text(value: Any) -> str:
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)
