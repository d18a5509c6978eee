"""The name of the step that is under way, on standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console


@contextmanager
def step_status(shown: bool = True) -> Iterator[Callable[[str], None]]:
    """Shows what is being done, until the block ends; gives what is to be called with the name of each step.

    Args:
        shown: bool. Whether to show anything. Defaults to True.

    Example:
        >>> with step_status() as step:
        ...     step("writing the model")
    """
    with Console(stderr=True, quiet=not shown).status("starting") as status:
        yield status.update
