"""Several workers on this machine, as processes of one command."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence

from tfelc.core.errors import TfelcError
from tfelc.lifecycle.training.workers.cluster import VARIABLE, Cluster
from tfelc.lifecycle.training.workers.end_with_launcher import LAUNCHED
from tfelc.lifecycle.training.workers.lost_worker import LOST

# Seconds that a worker has to end by itself once it is told to; where another has failed it may wait for that one.
_GRACE, _GRACE_AFTER_FAILURE = 10.0, 2.0
_FAULT = "error: "
_COMMAND = (sys.executable, "-m", "tfelc.commands")


def launch(count: int, arguments: Sequence[str], go_on: str) -> None:
    """Runs `tfelc` with these arguments in so many processes, and ends when all have; none of them outlives this one.

    The first, the chief, writes to this process's output. The processor's cores are shared out among them.

    Args:
        count: How many.
        arguments: Of the command.
        go_on: The command that goes on after a failure.

    Raises:
        TfelcError: One of them failed, with its words and its exit code; the others were then stopped.
    """
    workers: list[_Worker] = []
    failed: list[_Worker] = []
    try:
        addresses = tuple(f"127.0.0.1:{port}" for port in _free_ports(count))
        for rank in range(count):
            workers.append(_Worker(rank, arguments, Cluster(addresses, rank), count))
        while not failed and any(worker.process.poll() is None for worker in workers):
            time.sleep(0.1)
            failed = [worker for worker in workers if worker.process.poll()]
    finally:
        _stop(workers, _GRACE_AFTER_FAILURE if failed else _GRACE)
    if failed:
        raise _first(failed).failure(go_on)


class _Worker:
    """One of the processes."""

    def __init__(self, rank: int, arguments: Sequence[str], cluster: Cluster, count: int) -> None:
        self.rank = rank
        self.process = subprocess.Popen(
            [*_COMMAND, *arguments],
            env=_environment(cluster, count),
            # Its end tells the worker that this process is gone.
            stdin=subprocess.PIPE,
            stdout=None if cluster.is_chief else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            # Ctrl-C on a terminal is for this process, which tells the workers.
            start_new_session=True,
        )
        self.last, self.error = "", ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.last = line.strip() or self.last
            if line.startswith(_FAULT):
                self.error = line.removeprefix(_FAULT).strip()
            elif self.rank == 0:
                sys.stderr.write(line)

    def failure(self, go_on: str) -> TfelcError:
        """What to say of its end."""
        self._reader.join(_GRACE)
        code = self.process.returncode
        if code < 0:
            name = signal.Signals(-code).name
            message = f"worker {self.rank} was ended by {name}, and the others were stopped; go on by {go_on}"
        else:
            message = self.error or f"worker {self.rank} ended with exit code {code}: {self.last}"
        failure = TfelcError(message)
        failure.exit_code = code if code > 0 else 1
        return failure

    @property
    def only_lost_another(self) -> bool:
        """Whether it failed because another one did."""
        self._reader.join(_GRACE)
        return self.error.startswith(LOST)


def _first(failed: Sequence[_Worker]) -> _Worker:
    """The one whose end is the reason for the others'."""
    return min(failed, key=lambda worker: (worker.process.returncode >= 0, worker.only_lost_another))


def _stop(workers: Sequence[_Worker], seconds: float) -> None:
    end = time.monotonic() + seconds
    for worker in workers:
        if worker.process.poll() is None:
            worker.process.terminate()
    for worker in workers:
        try:
            worker.process.wait(max(end - time.monotonic(), 0))
        except subprocess.TimeoutExpired:  # It waits for another, out of reach of signals that Python handles.
            worker.process.kill()
            worker.process.wait()


def _environment(cluster: Cluster, count: int) -> Mapping[str, str]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    defaults = {"TF_NUM_INTRAOP_THREADS": str(max(cores // count, 1))}
    return {**defaults, **os.environ, VARIABLE: cluster.to_text(), LAUNCHED: "1"}


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
