"""A table of a result, for the terminal and for Markdown alike."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.table import Table as TerminalTable


@dataclass(frozen=True)
class Table:
    """Rows of text under headings.

    Attributes:
        title: What the table shows.
        headings: Heading of each column.
        rows: Cells of each row; the first one names it.
        note: What a reader must know, or "".
    """

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def markdown(self) -> str:
        """The table as Markdown, under a heading."""
        lines = (f"| {' | '.join(cells)} |" for cells in (self.headings, ["---"] * len(self.headings), *self.rows))
        return "\n".join([f"### {self.title}", "", *lines, *(["", self.note] if self.note else [])])

    def for_terminal(self) -> TerminalTable:
        """The table for the terminal; deviations and intervals go on lines of their own, to keep it narrow."""
        table = TerminalTable(title=self.title, caption=self.note or None, box=box.SIMPLE)
        for place, heading in enumerate(self.headings):
            table.add_column(heading, justify="right" if place else "left")
        for first, *cells in self.rows:
            table.add_row(first, *(cell.replace(" ±", "\n±").replace(" (", "\n(") for cell in cells))
        return table
