"""A line in a notebook's output that is drawn over."""

from __future__ import annotations

from typing import Any


class NotebookLine:
    """One output of a cell, which is replaced again and again.

    rich draws over what it has drawn by ipywidgets, and warns where they are not installed; this needs IPython alone.

    Example:
        >>> line = NotebookLine()
        >>> line.show("half done")  # doctest: +SKIP
        >>> line.clear()
    """

    def __init__(self) -> None:
        self._handle: Any = None

    def show(self, what: Any) -> None:
        """Draws something in the place of what was drawn before.

        Args:
            what: Whatever a notebook can show, such as a rich table; a str as it is.
        """
        raw = isinstance(what, str)
        content = {"text/plain": what} if raw else what
        if self._handle is None:
            from IPython.display import display

            self._handle = display(content, raw=raw, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(content, raw=raw)

    def clear(self) -> None:
        """Empties the output."""
        if self._handle is not None:
            self._handle.update({"text/plain": ""}, raw=True)
            self._handle = None
