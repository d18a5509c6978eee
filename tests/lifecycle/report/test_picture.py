import re

import pytest

from tests.support.reading import Reading
from tfelc.lifecycle.report.picture import COLORS, GREY, drawing, picture


def drawn(title="a title", text="what it shows", caption="below"):
    with drawing(4, 3) as figure:
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], marker="o", color=COLORS[0], label=title)
        axes.scatter([0, 1], [1, 0], rasterized=True)
        axes.set_title(title)
        axes.legend()
        return picture(figure, text, caption)


def luminance(color):
    parts = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_it_has_a_text_alternative_and_a_caption():
    reading = Reading(drawn(text='a "line" & dots', caption="1 < 2"))
    [svg] = reading.all("svg")
    assert (svg["role"], svg["aria-label"]) == ("img", 'a "line" & dots')
    assert reading.text("figcaption") == ["1 < 2"]


def test_its_ink_is_the_pages_and_its_ground_is_clear():
    svg = drawn()
    assert "currentColor" in svg and "#010203" not in svg
    assert "#ffffff" not in svg


def test_text_stays_text_and_is_no_formula():
    reading = Reading(drawn(title="a_$b$ <c> 组"))
    assert reading.text("text").count("a_$b$ <c> 组") == 2


def test_two_pictures_share_no_id_and_equal_ones_are_equal():
    one, other = (Reading(drawn(title)) for title in ("one", "other"))
    ids = [attributes["id"] for reading in (one, other) for _, attributes in reading.tags if "id" in attributes]
    assert len(ids) == len(set(ids)) > 20
    references = set(re.findall(r'(?:url\(#|href="#)([^")]+)', drawn("one")))
    assert references and references <= {attributes.get("id") for _, attributes in one.tags}
    assert drawn("one") == drawn("one")


def test_nothing_is_loaded():
    links = re.findall(r'href="([^"]*)', drawn())
    assert links and all(link.startswith(("#", "data:image/png;base64,")) for link in links)


@pytest.mark.parametrize("color", [*COLORS, GREY])
def test_colors_stand_out_in_light_and_in_dark(color):
    assert contrast(color, "#ffffff") >= 3 and contrast(color, "#14171a") >= 3


@pytest.mark.parametrize("color", COLORS)
def test_black_names_can_be_read_on_bars(color):
    assert contrast(color, "#000000") >= 4
