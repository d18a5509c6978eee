"""The name of the step that is under way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

from tfelc.core.notebook_line import NotebookLine


@contextmanager
def step_status(
    shown: bool = True, console: Console | None = None, first: str = "starting"
) -> Iterator[Callable[[str], None]]:
    """Shows what is being done, until the block ends; gives what is to be called with the name of each step.

    Args:
        shown: bool. Whether to show anything. Defaults to True.
        console: Console. Where to show it. Defaults to None: standard error, or a notebook's output.
        first: str. The name of the first step. Defaults to `starting`.

    Example:
        >>> with step_status() as step:
        ...     step("writing the model")
    """
    console = Console(stderr=True) if console is None else console
    if not shown or console.quiet:
        yield lambda step: None
    elif console.is_jupyter:
        line = NotebookLine()
        line.show(first)
        try:
            yield line.show
        finally:
            line.clear()
    else:
        with console.status(first) as status:
            yield status.update
