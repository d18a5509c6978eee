"""Bars and steps in a notebook, on a terminal, and where nobody watches."""

import io
import re
import sys
import warnings
from unittest.mock import patch

import nbformat
import pytest
from nbclient import NotebookClient
from rich.console import Console
from rich.progress import MofNCompleteColumn

from tfelc.core.live_progress import LiveProgress
from tfelc.core.row_progress import RowProgress
from tfelc.core.step_status import step_status


class Shown:
    """What a notebook's output was, one time after the other."""

    def __init__(self):
        self.outputs = []
        self.raw = []

    def display(self, content, raw=False, display_id=False):
        assert display_id is True
        self.update(content, raw=raw)
        return self

    def update(self, content, raw=False):
        self.outputs.append(content["text/plain"] if raw else _text(content))


def _text(renderable):
    console = Console(file=io.StringIO(), width=80)
    console.print(renderable)
    return console.file.getvalue().strip()


@pytest.fixture
def notebook():
    pytest.importorskip("IPython")
    shown = Shown()
    with patch("IPython.display.display", shown.display), warnings.catch_warnings():
        warnings.simplefilter("error")  # As rich would where there are no ipywidgets.
        yield shown


def test_a_notebook_sees_a_bar_in_one_place_that_is_empty_at_the_end(notebook):
    progress = LiveProgress(Console(force_jupyter=True), [MofNCompleteColumn()])
    assert progress.is_watched
    progress.start(total=30, completed=2)
    with patch("tfelc.core.live_progress._PAUSE", 0):
        progress.advance(3)
        progress.update(completed=20)
    progress.stop()
    assert notebook.outputs == ["2/30", "5/30", "20/30", ""]


def test_a_kernel_of_its_own_shows_the_bar_and_no_warning(tmp_path):
    cell = (
        "from tfelc.core.row_progress import RowProgress\n"
        "with RowProgress(total=40) as bar:\n"
        "    bar.advance(40)\n"
        "'through'"
    )
    cells = [nbformat.v4.new_code_cell(cell)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    where = {"metadata": {"path": str(tmp_path)}}
    messages = []
    client = NotebookClient(notebook, kernel_name="python3", timeout=120, resources=where)
    output = client.process_message
    client.process_message = lambda message, *more: messages.append(message) or output(message, *more)
    client.execute()
    shown = [message["content"]["data"]["text/plain"] for message in messages if "display" in message["msg_type"]]
    assert "0 rows" in shown[0] and shown[-1] == ""
    assert [output.output_type for output in notebook.cells[0].outputs] == ["display_data", "execute_result"]


def test_what_follows_at_once_is_not_drawn_in_a_notebook(notebook):
    progress = LiveProgress(Console(force_jupyter=True), [MofNCompleteColumn()])
    progress.start(total=30)
    for _ in range(20):
        progress.advance(1)
    progress.stop()
    assert len(notebook.outputs) < 20


def test_a_notebook_sees_every_step(notebook):
    with step_status(console=Console(force_jupyter=True), first="reading") as step:
        step("writing")
        step("verifying")
    assert notebook.outputs == ["reading", "writing", "verifying", ""]


def test_a_step_that_fails_is_taken_away(notebook):
    with pytest.raises(OSError, match="full"), step_status(console=Console(force_jupyter=True)):
        raise OSError("full")
    assert notebook.outputs == ["starting", ""]


@pytest.mark.parametrize("quiet", [False, True])
def test_nobody_watches_a_pipe_and_a_quiet_notebook(quiet, notebook):
    console = Console(file=io.StringIO(), force_jupyter=quiet, quiet=quiet)
    progress = LiveProgress(console, [MofNCompleteColumn()])
    assert not progress.is_watched
    progress.start(total=30)
    progress.advance(3)
    progress.stop()
    assert notebook.outputs == [] and console.file.getvalue() == ""


def test_a_terminal_sees_rows_and_steps(monkeypatch):
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with RowProgress(total=100, unit="lines") as bar:
        bar.advance(40)
        bar._bar.refresh()
        bar.update(80, 100)
        bar._bar.refresh()
    with step_status(first="reading"):
        pass
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", written.getvalue())
    assert "40 lines" in shown and "80 lines" in shown and "reading" in shown


def test_a_bar_that_is_not_wanted_is_not_drawn(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    with RowProgress(total=100, shown=False) as bar, step_status(shown=False) as step:
        bar.advance(40)
        step("writing")
    assert capsys.readouterr() == ("", "")
