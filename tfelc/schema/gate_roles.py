"""Which roles gates and clusters see where a schema has no feature of role `activity`."""

from __future__ import annotations

from tfelc.schema.column import ROLES, Role
from tfelc.schema.schema import Schema


def gate_roles(schema: Schema) -> tuple[tuple[Role, ...], tuple[Role, ...], str]:
    """The roles that gates and clusters see by default.

    They are made for the activity of a user. Without a feature of that role all that is known of the user takes its
    place; without any, the gates see every feature, and there is nothing to cluster the users by.

    Args:
        schema: Schema. What the columns mean.

    Returns:
        The roles of the gates, those of the clusters, and a sentence that says so; an empty one where the schema has a
        feature of role `activity`.

    Example:
        >>> columns = {"y": {"kind": "label"}, "age": {"kind": "number", "role": "user"}}
        >>> schema = Schema.load({"name": "shop", "columns": columns, "tasks": {"ctr": {"label": "y"}}})
        >>> gate_roles(schema)[2]
        'no feature has the role `activity`: the gates and the clusters see those of role `user`'
    """
    found = (role for column in schema.features.values() for role in ROLES if role == column.role)
    present = tuple(dict.fromkeys(found))
    if "activity" in present:
        return ("activity",), ("activity",), ""
    said = "no feature has the role `activity`"
    if "user" in present:
        return ("user",), ("user",), f"{said}: the gates and the clusters see those of role `user`"
    return present, (), f"{said} or `user`: the gates see all features, and there are no clusters"
