"""How every command ends: one line for the user and an agreed exit code, never a traceback unasked.

Exit codes: 0 done; 1 a failure while doing what was asked; 2 a call that can never work as given; 3 too many bad rows,
a threshold of `monitor` passed, or a rule of `canary` broken; 4 too few rows for these; 130 interrupted; 143
terminated.
"""

import errno
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from tfelc.core.data_warning import DataWarning
from tfelc.core.errors import TfelcError
from tfelc.core.interruption import caught_signals, end_of_interruption
from tfelc.core.renamed_names import RenamedWarning
from tfelc.core.tensorflow_start import set_environment

_LONGEST_LINE = 600
_INTERRUPTED = 130
# Argument -> its flag, where they are not called alike.
_FLAGS = {
    "settings": "--set",
    "labels": "--label",
    "tasks": "--task",
    "warm_start": "--from",
    "siblings": "--sensitivity",
    "labels_may_wait": "--allow-version-labels-for-unavailable-models",
}
# What the server and the clients import, and a plain installation leaves out.
_SERVING_MODULES = frozenset({"grpc_health", "httpcore", "prometheus_client", "rapidjson", "starlette", "uvicorn"})
# Libraries wrap a full or closed disk in exceptions of their own; the system's words are what stays recognizable.
_DISK_FAULTS = tuple(os.strerror(code) for code in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES))


def run(app: Callable[[], object]) -> NoReturn:
    """Runs a command and ends the process with its exit code.

    TensorFlow is told to keep to errors before the command imports it; a level set in the environment is kept, and
    so is a choice of its oneDNN kernels, which are on otherwise. With `TFELC_DEBUG=1` an unexpected exception shows its
    traceback.

    Args:
        app: Callable. A `typer.Typer`, which answers usage errors itself, with exit code 2.

    Raises:
        SystemExit: Always.
    """
    set_environment()
    code: str | int | None = 0
    try:
        with caught_signals(), _own_warnings_in_one_line():
            app()
    except SystemExit as end:
        # Typer turns Ctrl-C into an exit without a word.
        code = _fail(*end_of_interruption()) if end.code == _INTERRUPTED else end.code
    except KeyboardInterrupt:
        code = _fail(*end_of_interruption())
    except BrokenPipeError:
        code = 1
    except TfelcError as error:
        code = _fail(_with_flags(error), error.exit_code)
    except Exception as error:
        code = _fail_unforeseen(error)
    _flush()
    raise SystemExit(code)


@contextmanager
def _own_warnings_in_one_line() -> Iterator[None]:
    """Without the file and line of ours that Python would name, which say nothing of the user's."""
    plain = warnings.formatwarning

    def one_line(
        message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None
    ) -> str:
        if issubclass(category, RenamedWarning | DataWarning):
            return f"warning: {message}\n"
        return plain(message, category, filename, lineno, line)

    warnings.formatwarning = one_line
    try:
        yield
    finally:
        warnings.formatwarning = plain


def _with_flags(error: TfelcError) -> str:
    """The message, with the flags of the command where it names arguments."""
    message = str(error)
    for name in error.arguments:
        flag = _FLAGS.get(name, f"--{name.replace('_', '-')}")
        # An argument that is at fault as a whole stands before a colon.
        message = f"{flag}{message.removeprefix(name)}" if message.startswith(f"{name}: ") else message
        message = message.replace(f"`{name}`", flag, 1)
    return message


def _flush() -> None:
    """Flushes standard output; where its reader is gone, what is left is dropped without a word."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail_unforeseen(error: Exception) -> int:
    if os.environ.get("TFELC_DEBUG") == "1":
        traceback.print_exception(error)
        return 1
    if isinstance(error, ModuleNotFoundError) and str(error.name).partition(".")[0] in _SERVING_MODULES:
        return _fail(f"`{error.name}` is not installed; pip install '.[serving]' in a checkout of tfelc brings it", 1)
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return _fail(f"{os.fsdecode(error.filename)}: {error.strerror}", 1)
    if isinstance(error, OSError) or any(words in str(error) for words in _DISK_FAULTS):
        return _fail(str(error), 1)
    name = type(error).__name__
    return _fail(f"unexpected {name}: {error}", 1, " (set TFELC_DEBUG=1 for the traceback)")


def _fail(message: str, code: int, hint: str = "") -> int:
    line = " ".join(message.split())
    if len(line) > _LONGEST_LINE:
        line = f"{line[:_LONGEST_LINE]} ..."
    print(f"error: {line}{hint}", file=sys.stderr)
    return code
