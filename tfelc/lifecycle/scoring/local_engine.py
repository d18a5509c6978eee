"""Scoring on this machine's cores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from tfelc.core.errors import UsageError

if TYPE_CHECKING:
    from tfelc.lifecycle.scoring.batch_job import BatchJob, Progress
    from tfelc.lifecycle.scoring.engines import Engine
    from tfelc.lifecycle.scoring.input_reader import Piece
    from tfelc.lifecycle.scoring.output_folder import OutputFolder
    from tfelc.lifecycle.scoring.part import Part


def local_engine(options: Sequence[str] = ()) -> Engine:
    """The engine of one machine.

    Args:
        options: Sequence of str. It has none.

    Raises:
        UsageError: There is an option all the same.
    """
    if options:
        raise UsageError(f"no such option: {options[0]}")
    return _score_here


def _score_here(job: BatchJob[Any], folder: OutputFolder, there: set[str], progress: Progress) -> Iterable[Part]:
    # Not before a job runs, since it loads TensorFlow: the options are looked at first.
    from tfelc.lifecycle.scoring.engine import score_batches

    def wanted(piece: Piece) -> bool:
        return job.settings.shard.takes(piece.file_number, piece.number) and piece.name not in there

    # Now, so that the time it takes is not counted as scoring.
    job.scorer.model.load()
    return score_batches(job.reader().batches(enumerate(job.files), wanted), job.scorer, folder, progress)
