"""The page as a whole: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from string import Template

from tfelc.lifecycle.report.markup import Markup, escaped
from tfelc.lifecycle.report.section import Section


def render_page(title: str, lead: str, summary: Sequence[Markup], sections: Sequence[Section]) -> str:
    """Puts a page together: title, summary, table of contents, sections.

    Args:
        title: Of the page.
        lead: One line under it.
        summary: What comes first.
        sections: The rest, in order.

    Returns:
        HTML. Its styles are inline, and its content security policy lets it load nothing.
    """
    folder = files("tfelc.lifecycle.report")
    contents = "".join(
        f'<li><a href="#section-{number}">{escaped(section.title)}</a></li>' for number, section in enumerate(sections)
    )
    parts = "".join(
        f'<section aria-labelledby="section-{number}"><h2 id="section-{number}">{escaped(section.title)}</h2>'
        f"{''.join(section.blocks)}</section>\n"
        for number, section in enumerate(sections)
    )
    return Template((folder / "page.html").read_text(encoding="utf-8")).substitute(
        title=escaped(title),
        lead=escaped(lead),
        style=(folder / "page.css").read_text(encoding="utf-8"),
        summary="".join(summary),
        contents=contents,
        sections=parts,
    )
