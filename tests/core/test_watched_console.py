import io

import nbformat
from nbclient import NotebookClient
from rich.console import Console

from tfelc.core.watched_console import is_watched


def test_a_file_is_not_watched_and_a_terminal_is() -> None:
    assert not is_watched(Console(file=io.StringIO()))
    assert is_watched(Console(file=io.StringIO(), force_terminal=True))


def test_a_notebook_is_watched_and_draws_the_bar(tmp_path, monkeypatch) -> None:
    """In a kernel of its own; the bar is a widget, which is emptied once the rows are through."""
    monkeypatch.chdir(tmp_path)
    cell = (
        "from tfelc.core.row_progress import RowProgress\n"
        "with RowProgress(total=40) as bar:\n"
        "    bar.advance(40)\n"
        "'through'"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
    outputs = notebook.cells[0].outputs
    assert not [output for output in outputs if output.get("name") == "stderr"], outputs
    assert outputs[-1]["data"]["text/plain"] == "'through'"
    assert "OutputModel" in str(notebook.metadata["widgets"])
