"""Processes that begin where TensorFlow has been imported and not used, which takes seconds each time.

What must be seen from the very start of a process, such as what it prints or how soon it answers, is no matter for one
of these: start it with `subprocess`.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@cache
def warm_context() -> ForkServerContext:
    """The one of `multiprocessing` whose processes begin so; a Python process has no more than one fork server."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.support.warm_start"])
    return context


class WarmProcess:
    """`python -m MODULE ARGUMENTS`, in the root of the project; as much of `subprocess.Popen` as tests ask for.

    Args:
        module: The module that is run as the main one.
        arguments: What follows it.
        environment: Variables beside those of this process.
    """

    def __init__(self, module: str, arguments: Sequence[object], environment: Mapping[str, str] | None = None) -> None:
        self.args = [module, *map(str, arguments)]
        self._printed = tempfile.TemporaryDirectory(prefix="tfelc-warm-")
        self._files = [os.path.join(self._printed.name, name) for name in ("out", "err")]
        # What TensorFlow says of itself is said where it is imported, which was before.
        variables = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **(environment or {})}
        self._process = warm_context().Process(target=_run, args=(self.args, self._files, variables))
        self._process.start()

    @property
    def returncode(self) -> int | None:
        """As of `subprocess`: None while it runs, the signal's negative number where one ended it."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """Whether it has ended, and how."""
        return self._process.exitcode

    def kill(self) -> None:
        """Sends SIGKILL."""
        self._process.kill()

    def send_signal(self, number: signal.Signals) -> None:
        """Sends a signal to a process that has not ended."""
        if self.poll() is None and self._process.pid is not None:
            os.kill(self._process.pid, number)

    def communicate(self, timeout: float) -> tuple[str, str]:
        """Waits for its end; what it printed."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(self.args, timeout)
        with self._printed:
            out, err = (Path(file).read_text() if os.path.exists(file) else "" for file in self._files)
        return out, err


def _run(args: list[str], files: list[str], variables: dict[str, str]) -> None:
    for number, file in enumerate(files, start=1):
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(handle, number)
        os.close(handle)
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(ROOT)
    sys.argv = ["-m", *args[1:]]
    runpy.run_module(args[0], run_name="__main__", alter_sys=True)


def run(module: str, *arguments: Any, timeout: float = 900, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs a module to its end, as `subprocess.run` does with `capture_output` and `text`."""
    process = WarmProcess(module, arguments, variables)
    out, err = process.communicate(timeout)
    assert process.returncode is not None
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)
