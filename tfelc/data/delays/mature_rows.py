"""Rows in memory with their late labels as they are known at the end of them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tfelc.core.errors import DataError
from tfelc.data.delays.delay_survey import DelaySurvey
from tfelc.data.delays.matured_labels import MaturedLabels
from tfelc.data.delays.misplaced_events import misplaced_events
from tfelc.schema.schema import Schema


def mature_rows(schema: Schema, rows: pa.Table, where: str) -> pa.Table:
    """The rows with null in each label that comes late where they are too young to know it.

    Args:
        schema: The columns.
        rows: The rows, in its types.
        where: Where they come from, for the messages.

    Raises:
        DataError: An outcome and the time of it do not fit each other.
    """
    if not schema.delays:
        return rows
    arrays = {name: rows[name].combine_chunks() for name in rows.column_names}
    for name, fault in misplaced_events(arrays, schema, where):
        raise DataError(f"{where}: column `{name}`, row {int(np.argmax(fault.rows)) + 1}: {fault.reason}")
    return MaturedLabels(schema, [DelaySurvey(schema, where).see([rows])]).added_to(rows, where=where)
