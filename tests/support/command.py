"""Calls a command of tfelc: in this process, which need not load TensorFlow again, or as a user would."""

import importlib
import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from unittest.mock import patch

from tests.support import warm_process
from tfelc.core.command_line import run


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str


def call(command: str, *arguments: object) -> Outcome:
    """Runs `tfelc <command>` with `arguments`."""
    app = importlib.import_module(f"tfelc.commands.{command}").app
    out, err = io.StringIO(), io.StringIO()
    code: object = None
    with (
        patch.object(sys, "argv", [f"tfelc {command}", *map(str, arguments)]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            run(app)
        except SystemExit as end:
            code = end.code
    assert isinstance(code, int)
    return Outcome(code, out.getvalue(), err.getvalue())


def printed_by(command: str, *arguments: object) -> str:
    """What `tfelc <command>` prints in a process of its own, which must end well and without a fault."""
    done = warm_process.run([sys.executable, "-m", "tfelc.commands", command, *arguments])
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout
