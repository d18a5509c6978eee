"""The draft of a schema from Python."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tfelc.data.draft.schema_draft import draft_schema as draft
from tfelc.data.log_source import LogInput
from tfelc.schema.schema import Schema


def draft_schema(data: LogInput, labels: Sequence[str], name: str = "drafted") -> Schema:
    """Drafts a schema for a table by the names and values of its columns; to be looked through.

    What is suspicious is printed on standard error, such as a feature that tells a label by itself, which is left out.
    `tfelc draft` writes the same schema with comments.

    Args:
        data: pandas DataFrame, Arrow table, or path or pattern of files, or a list of those.
        labels: Sequence of str. Columns with the outcomes to predict, 0 or 1.
        name: str. What to call the schema. Defaults to `drafted`.

    Returns:
        The schema, which `Ranker` takes; `dump` gives it as YAML.

    Raises:
        UsageError: There is no such label, none at all, or one is no outcome.
        DataError: The table cannot be read, or leaves no feature.

    Example:
        >>> schema = tfelc.draft_schema(log, labels=["click", "order"])  # doctest: +SKIP
        >>> tfelc.Ranker(schema).fit(log)  # doctest: +SKIP
    """
    drafted = draft(data, labels, name)
    for warning in drafted.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    return drafted.schema
