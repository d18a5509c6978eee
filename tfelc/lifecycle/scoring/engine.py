"""Reads, scores and writes at the same time, on all cores of one machine."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from tfelc.lifecycle.scoring.attempt import Attempt
from tfelc.lifecycle.scoring.input_reader import Batch
from tfelc.lifecycle.scoring.output_folder import OutputFolder
from tfelc.lifecycle.scoring.part import Part, PartEncoder
from tfelc.lifecycle.scoring.scorer import ScoredBatch, Scorer


def score_batches(
    batches: Iterable[Batch],
    scorer: Scorer,
    folder: OutputFolder | Attempt,
    progress: Callable[[int], None] = lambda rows: None,
    workers: int | None = None,
) -> Iterator[Part]:
    """Scores batches and writes a part for each piece.

    The calling thread reads, `workers` threads check and score, and one encodes and writes. Only a few batches a worker
    are under way at a time, so memory does not grow with the input.

    Args:
        batches: The batches, piece after piece.
        scorer: What scores them.
        folder: Where the parts go.
        progress: Called with the rows done since its last call.
        workers: Threads that score. Defaults to one a core.

    Yields:
        The parts, in order, once they are written.

    Raises:
        DataError: A file turns out broken, or a column is of a type that cannot be scored.
        ScoringError: A part cannot be written.
        ExportError: The model fails.
    """
    workers = workers or os.cpu_count() or 1
    scoring: deque[Future[ScoredBatch]] = deque()
    writing: deque[Future[Part | None]] = deque()
    pool = ThreadPoolExecutor(workers, "score")
    writer = ThreadPoolExecutor(1, "write")
    sink = _Sink(scorer, folder)

    def finish_one() -> Iterator[Part]:
        batch = scoring.popleft().result()
        progress(batch.measures.read)
        writing.append(writer.submit(sink.add, batch))
        while len(writing) > workers or (writing and writing[0].done()):
            if (part := writing.popleft().result()) is not None:
                yield part

    try:
        for batch in batches:
            scoring.append(pool.submit(scorer.score, batch))
            while len(scoring) > 2 * workers or (scoring and scoring[0].done()):
                yield from finish_one()
        while scoring:
            yield from finish_one()
        for future in writing:
            if (part := future.result()) is not None:
                yield part
    finally:
        pool.shutdown(cancel_futures=True)
        writer.shutdown(cancel_futures=True)


class _Sink:
    """Gathers batches, in order, into parts."""

    def __init__(self, scorer: Scorer, folder: OutputFolder | Attempt) -> None:
        self._schema = scorer.output_schema
        self._folder = folder
        self._encoder: PartEncoder | None = None

    def add(self, batch: ScoredBatch) -> Part | None:
        if self._encoder is None:
            self._encoder = PartEncoder(batch.piece, self._schema)
        self._encoder.add(batch)
        if not batch.last:
            return None
        content, quarantine = self._encoder.finish()
        self._encoder = None
        return self._folder.write(batch.piece.name, content, quarantine)
