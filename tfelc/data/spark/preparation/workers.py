"""Spark's workers, as a preparation uses them."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tfelc.core.data_warning import DataWarning
from tfelc.data.spark.carried_error import carried_error
from tfelc.data.spark.preparation.task import SAID, Task

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    Partitions = Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]


class Workers:
    """Runs tasks; Spark starts one that fails or is lost anew, and counts what one attempt of each says.

    Args:
        session: The session.
    """

    def __init__(self, session: SparkSession) -> None:
        self.session = session

    def run(self, task: Task, count: int) -> list[Any]:
        """Does what the numbers from 0 stand for, each in a task of its own.

        Args:
            task: What to do.
            count: How many numbers there are.

        Returns:
            What each says, in the order of the numbers; what they warn of is said here.

        Raises:
            TfelcError: What a task has raised, in one line.
        """
        return list(self.said(self.numbers(count).mapInArrow(task, SAID)).values()) if count else []

    def numbers(self, count: int) -> DataFrame:
        """The numbers from 0, each in a partition of its own."""
        return self.session.range(0, count, 1, count)

    def partitions(
        self, frame: DataFrame, function: Partitions, columns: Sequence[str] | None = None
    ) -> dict[int, Any]:
        """What a function says over each partition of a frame, by the number that it gives, in their order.

        Args:
            frame: The frame.
            function: Gives rows as `said_rows` makes them.
            columns: The columns that it needs. Defaults to all.
        """
        taken = frame if columns is None else frame.select(*(f"`{name}`" for name in columns))
        return self.said(taken.mapInArrow(function, SAID))

    def said(self, frame: DataFrame) -> dict[int, Any]:
        """What tasks say, by number, in the order of the numbers."""
        try:
            rows = frame.collect()
        except Exception as error:  # Py4J and Spark Connect have exceptions of their own
            raise carried_error(error) from None
        return self.heard([row.asDict() for row in rows])

    @staticmethod
    def heard(rows: Sequence[Mapping[str, Any]]) -> dict[int, Any]:
        """What rows of `said_rows` say, by number, in the order of the numbers; their warnings are told."""
        told = {int(row["number"]): json.loads(row["said"]) for row in rows}
        for text in dict.fromkeys(text for number in sorted(told) for text in told[number]["warnings"]):
            warnings.warn(text, DataWarning, stacklevel=4)
        return {number: told[number]["said"] for number in sorted(told)}
