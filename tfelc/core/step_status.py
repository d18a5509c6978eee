"""The name of the step that is under way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from rich.console import Console

from tfelc.core.notebook_line import NotebookLine
from tfelc.core.slow_line import SlowLine

_CURRENT: ContextVar[Callable[[str], None] | None] = ContextVar("step", default=None)


@contextmanager
def step_status(
    shown: bool = True, console: Console | None = None, first: str = "starting"
) -> Iterator[Callable[[str], None]]:
    """Shows what is being done, until the block ends; gives what is to be called with the name of each step.

    Neither a terminal nor a notebook, as the log of a job, gets a line for a step that takes more than five seconds;
    none for the first one.

    Args:
        shown: bool. Whether to show anything. Defaults to True.
        console: Console. Where to show it. Defaults to None: standard error, or a notebook's output.
        first: str. The name of the first step. Defaults to `starting`.

    Example:
        >>> with step_status() as step:
        ...     step("writing the model")
    """
    console = Console(stderr=True) if console is None else console
    with _drawn(shown, console, first) as show:
        token = _CURRENT.set(show)
        try:
            yield show
        finally:
            _CURRENT.reset(token)


def name_step(name: str) -> None:
    """Names the step that begins now, from within what somebody shows the status of; else nothing happens.

    Args:
        name: str. Its name.
    """
    if (show := _CURRENT.get()) is not None:
        show(name)


@contextmanager
def _drawn(shown: bool, console: Console, first: str) -> Iterator[Callable[[str], None]]:
    if not shown or console.quiet:
        yield lambda step: None
    elif console.is_terminal and not console.is_jupyter:
        with console.status(first) as status:
            yield status.update
    else:
        line = NotebookLine() if console.is_jupyter else SlowLine(console)
        if isinstance(line, NotebookLine):
            line.show(first)
        try:
            yield line.show
        finally:
            line.clear()
