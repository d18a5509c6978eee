from tests.support.reading import Reading
from tfelc.lifecycle.report.markup import bullets, data_table, note, paragraph, preformatted

NASTY = "<script>alert('x')</script> & \"quoted\""


def test_text_stays_text_everywhere():
    page = "".join(
        [
            paragraph(NASTY),
            note(NASTY),
            bullets([NASTY]),
            preformatted(NASTY, NASTY),
            data_table(NASTY, [NASTY, "b"], [[NASTY, NASTY]]),
        ]
    )
    reading = Reading(page)
    assert reading.all("script") == []
    for tag in ("p", "li", "pre", "caption", "td", "th"):
        assert "".join(reading.text(tag)).startswith(NASTY), tag
    assert [attributes["aria-label"] for name, attributes in reading.tags if "aria-label" in attributes] == [NASTY] * 2


def test_a_table_names_its_rows_and_columns():
    reading = Reading(data_table("sizes", ["what", "size"], [["small", "1"], ["large", "9"]]))
    assert [cell["scope"] for cell in reading.all("th")] == ["col", "col", "row", "row"]
    assert reading.text("td") == ["1", "9"]
