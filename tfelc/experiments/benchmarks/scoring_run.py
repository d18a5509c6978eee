"""One measurement of `scoring`, in a process of its own: `python -m ...scoring_run WAY MODEL IN OUT`.

Prints one JSON object: rows per second and a CPU second, and the peak memory of the process. Exit code 3: what the way
needs is not installed.
"""

import json
import os
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfelc.ranker.scoring.scoring_job import ScoringJob

_FLOOR_ROWS = 400_000


def _floor(job: "ScoringJob") -> tuple[int, float, float]:
    """Rows, seconds and CPU seconds of the session on inputs in memory, with as many callers as one machine has."""
    from tfelc.lifecycle.export.signatures import SERVING_DEFAULT
    from tfelc.lifecycle.scoring.input_reader import Piece

    def early(piece: Piece) -> bool:
        return piece.file_number == 0 and piece.number < 2

    batches = [job.ranker.inputs(batch.rows) for batch in job.reader().batches(enumerate(job.files), early)]
    sizes = [len(next(iter(batch.values()))) for batch in batches]
    rounds = max(1, min(job.rows, _FLOOR_ROWS) // sum(sizes))
    runner = job.ranker.runner
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda batch: runner.run(SERVING_DEFAULT, batch), batches[:4]))
        began, cpu_began = time.perf_counter(), time.process_time()
        # The answers are dropped as they come.
        for _ in pool.map(lambda batch: len(runner.run(SERVING_DEFAULT, batch)), batches * rounds):
            pass
        return sum(sizes) * rounds, time.perf_counter() - began, time.process_time() - cpu_began


def _main() -> None:
    way, model, inputs, output = sys.argv[1:5]
    from tfelc.core.tensorflow_start import load_tensorflow

    load_tensorflow()

    from tfelc.ranker.scoring.scoring_job import JobSettings, ScoringJob

    job = ScoringJob(JobSettings(Path(model), (f"{inputs}/*.parquet",), output))
    if way == "floor":
        rows, seconds, cpu_seconds = _floor(job)
    else:
        engine = None
        if way == "beam":
            try:
                import apache_beam  # noqa: F401
            except ModuleNotFoundError:
                raise SystemExit(3) from None
            from tfelc.lifecycle.scoring.beam_engine import beam_engine

            engine = beam_engine([])
        else:
            job.ranker.load()
        cpu_began = time.process_time()
        summary = job.run(engine)
        rows, seconds, cpu_seconds = summary.scored_now, summary.seconds, time.process_time() - cpu_began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rows_per_second": rows / seconds, "rows_per_cpu_second": rows / cpu_seconds, "peak_mb": peak}))


if __name__ == "__main__":
    _main()
