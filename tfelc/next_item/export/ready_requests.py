"""Requests with real histories of a run, for a person to try."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tfelc.next_item.export.exporter import popularity_and_histories
from tfelc.next_item.export.requests import history_input
from tfelc.next_item.export.signatures import EMBED, RECOMMEND, K, id_type_of
from tfelc.next_item.run import NextItemRun

# Items asked for.
_K = 5


def ready_requests(run: NextItemRun, rows: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Title, signature and inputs of a request to each signature.

    Args:
        run: The run; its test split gives the histories.
        rows: Histories of each request.
    """
    inputs = history_input(popularity_and_histories(run, rows)[1], id_type_of(run.catalog))
    yield "The best items after each history", RECOMMEND, {**inputs, K: np.full(rows, _K, np.int64)}
    yield "The vectors of the histories", EMBED, inputs
