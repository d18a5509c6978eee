"""What joins the rows of requests to their outcomes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from tfelc.core.errors import DataError, UsageError
from tfelc.core.validation_message import near_miss
from tfelc.data.contract import checked_column
from tfelc.data.log_batch import LogBatch
from tfelc.ranker.data.requests.served_rows import ServedRows
from tfelc.schema.column import Column
from tfelc.schema.request_key import USER_AND_DAY
from tfelc.schema.schema import Schema

# The request's own id, which servers log beside its inputs.
REQUEST_ID = "request_id"
_TEXT = Column(kind="group")


class Keys:
    """The columns of a key: categories that the requests hold, and the request's own id.

    Args:
        schema: The columns.
        names: Names of the columns. None: the schema's `request_key`.

    Attributes:
        columns: Name -> column.
        own: The one of them that is the request's own id; None where the key has none.

    Raises:
        UsageError: A name is none of these.
    """

    def __init__(self, schema: Schema, names: Sequence[str] = ()) -> None:
        if not names and schema.request_key not in (None, USER_AND_DAY):
            names = [str(schema.request_key)]
        if not names:
            raise UsageError(
                f"`key` is missing: name the columns that join requests to outcomes, such as `{REQUEST_ID}`", ["key"]
            )
        self.columns: dict[str, Column] = {}
        self.own: str | None = None
        self._request_key = schema.request_key
        for name in names:
            column = schema.columns.get(name)
            if column is not None and column.is_feature:
                if column.kind != "category":
                    raise UsageError(f"`key` {name}: is a {column.kind}; use categories", ["key"])
            elif name in (REQUEST_ID, schema.request_key) and self.own in (None, name):
                self.own = name
            else:
                usable = [REQUEST_ID, *(each for each, one in schema.features.items() if one.kind == "category")]
                hint = near_miss(name, usable) or f"; use a category among the features, or `{REQUEST_ID}`"
                raise UsageError(f"`key` {name}: is not in the requests{hint}", ["key"])
            self.columns[name] = schema.as_read([name])[name] if column is not None else _TEXT

    @property
    def tells_requests_apart(self) -> bool:
        """Whether the key names the request, so that what has the same key twice is one that was sent again."""
        return self.own is not None or self._request_key in self.columns

    def of_rows(self, rows: ServedRows) -> pa.Table:
        """The keys of served rows; raises DataError where a request has no id, or one that is none of its column's."""
        arrays = {}
        for name, column in self.columns.items():
            if name != self.own:
                arrays[name] = rows.features[name].combine_chunks()
                continue
            for where, number in zip(rows.where, rows.request_ids, strict=True):
                if not number:
                    raise DataError(
                        f"{where}: the record has no `request_origin`, which would be the request's id; name columns "
                        "of the request as the key"
                    )
            ids = pa.array(rows.request_ids, pa.string())
            brought = checked_column(LogBatch("requests", 1, pa.table({name: ids}), is_text=False), name, column)
            arrays[name] = brought.take(pa.array(rows.request))
        return pa.table(arrays)

    def said(self, keys: pa.Table, row: int) -> str:
        """One of the keys in words, as in `request_id=r1, item_id=7`."""
        return ", ".join(f"{name}={keys[name][row].as_py()}" for name in self.columns)

    def repeated(self, keys: pa.Table) -> tuple[np.ndarray, np.ndarray]:
        """The rows whose key is there again later, and for each the last such row; keys with a null are left out."""
        there = np.flatnonzero(self.whole(keys))
        numbered = keys.take(pa.array(there)).append_column("__row", pa.array(there))
        last = numbered.group_by(list(self.columns)).aggregate([("__row", "max")])
        joined = numbered.join(last, list(self.columns)).sort_by("__row")
        row, end = joined["__row"].to_numpy(), joined["__row_max"].to_numpy()
        again = row != end
        return row[again], end[again]

    def whole(self, keys: pa.Table) -> np.ndarray:
        """The rows none of whose keys is null."""
        found = np.ones(len(keys), bool)
        for name in self.columns:
            found &= keys[name].is_valid().to_numpy()
        return found
