"""The labels of a whole log that come late."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from tfelc.core.errors import DataError
from tfelc.data.delays.delay_survey import DelaySurvey
from tfelc.data.delays.matured_labels import MaturedLabels
from tfelc.data.gathered_batches import conformed, gathered
from tfelc.data.log_source import LogSource
from tfelc.data.time_survey import TimeSurvey
from tfelc.schema.schema import Schema


def matured_labels_of(schema: Schema, log: LogSource, in_seconds: bool) -> MaturedLabels:
    """Reads the times of rows and outcomes, in a first pass over the log; nothing where no label comes late.

    Args:
        schema: Its columns.
        log: The log.
        in_seconds: Whether times that are bare numbers are seconds.

    Raises:
        FractionalTimes: As `TimeSurvey.add`.
        DataError: A time is none, or of no unit, an outcome came before its row, or the log has no rows.
    """
    if not schema.delays:
        return MaturedLabels(schema, [])
    survey = DelaySurvey(schema, log.name)
    survey.see(_times(schema.only(survey.columns), log, in_seconds))
    if not survey.observed_until:
        raise DataError(f"{log.name}: the log has no rows")
    return MaturedLabels(schema, [survey], trains=True)


def _times(only: Schema, log: LogSource, in_seconds: bool) -> Iterator[pa.Table]:
    surveys = [TimeSurvey(name, column, in_seconds) for name, column in only.as_read().items()]
    for batch in gathered(log.batches(only.source_names(only.columns))):
        for survey in surveys:
            survey.see(batch)
        yield conformed(batch, only, in_seconds)
    for survey in surveys:
        survey.check()
