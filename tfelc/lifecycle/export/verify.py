"""Whether an export answers as the trained model does, asked in a fresh process through the C++ session.

`python -m tfelc.lifecycle.export.verify VERSION REQUESTS` loads the SavedModel as TensorFlow Serving does, runs its
warm-up records and the logged requests, and compares the answers with the logged ones; then it loads the SavedModel
anew, and runs the requests in the opposite order without a warm-up, since what comes first shapes what a session
keeps. It prints the largest difference by signature and output as JSON; a request that fails or differs is one line on
standard error and exit code 1.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfelc.core.command_line import run
from tfelc.core.errors import ExportError, UsageError

if TYPE_CHECKING:
    import numpy.typing as npt

    from tfelc.lifecycle.export.request_log import LoggedRequest
    from tfelc.lifecycle.export.session_runner import SessionRunner

Differences = dict[str, dict[str, float]]

TOLERANCE = 1e-5
_PREFIX = "error: "


def verify(version: Path, requests: Sequence[LoggedRequest], tolerance: float = TOLERANCE) -> Differences:
    """Verifies an export in a fresh process.

    The process gets the graph and its files and nothing else of this one, so a variable or a table that only Python
    holds is found missing. It computes on the CPU.

    Args:
        version: Path. Folder with `saved_model.pb`.
        requests: Sequence of LoggedRequest. Requests with the answers that are expected.
        tolerance: float. Largest absolute difference of a float, as a share of the expected value where that is above
            1. Defaults to 1e-5. Other types must be equal.

    Returns:
        Signature -> output -> largest absolute difference.

    Raises:
        ExportError: The model does not load, a request or a warm-up record fails, or an answer differs.
    """
    from tfelc.lifecycle.export.request_log import write_requests

    with tempfile.TemporaryDirectory(prefix="tfelc-verify-") as folder:
        log = Path(folder, "requests")
        write_requests(log, requests)
        answer = subprocess.run(
            [sys.executable, "-m", "tfelc.lifecycle.export.verify", str(version.absolute()), str(log), repr(tolerance)],
            capture_output=True,
            text=True,
            env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1"},
        )
    if answer.returncode != 0:
        # Libraries may add lines of their own; without one of ours the process was killed.
        lines = [line for line in answer.stderr.splitlines() if line.startswith(_PREFIX)]
        reason = lines[-1].removeprefix(_PREFIX) if lines else f"its process ended with code {answer.returncode}"
        raise ExportError(f"the export could not be verified: {reason}")
    differences: Differences = json.loads(answer.stdout.splitlines()[-1])
    return differences


def compare(runner: SessionRunner, requests: Sequence[LoggedRequest], tolerance: float = TOLERANCE) -> Differences:
    """Runs the requests and compares their answers with the logged ones; outputs that were not logged may be anything.

    Raises:
        ExportError: At the first request that fails or differs.
    """
    differences: Differences = {}
    for request in requests:
        found = _answer(runner, request)
        where = f"signature `{request.signature}`"
        if not request.outputs or not set(request.outputs) <= set(found):
            raise ExportError(f"{where} gives {sorted(found)}, not {sorted(request.outputs)}")
        largest = differences.setdefault(request.signature, {})
        for name, expected in request.outputs.items():
            difference = _difference(found[name], expected, f"{where}, output `{name}`", tolerance)
            largest[name] = max(largest.get(name, 0.0), difference)
    return differences


def _answer(runner: SessionRunner, request: LoggedRequest) -> Mapping[str, npt.NDArray[Any]]:
    import tensorflow as tf

    where = f"signature `{request.signature}`"
    try:
        return runner.run(request.signature, request.inputs)
    except KeyError as error:
        raise ExportError(f"{where}: the model lacks it, or the request lacks its input {error}") from error
    except tf.errors.OpError as error:
        raise ExportError(f"{where} fails: {error.message}") from error


def _difference(found: npt.NDArray[Any], expected: npt.NDArray[Any], where: str, tolerance: float) -> float:
    import numpy as np

    if found.shape != expected.shape or found.dtype != expected.dtype:
        raise ExportError(
            f"{where} is {found.dtype} of shape {found.shape}, the trained model's {expected.dtype} of {expected.shape}"
        )
    if not found.size:
        return 0.0
    if not np.issubdtype(expected.dtype, np.floating):
        if len(rows := np.argwhere(found != expected)):
            row = tuple(rows[0])
            raise ExportError(f"{where}: row {row[0]} is {found[row]}, the trained model says {expected[row]}")
        return 0.0
    # A NaN in either is a fault even where both have it, so nothing is said of equal NaNs.
    with np.errstate(invalid="ignore"):
        distances = np.abs(found.astype(np.float64) - expected)
    distances = np.nan_to_num(np.where(found == expected, 0.0, distances), nan=np.inf)
    scales = np.maximum(1.0, np.abs(np.nan_to_num(expected.astype(np.float64))))
    row = np.unravel_index((distances / scales).argmax(), distances.shape)
    if distances[row] > tolerance * scales[row]:
        raise ExportError(
            f"{where}: row {row[0]} is {found[row]:.7g}, the trained model says {expected[row]:.7g} "
            f"(largest difference {distances[row]:.3g}, allowed {tolerance * scales[row]:g})"
        )
    return float(distances.max())


def _main() -> None:
    from tfelc.core.tensorflow_start import load_tensorflow

    load_tensorflow()

    from tfelc.lifecycle.export.request_log import read_requests
    from tfelc.lifecycle.export.session_runner import SessionRunner
    from tfelc.lifecycle.export.warmup import WARMUP_FILE

    if len(sys.argv) not in (3, 4):
        raise UsageError("python -m tfelc.lifecycle.export.verify VERSION REQUESTS [TOLERANCE]")
    version, log = Path(sys.argv[1]), Path(sys.argv[2])
    tolerance = float(sys.argv[3]) if len(sys.argv) == 4 else TOLERANCE
    requests = list(read_requests(log))
    with SessionRunner(version) as runner:
        if (version / WARMUP_FILE).exists():
            for request in read_requests(version / WARMUP_FILE):
                _answer(runner, request)
        differences = compare(runner, requests, tolerance)
    with SessionRunner(version) as runner:
        again = compare(runner, requests[::-1], tolerance)
    for signature, outputs in again.items():
        first = differences[signature]
        first.update({name: max(value, first[name]) for name, value in outputs.items()})
    print(json.dumps(differences))


if __name__ == "__main__":
    run(_main)
