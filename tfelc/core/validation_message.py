"""What pydantic finds wrong with content that a user wrote, in one plain line."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

_LONGEST_VALUE = 80
# Error type of pydantic's -> what the value must be.
_WANTED = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "string_type": "text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping of names to values",
    "mapping_type": "a mapping of names to values",
    "model_type": "a mapping of names to values",
    "model_attributes_type": "a mapping of names to values",
}
_LIMITS = {"greater_than": "gt", "greater_than_equal": "ge", "less_than": "lt", "less_than_equal": "le"}
_LIMIT_WORDS = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most"}


def validation_message(error: ValidationError, model: type[BaseModel], noun: str = "key") -> str:
    """The first fault as a line such as "`columns.price.rol`: no such key; did you mean `role`?".

    Args:
        error: ValidationError. What pydantic raised.
        model: Type. The model that it raised it for, whose fields near misses are looked for in.
        noun: str. What a name is called. Defaults to `key`.

    Returns:
        The place, where there is one, and what is wrong there. A check of the model's own is told in its own words.

    Example:
        >>> class Price(BaseModel, extra="forbid"):
        ...     amount: int = 1
        >>> try:
        ...     Price.model_validate({"amuont": 3})
        ... except ValidationError as error:
        ...     print(validation_message(error, Price))
        `amuont`: no such key; did you mean `amount`?
    """
    faults = error.errors()
    place, holder = _walk(model, faults[0]["loc"])
    # A value that may be of several types is told once for each of them.
    same = [fault for fault in faults if _walk(model, fault["loc"])[0] == place]
    reason = _reason(same, holder, noun)
    return f"`{'.'.join(place)}`: {reason}" if place else reason


def near_miss(name: object, names: Iterable[str]) -> str:
    """The words "; did you mean `x`?" where one of the names is nearly that one, and none where no one is."""
    near = difflib.get_close_matches(str(name), list(names), 1)
    return f"; did you mean `{near[0]}`?" if near else ""


def _reason(faults: Sequence[ErrorDetails], holder: Any, noun: str) -> str:
    first = faults[0]
    kind, context = first["type"], first.get("ctx", {})
    if kind == "extra_forbidden":
        names = [field.alias or name for name, field in holder.model_fields.items()] if _is_model(holder) else []
        return f"no such {noun}{near_miss(first['loc'][-1], names) or _choice(names)}"
    if kind == "missing":
        return "is missing"
    if kind == "value_error" and "error" in context:
        return str(context["error"])
    if kind == "invalid_key" or first["loc"][-1:] == ("[key]",):
        return f"a name must be text: put it in quotes. Received: {_shown(first['input'])}"
    wanted = list(dict.fromkeys(_wanted(fault) for fault in faults))
    if "a number" in wanted and "a whole number" in wanted:
        wanted.remove("a whole number")
    if None in wanted:
        return f"{first['msg'][:1].lower()}{first['msg'][1:]}. Received: {_shown(first['input'])}"
    return f"must be {' or '.join(map(str, wanted))}. Received: {_shown(first['input'])}{_near_value(first)}"


def _wanted(fault: ErrorDetails) -> str | None:
    kind, context = fault["type"], fault.get("ctx", {})
    if kind in _LIMITS:
        return f"{_LIMIT_WORDS[_LIMITS[kind]]} {context[_LIMITS[kind]]:.15g}"
    if kind in ("literal_error", "enum"):
        return f"one of {', '.join(_values(fault))}" if len(_values(fault)) > 1 else _values(fault)[0]
    if kind == "union_tag_invalid":
        return f"a mapping whose `{_bare(context['discriminator'])}` is one of {_bare(context['expected_tags'])}"
    if kind == "union_tag_not_found":
        return f"a mapping with `{_bare(context['discriminator'])}`"
    if kind == "too_short":
        return f"a list of at least {context['min_length']}"
    if kind == "too_long":
        return f"a list of at most {context['max_length']}"
    return _WANTED.get(kind)


def _near_value(fault: ErrorDetails) -> str:
    return near_miss(fault["input"], _values(fault)) if fault["type"] == "literal_error" else ""


def _values(fault: ErrorDetails) -> list[str]:
    # As in "'number', 'category' or 'list'".
    return _bare(fault["ctx"]["expected"]).replace(" or ", ", ").split(", ")


def _bare(text: str) -> str:
    return text.replace("'", "")


def _choice(names: Sequence[str]) -> str:
    return f"; it is one of {', '.join(names)}" if names else ""


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]} ..."


def _walk(annotation: Any, location: Sequence[int | str]) -> tuple[tuple[str, ...], Any]:
    """The place as the user wrote it, without pydantic's names for the members of a union; and who holds its last part.

    The holder is the type of what the last part is a key of; None where it cannot be told.
    """
    place: list[str] = []
    holder: Any = None
    for part in location:
        members = _members(annotation)
        if len(members) > 1:
            annotation = next((member for member in members if _is_called(member, part)), None)
            continue
        if part == "[key]":
            break
        holder = members[0] if members else None
        place.append(str(part))
        annotation = _inside(holder, part)
    return tuple(place), holder


def _members(annotation: Any) -> list[Any]:
    """The types that a value may be of, apart from null."""
    if get_origin(annotation) is Annotated:
        return _members(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return [part for member in get_args(annotation) if member is not type(None) for part in _members(member)]
    return [annotation]


def _is_called(member: Any, name: object) -> bool:
    """Whether pydantic calls a member of a union so: by its class, or by the value that tells it from the others."""
    if not _is_model(member):
        return getattr(member, "__name__", None) == name
    literals = [field.annotation for field in member.model_fields.values() if get_origin(field.annotation) is Literal]
    return member.__name__ == name or any(name in get_args(literal) for literal in literals)


def _inside(holder: Any, key: int | str) -> Any:
    if _is_model(holder):
        fields = holder.model_fields.items()
        return next((field.annotation for name, field in fields if key in (name, field.alias)), None)
    origin, arguments = get_origin(holder), get_args(holder)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return arguments[1]
    return arguments[0] if arguments else None


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
