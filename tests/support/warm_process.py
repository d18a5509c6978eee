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
from contextlib import chdir, suppress
from functools import cache
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@cache
def warm_context() -> ForkServerContext:
    """The one of `multiprocessing` whose processes begin so; a Python process has no more than one fork server."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.support.warm_start"])
    with chdir(ROOT):  # where that module is found, wherever the test that comes first works
        forkserver.ensure_running()
    return context


class WarmProcess:
    """`python -m MODULE ARGUMENTS` or `python SCRIPT.py ARGUMENTS`; as much of `subprocess.Popen` as tests ask for.

    Args:
        module: The module that is run as the main one, or a script's path.
        arguments: What follows it.
        environment: Variables beside those of this process.
        folder: The working folder. Defaults to the root of the project.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[object],
        environment: Mapping[str, str] | None = None,
        folder: Path = ROOT,
    ) -> None:
        self.args = [module, *map(str, arguments)]
        self._printed = tempfile.TemporaryDirectory(prefix="tfelc-warm-")
        self.out, self.err = (Path(self._printed.name, name) for name in ("out", "err"))
        # What TensorFlow says of itself is said where it is imported, which was before.
        variables = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **(environment or {})}
        asked = (self.args, [self.out, self.err], variables, folder)
        self._process = warm_context().Process(target=_run, args=asked)
        self._process.start()

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid or 0

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

    def send_signal(self, number: int) -> None:
        """Sends a signal to a process that has not ended."""
        # The fork server takes leave of it at once, so that it may be gone between the question and the signal.
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Sends SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def wait(self, timeout: float | None = None) -> int:
        """Waits for its end, and says how it came."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return self._process.exitcode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Waits for its end; what it printed."""
        self.wait(timeout)
        with self._printed:
            out, err = (file.read_text() if file.exists() else "" for file in (self.out, self.err))
        return out, err


def _run(args: list[str], files: list[Path], variables: dict[str, str], folder: Path) -> None:
    for number, file in enumerate(files, start=1):
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(handle, number)
        os.close(handle)
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(folder)
    sys.argv = ["-m", *args[1:]]
    if args[0].endswith(".py"):
        sys.argv[0] = args[0]
        sys.path.insert(0, str(Path(args[0]).parent))
        runpy.run_path(args[0], run_name="__main__")
    else:
        runpy.run_module(args[0], run_name="__main__", alter_sys=True)


def run(
    command: Sequence[object],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
    timeout: float = 900,
    capture_output: bool = True,
    text: bool = True,
) -> subprocess.CompletedProcess[str]:
    """`subprocess.run` of a command that begins with `sys.executable` and then `-m MODULE` or a script."""
    assert command[0] == sys.executable and capture_output and text, command
    module, *arguments = command[2:] if command[1] == "-m" else command[1:]
    process = WarmProcess(str(module), arguments, env, cwd)
    out, err = process.communicate(timeout)
    assert process.returncode is not None
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def begin_warm(patch: Any) -> None:
    """Until the patch is undone, what the package itself asks of a process of its own begins here too.

    Args:
        patch: `pytest.MonkeyPatch`.
    """
    import tfelc.experiments.benchmarks.harness
    import tfelc.lifecycle.export.verify

    for module in (tfelc.experiments.benchmarks.harness, tfelc.lifecycle.export.verify):
        patch.setattr(module, "subprocess", sys.modules[__name__])
