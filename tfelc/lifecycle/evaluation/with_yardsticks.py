"""The yardsticks that a run's training measured, beside a later evaluation of the same rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tfelc.core.errors import RunError
from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.lifecycle.run import Run


def with_yardsticks(result: EvaluationResult, run: Run[Any], data_hash: str) -> EvaluationResult:
    """Adds what `metrics.json` says of the yardsticks and of the steps; nothing is trained anew.

    Args:
        result: EvaluationResult. What a model of the run was found to do.
        run: Run. The run.
        data_hash: str. Of the data that was measured.

    Returns:
        The result with the yardsticks where the rows are those that training measured, the test split of the run's
        own data; otherwise, and where the file is missing or damaged, the result as it is.
    """
    try:
        stored = run.read_json("metrics.json")
    except RunError:
        stored = None
    if stored is None or result.split != "test" or data_hash != run.metadata["data_hash"]:
        return result
    measured = EvaluationResult.from_json(stored)
    if measured.count != result.count:
        return result
    return replace(result, yardsticks=measured.yardsticks, steps=measured.steps)
