"""By what the best weights of a run are known again."""

from __future__ import annotations

import hashlib

from tfelc.core.errors import RunError
from tfelc.ranker.run import RankerRun


def best_hash(run: RankerRun) -> str:
    """SHA-256 of the file of a run's best weights.

    Raises:
        RunError: There is none yet.
    """
    try:
        with run.best.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise RunError(f"{run.path}: has no best weights yet to start from; train it to the end") from None
