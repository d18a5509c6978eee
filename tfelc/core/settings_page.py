"""Every setting with its default, what it may be and what it means, as Markdown, from the classes alone."""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tfelc.core.auto import AUTO, OrAuto
from tfelc.core.part_settings import PartSettings

_LIMITS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
_TYPES = {int: "whole number", float: "number", bool: "true or false", str: "text"}


class _Row(NamedTuple):
    key: str
    default: str
    allowed: str
    meaning: str


def settings_page(settings: type[BaseModel]) -> str:
    """Tables of all the settings: first those that are always there, then those of each kind of part.

    What all parts of a kind have is listed once, before what each has besides.

    Args:
        settings: Type. The settings of an experiment.
    """
    lines = _table(list(_rows(settings, "")))
    for key, family in _families(settings, ""):
        parts = {name: family.registry.get(name) for name in family.registry.names()}
        of_parts = {
            name: [row for row in _rows(part, f"{key}.") if row.key != f"{key}.name"] for name, part in parts.items()
        }
        common = [row for row in next(iter(of_parts.values())) if all(row in rows for rows in of_parts.values())]
        if common:
            lines += ["", f"With any `{key}`:", "", *_table(common)]
        for name, part in parts.items():
            first, *_ = inspect.cleandoc(part.__doc__ or "").split("\n\n")
            lines += ["", f"With `{key}: {name}`: {' '.join(first.split())}", ""]
            own = [row for row in of_parts[name] if row not in common]
            lines += _table(own) if own else ["No settings of its own."]
    return "\n".join(lines) + "\n"


def _table(rows: list[_Row]) -> list[str]:
    return [
        "| setting | default | allowed | meaning |",
        "|---|---|---|---|",
        *(f"| `{row.key}` | {row.default} | {row.allowed} | {row.meaning} |" for row in rows),
    ]


def _rows(settings: type[BaseModel], prefix: str) -> Iterator[_Row]:
    meanings = _meanings(settings)
    for name, field in settings.model_fields.items():
        inner = _group_of(field)
        if inner is not None and not issubclass(inner, PartSettings):
            yield from _rows(type(field.default) if isinstance(field.default, inner) else inner, f"{prefix}{name}.")
        elif inner is not None:
            allowed = ", ".join(f"`{part}`" for part in inner.registry.names())
            yield _Row(f"{prefix}{name}", f"`{field.default.name}`", allowed, meanings.get(name, ""))
        else:
            yield _Row(f"{prefix}{name}", _text(field), _allowed(field), meanings.get(name, ""))


def _families(settings: type[BaseModel], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, field in settings.model_fields.items():
        inner = _group_of(field)
        if inner is None:
            continue
        if issubclass(inner, PartSettings):
            yield f"{prefix}{name}", inner
            yield from _families(type(field.default), f"{prefix}{name}.")
        else:
            yield from _families(inner, f"{prefix}{name}.")


def _group_of(field: FieldInfo) -> type[BaseModel] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _text(field: FieldInfo) -> str:
    if field.is_required():
        return "none"
    default = list(field.default) if isinstance(field.default, tuple) else field.default
    default = "auto" if OrAuto() in field.metadata and default == AUTO else default
    shown = yaml.safe_dump(default, default_flow_style=True).removesuffix("...\n").strip()
    return f"`{shown}`"


def _allowed(field: FieldInfo) -> str:
    limits = [
        f"{words} {getattr(limit, name):.15g}"
        for limit in field.metadata
        for name, words in _LIMITS.items()
        if getattr(limit, name, None) is not None
    ]
    either = ["`auto`"] if OrAuto() in field.metadata else []
    return ", ".join([*either, _type_text(field.annotation), *limits])


def _type_text(kind: Any) -> str:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin is tuple:
        return f"list of {_type_text(arguments[0])}"
    if origin in (Union, types.UnionType):
        kinds = " or ".join(_type_text(each) for each in arguments if each is not type(None))
        return f"{kinds}, or null" if type(None) in arguments else kinds
    if origin is dict:
        names = get_args(arguments[1]) or arguments[1].model_fields
        return f"mapping of {_type_text(arguments[0])} to {', '.join(f'`{name}`' for name in names)}"
    # `PositiveInt` and the like are the type with its limits.
    return _TYPES.get(arguments[0] if arguments else kind, str(kind))


def _meanings(settings: type[BaseModel]) -> dict[str, str]:
    """What the docstrings of a class and of those that it extends say under `Attributes:`."""
    found: dict[str, str] = {}
    for each in reversed(settings.__mro__):
        section = re.search(r"^Attributes:\n((?:    .*\n?|\n)+)", inspect.cleandoc(each.__doc__ or "") + "\n", re.M)
        if section and issubclass(each, BaseModel):
            for name, meaning in re.findall(r"^    (\w+): ((?:.|\n(?!    \w))*)", section[1], re.M):
                found[name] = " ".join(meaning.split()).replace("|", "\\|")
    return found
