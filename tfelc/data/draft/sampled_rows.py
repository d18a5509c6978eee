"""Some rows of a log whose columns are not known yet, with types for those that are text."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from tfelc.core.errors import DataError
from tfelc.data.files.log_files import LogFiles
from tfelc.data.files.read_rows import read_rows
from tfelc.data.log_source import LogInput, open_log

_ROWS = 200_000


def sampled_rows(source: LogInput) -> tuple[pa.Table, int | None, str]:
    """The first rows and, of Parquet files with several row groups, those of random groups, 200,000 at most.

    Args:
        source: Paths or patterns of files, or a table in memory; see `open_log`.

    Returns:
        The rows, with columns of text that hold numbers or lists alone brought to these; the rows of the whole log
        where that is known; and what to call it.

    Raises:
        DataError: A file is missing, empty or broken, or there are no rows.
    """
    log = open_log(source, [])
    pieces: list[pa.Table] = []
    rows = 0
    if isinstance(log, LogFiles) and all(file.groups is not None for file in log.files):
        tables: Iterator[tuple[pa.Table, bool]] = ((table, False) for table in _row_groups(log))
    else:
        names = log.names
        tables = ((batch.table, batch.is_text) for batch in open_log(source, names, names).batches())
    is_text = False
    for table, as_text in tables:
        is_text = as_text
        pieces.append(table.slice(0, _ROWS - rows))
        rows += len(pieces[-1])
        if rows >= _ROWS:
            break
    if not rows:
        raise DataError(f"{log.name}: the log has no rows")
    sample = pa.concat_tables(pieces, promote_options="permissive")
    if is_text:
        columns = {name: _typed(sample[name].combine_chunks()) for name in sample.column_names}
        sample = pa.table(columns)
    return sample, log.rows, log.name


def _row_groups(log: LogFiles) -> Iterator[pa.Table]:
    """The first row group of the log, then others in a random order that is the same each time."""
    groups = [(file, group) for file in log.files for group in range(len(file.groups or ()))]
    first, others = groups[:1], groups[1:]
    random.Random(0).shuffle(others)
    for file, group in [*first, *others]:
        if batches := list(read_rows(file, log.names, group)):
            yield pa.Table.from_batches(batches)


def _typed(texts: pa.Array) -> pa.Array:
    """Text as whole numbers, fractions or lists, where all of it is such."""
    for kind in (pa.int64(), pa.float64()):
        try:
            typed = pc.cast(texts, kind)
        except pa.ArrowInvalid:
            continue
        # `07` is no number: as one it would be 7.
        if kind == pa.float64() or pc.all(pc.equal(pc.cast(typed, pa.string()), texts)).as_py() is not False:
            return typed
        return texts
    return pc.split_pattern(texts, "|") if pc.any(pc.match_substring(texts, "|")).as_py() else texts
