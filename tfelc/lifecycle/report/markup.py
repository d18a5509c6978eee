"""The pieces of a page as HTML; all text is escaped here and nowhere else."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import NewType

Markup = NewType("Markup", str)
"""HTML that is safe to put into a page as it is."""

_NOTE = '<p class="note">'


def escaped(text: object) -> str:
    """Any text as it may stand in HTML, between tags or in a quoted attribute."""
    return html.escape(str(text), quote=True)


def paragraph(text: str) -> Markup:
    """A paragraph of plain text."""
    return Markup(f"<p>{escaped(text)}</p>")


def note(text: str) -> Markup:
    """A line that says why something is not shown, or how to read what is."""
    return Markup(f"{_NOTE}{escaped(text)}</p>")


def is_note(block: Markup) -> bool:
    """Whether a block is what `note` makes."""
    return block.startswith(_NOTE)


def bullets(items: Iterable[str]) -> Markup:
    """A list of plain sentences."""
    return Markup(f"<ul>{''.join(f'<li>{escaped(item)}</li>' for item in items)}</ul>")


def preformatted(text: str, label: str) -> Markup:
    """Text in its own lines, such as settings.

    Args:
        text: The text.
        label: What it is, for those who do not see it; the box can be scrolled by keyboard.
    """
    return Markup(f'<pre tabindex="0" role="region" aria-label="{escaped(label)}">{escaped(text)}</pre>')


def data_table(caption: str, header: Sequence[str], rows: Iterable[Sequence[str]], words: bool = False) -> Markup:
    """A table whose first column names the rows.

    Args:
        caption: What it shows.
        header: Headings of the columns.
        rows: Cells, as many a row as there are headings.
        words: Whether the cells hold words, which are set to the left and may wrap. Defaults to False: numbers.
    """
    heads = "".join(f'<th scope="col">{escaped(name)}</th>' for name in header)
    body = "".join(
        f'<tr><th scope="row">{escaped(first)}</th>{"".join(f"<td>{escaped(cell)}</td>" for cell in others)}</tr>'
        for first, *others in rows
    )
    style = ' class="words"' if words else ""
    # A focusable region: a table wider than the page can be scrolled by keyboard.
    return Markup(
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escaped(caption)}"><table{style}>'
        f"<caption>{escaped(caption)}</caption><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )
