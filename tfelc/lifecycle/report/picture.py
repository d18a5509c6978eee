"""A drawing of matplotlib as inline SVG that takes the page's own text color, in light and in dark."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from xml.etree import ElementTree

import matplotlib
from matplotlib.figure import Figure

from tfelc.lifecycle.report.markup import Markup, escaped

# Mid-tones: each stands out from a white page and from a dark one by at least 3 to 1.
COLORS: tuple[str, ...] = (
    "#3b82c4",
    "#d06a1c",
    "#2e9a5a",
    "#9467bd",
    "#d64550",
    "#1f97a3",
    "#a0714f",
    "#d0559f",
    "#8c8c22",
    "#5b6fd6",
)
GREY = "#808890"

_INK = "#010203"  # Stands for the page's text color; no drawing uses it otherwise.
_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_STYLE: Any = {
    "svg.fonttype": "none",  # Text stays text: it can be read out, searched, and set in any script.
    "svg.hashsalt": "tfelc",  # Equal drawings have equal files.
    "text.parse_math": False,  # A group may be called `$`.
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), _INK),
}


@contextmanager
def drawing(width: float, height: float) -> Iterator[Figure]:
    """A figure to draw on, in the report's style.

    Args:
        width: Inches; the page is 9 wide.
        height: Inches.
    """
    with matplotlib.rc_context(_STYLE):
        yield Figure(figsize=(width, height), layout="constrained", facecolor="none")


def picture(figure: Figure, text: str, caption: str) -> Markup:
    """A drawing with its caption.

    Args:
        figure: From `drawing`, and within its context.
        text: What it shows, for those who do not see it.
        caption: What stands under it.
    """
    for axes in figure.axes:
        axes.set_facecolor("none")
    buffer = io.StringIO()
    with warnings.catch_warnings():
        # The reader's browser has more glyphs than matplotlib's own font.
        warnings.filterwarnings("ignore", message="Glyph")
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    svg = _inline(buffer.getvalue(), text)
    # On a narrow screen it keeps its size and is scrolled, or its words would be too small to read.
    svg = f'<div class="drawing" tabindex="0" role="group" aria-label="Picture">{svg}</div>'
    return Markup(f"<figure>{svg}<figcaption>{escaped(caption)}</figcaption></figure>\n")


def _inline(document: str, text: str) -> str:
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _XLINK)
    root = ElementTree.fromstring(document)
    for metadata in root.findall(f"{{{_SVG}}}metadata"):
        root.remove(metadata)
    # Without its size in points, it takes the width of its column.
    del root.attrib["width"], root.attrib["height"]
    root.attrib |= {"role": "img", "aria-label": text}
    # Several drawings share the page, and so the names within them.
    prefix = f"picture-{hashlib.sha256((document + text).encode()).hexdigest()[:12]}-"
    for element in root.iter():
        for name, value in element.attrib.items():
            if name == "id":
                element.set(name, prefix + value)
            elif name == f"{{{_XLINK}}}href" and value.startswith("#"):
                element.set(name, f"#{prefix}{value[1:]}")
            elif "#" in value and name != "aria-label":
                element.set(name, value.replace("url(#", f"url(#{prefix}").replace(_INK, "currentColor"))
    return ElementTree.tostring(root, encoding="unicode")
