"""Calls a command of pipelines/ in this process, which TensorFlow need not be loaded for again."""

import importlib
import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from unittest.mock import patch

from tfelc.cli import run


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str


def call(command: str, *arguments: object) -> Outcome:
    """Runs `python pipelines/<command>.py` with `arguments`."""
    app = importlib.import_module(f"pipelines.{command}").app
    out, err = io.StringIO(), io.StringIO()
    code: object = None
    with (
        patch.object(sys, "argv", [f"{command}.py", *map(str, arguments)]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            run(app)
        except SystemExit as end:
            code = end.code
    assert isinstance(code, int)
    return Outcome(code, out.getvalue(), err.getvalue())
