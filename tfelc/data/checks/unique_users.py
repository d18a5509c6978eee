"""Whether every row of a log has a user of its own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from tfelc.data.packed_rows import packed, unpacked

# Users that are told apart at most.
_USERS = 1 << 20
_COLUMN = "user"


class UniqueUsers:
    """Sees the users of rows as they pass; once one came again, it looks no more.

    Args:
        name: The column of the users; None for none.
        rows: Rows of the whole log, where it is known: of too many nothing is kept. Defaults to None.

    Attributes:
        holds: Whether there were rows, and each had a user that no other one has.
    """

    def __init__(self, name: str | None, rows: int | None = None) -> None:
        self._name = name
        self._seen: list[NDArray[np.uint64]] | None = [] if name and (rows or 0) <= _USERS else None

    @property
    def holds(self) -> bool:
        """Whether there were rows, and each had a user that no other one has."""
        return bool(self._seen)

    def see(self, rows: pa.Table) -> None:
        """Looks at the next rows, in the schema's types."""
        if self._seen is None or not len(rows):
            return
        column = rows[str(self._name)].drop_null()
        # Of words the hash will do; one that is the same in every process.
        users = np.unique(pd.util.hash_array(column.to_pandas().to_numpy()))
        self._add(users, repeats=len(users) < len(rows))

    def said(self) -> str | None:
        """What `hear` takes, in another process."""
        if self._seen is None:
            return None
        return packed(pa.table({_COLUMN: np.concatenate([np.empty(0, np.uint64), *self._seen])}))

    def hear(self, said: str | None) -> None:
        """Takes what another one says of the rows that follow."""
        if said is None:
            self._seen = None
        elif len(users := unpacked(said)[_COLUMN].to_numpy()):
            self._add(users, repeats=False)

    def _add(self, users: NDArray[np.uint64], repeats: bool) -> None:
        if self._seen is None:
            return
        self._seen.append(users)
        known = sum(map(len, self._seen))
        if repeats or known > _USERS or len(np.unique(np.concatenate(self._seen))) < known:
            self._seen = None
