"""Parts that are found by name: the package's own, and those that plug-ins add."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from tfelc.core.errors import UsageError
from tfelc.core.plugins import load_installed_plugins

Part = TypeVar("Part")


class Registry(Generic[Part]):
    """A table of parts by name.

    The package's own parts are named as `module:attribute` and imported once they are asked for, so that listing names
    loads nothing, and a lower layer can hold the table of what higher ones provide. A plug-in adds its parts by
    `register` when it is imported; see `tfelc.core.plugins`.

    Args:
        kind: str. What a part is called in messages, such as `architecture`.
        parts: Mapping of name to `module:attribute`. The package's own parts.

    Example:
        >>> shapes = Registry("shape", {"ordered": "collections:OrderedDict"})
        >>> shapes.register("plain", dict)
        >>> shapes.names(), shapes.get("ordered").__name__
        (['ordered', 'plain'], 'OrderedDict')
    """

    def __init__(self, kind: str, parts: Mapping[str, str]) -> None:
        self.kind = kind
        self._references = dict(parts)
        self._parts: dict[str, Part] = {}

    def register(self, name: str, part: Part) -> None:
        """Adds a part.

        Args:
            name: str. Its name in settings, arguments and files.
            part: The part. What is defined again at the same place, as by a notebook's cell, takes its old one's place.

        Raises:
            UsageError: The name stands for another part already.
        """
        if name in self._references or _origin(self._parts.get(name, part)) != _origin(part):
            raise UsageError(f"{self.kind} `{name}`: the name is taken; register yours under another one")
        self._parts[name] = part

    def names(self) -> list[str]:
        """The names, the package's own first."""
        load_installed_plugins()
        return [*self._references, *(name for name in self._parts if name not in self._references)]

    def get(self, name: str) -> Part:
        """The part of a name.

        Raises:
            UsageError: There is none.
        """
        if name not in self._parts and name not in self._references:
            load_installed_plugins()
        if name not in self._parts:
            if name not in self._references:
                near = difflib.get_close_matches(str(name), self.names(), 1)
                meant = f"; did you mean `{near[0]}`?" if near else ""
                raise UsageError(f"no {self.kind} `{name}`; it is one of {', '.join(self.names())}{meant}")
            module, _, attribute = self._references[name].partition(":")
            self._parts[name] = getattr(importlib.import_module(module), attribute)
        return self._parts[name]


def _origin(part: Any) -> Any:
    """Where a class or function is defined; of other parts, themselves."""
    return (part.__module__, part.__qualname__) if hasattr(part, "__qualname__") else part
