"""Requests with real rows of a run, for a person to try."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tfelc.lifecycle.export.signatures import SERVING_DEFAULT
from tfelc.ranker.export.requests import request_inputs
from tfelc.ranker.export.sample_rows import made_rows, real_rows
from tfelc.ranker.export.signatures import RANK, RANK_TOP, input_specs
from tfelc.ranker.run import RankerRun


def ready_requests(run: RankerRun, rows: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Title, signature and inputs of a request to each signature that takes columns.

    Args:
        run: The run; its validation split gives the rows, or its vocabularies where its data is gone.
        rows: Rows of each request.
    """
    schema = run.schema
    table = real_rows(run, rows)
    if table is None:
        table = made_rows(schema, run.fitted, rows)
    titles = {
        SERVING_DEFAULT: "One score a row",
        RANK: "One user, the rows' items",
        RANK_TOP: "One user, the best of the rows' items",
    }
    for signature, title in titles.items():
        if signature in input_specs(schema):
            yield title, signature, request_inputs(schema, signature, table)
