"""Each notebook runs from top to bottom in a kernel of its own, and its two files say the same."""

import resource
from pathlib import Path

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[2] / "notebooks"
# Of processor time, which other work on the machine does not stretch.
SECONDS = 120
# What the last cells show, so that a notebook that leaves off early does not pass.
SHOWN = {
    "quick_start": ["ctcvr", "anchor_", "report.html"],
    "clusters_and_groups": ["adjusted_rand", "As Figure 8 of the paper", "Mean gate weights", "Lift by group"],
    "sequences": ["most popular", "recommended", "intent"],
    "serving": ["AVAILABLE", "cluster_share", "JSON object keys must be equal"],
}


def test_all_are_known():
    assert {path.stem for path in FOLDER.glob("*.py")} == {path.stem for path in FOLDER.glob("*.ipynb")} == set(SHOWN)


@pytest.mark.parametrize("name", SHOWN)
def test_both_files_say_the_same_and_hold_no_output(name):
    written, paired = jupytext.read(FOLDER / f"{name}.py"), nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    cells = [[(cell.cell_type, cell.source) for cell in notebook.cells] for notebook in (written, paired)]
    assert cells[0] == cells[1], f"run `jupytext --to ipynb --update notebooks/{name}.py`"
    code = [cell for cell in paired.cells if cell.cell_type == "code"]
    assert code and all(cell.outputs == [] and cell.execution_count is None for cell in code)
    nbformat.validate(paired)


def processor_seconds():
    """What the processes that have ended since used, a kernel and those that it started among them."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.slow
@pytest.mark.parametrize("name", SHOWN)
def test_it_runs_in_two_minutes(name, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "2")
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    before = processor_seconds()
    where = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, kernel_name="python3", timeout=600, resources=where).execute()
    assert processor_seconds() - before < SECONDS
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    shown = " ".join(
        output.get("text", "") + "".join(str(data) for data in output.get("data", {}).values()) for output in outputs
    )
    assert [words for words in SHOWN[name] if words not in shown] == []
    assert (
        "Warning" not in shown
        and "INFO:" not in shown
        and not [output for output in outputs if output.output_type == "error"]
    )
