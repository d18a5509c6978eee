"""Requests with real histories of a run, for a person to try."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tfelc.next_item.export.conditions import Conditions
from tfelc.next_item.export.exporter import popularity_and_histories
from tfelc.next_item.export.requests import condition_inputs, history_input
from tfelc.next_item.export.signatures import EMBED, RECOMMEND, RECOMMEND_WITH, K, id_type_of
from tfelc.next_item.run import NextItemRun

# Items asked for.
_K = 5


def ready_requests(run: NextItemRun, rows: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Title, signature and inputs of a request to each signature.

    Args:
        run: The run; its test split gives the histories.
        rows: Histories of each request.
    """
    histories = popularity_and_histories(run, rows)[1]
    id_type = id_type_of(run.catalog)
    inputs = history_input(histories, id_type)
    asked = {**inputs, K: np.full(rows, _K, np.int64)}
    yield "The best items after each history", RECOMMEND, asked
    yield "The vectors of the histories", EMBED, inputs
    kinds = {} if run.attributes is None else run.attributes.kinds
    # Of each history's own items all but the latest, so that the answer shows what the conditions do.
    given = Conditions(allow=[history[:-1] for history in histories], deny=None, keep_seen=True)
    title = "The best of some items, those of the history among them; every input must be sent"
    yield title, RECOMMEND_WITH, {**asked, **condition_inputs(given, rows, id_type, kinds)}
