from rich.console import Console

from tfelc.experiments.table import Table

TABLE = Table(
    "clicks",
    ["model", "AUC", "over B"],
    [["B", "0.75 ± 0.01", ""], ["own", "0.76", "+0.01 (-0.01, +0.03)"]],
    "two seeds",
)


def test_as_markdown():
    assert TABLE.markdown() == (
        "### clicks\n\n"
        "| model | AUC | over B |\n"
        "| --- | --- | --- |\n"
        "| B | 0.75 ± 0.01 |  |\n"
        "| own | 0.76 | +0.01 (-0.01, +0.03) |\n\n"
        "two seeds"
    )


def test_a_table_without_a_note_ends_with_its_rows():
    assert Table("t", ["a"], [["1"]]).markdown() == "### t\n\n| a |\n| --- |\n| 1 |"


def test_deviations_and_intervals_take_a_line_of_their_own_on_the_terminal():
    console = Console(width=60)
    with console.capture() as captured:
        console.print(TABLE.for_terminal())
    lines = [line.split() for line in captured.get().splitlines()]
    assert lines[0] == ["clicks"] and lines[2] == ["model", "AUC", "over", "B"]
    assert lines[4:8] == [["B", "0.75"], ["±", "0.01"], ["own", "0.76", "+0.01"], ["(-0.01,", "+0.03)"]]
    assert ["two", "seeds"] in lines
