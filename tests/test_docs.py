"""What the documentation shows runs as it stands."""

import importlib.util
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.support import warm_process
from tfelc.experiments.result_file import write_markdown

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [*sorted(DOCS.glob("*.md")), *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"))]


def blocks(page):
    """The page's python blocks: the line each begins at, and its text."""
    text = (DOCS / page).read_text(encoding="utf-8")
    for found in re.finditer(r"^```python\n(.*?)^```", text, flags=re.S | re.M):
        yield text[: found.start(1)].count("\n"), found.group(1)


def run_page(page, folder, *checks):
    """Writes the blocks that begin with a file's name to that file, and runs the others in order, in one process.

    The checks are run after them.
    """
    program = []
    for line, block in blocks(page):
        named = re.match(r"# ([\w/]+\.py)\n", block)
        if named is None:
            # So that a traceback names the page's own line.
            program.append(f"exec(compile({chr(10) * line + block!r}, {page!r}, 'exec'))")
            continue
        path = folder / named.group(1)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block)
    script = folder / "page.py"
    script.write_text("\n".join([*program, *checks]))
    done = warm_process.run([sys.executable, script], cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.mark.slow
def test_the_library(tmp_path):
    shown = run_page(
        "python.md",
        tmp_path,
        "assert list(scores) == ['ctr', 'cvr', 'ctr_cvr', 'cluster', 'cluster_share'], scores",
        "assert 150 < found['count'] < 250 and 0 < found['metrics']['ctr']['auc'] <= 1",
        "assert str(version) == 'exports/shop/1' and list(ranked)[0] == 'hr@5'",
    )
    # A line for the one epoch of each model that shows its progress; others are of steps that took long.
    lines = [line for line in shown.splitlines() if not line.endswith(" ...")]
    starts = [re.split("  |,", line)[0] for line in lines]
    assert (
        starts == ["auto", "epoch 1/1", starts[2], "split by time", "epoch 1/1"] and "split.min_user_actions" in shown
    )
    assert (tmp_path / "report.html").exists() and (tmp_path / "runs" / "ctr" / "run.json").exists()


@pytest.mark.slow
def test_the_parts_of_adding_are_registered_and_trained(tmp_path):
    shown = run_page(
        "adding.md",
        tmp_path,
        "assert ranker.run.settings.model.architecture.name == 'separate'",
        "assert ranker.evaluate()['metrics']['cvr']['brier'] < 0.5",
        "assert (model.run.settings.model.name, model.run.settings.model.loss.name) == ('lstm', 'hinge')",
        "assert 0 < model.evaluate()['metrics']['next_item']['mrr'] < 1",
        "assert tfelc.load(ranker.run.path).predict(log).equals(ranker.predict(log))",
    )
    assert shown == ""
    assert (tmp_path / "scores" / "_SUCCESS").exists()
    assert (tmp_path / "data" / "shop" / "manifest.json").exists()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_links_to_and_names_is_there(page):
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
    missing = [link for link in links if not (page.parent / link).exists()]
    named = re.findall(r"`((?:tfelc|tests|docs|pipelines|serving|notebooks)/[\w/.-]*?[\w-]+\.\w+|tfelc/[\w/]+/)`", text)
    missing += [name for name in named if "NAME" not in name and not (ROOT / name).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_heading_that_is_linked_to_is_there(page):
    text = page.read_text(encoding="utf-8")
    for file, anchor in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", text):
        target = (page.parent / file).read_text(encoding="utf-8") if file else text
        headings = re.findall(r"^#+ (.*)$", target, flags=re.M)
        assert anchor in {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("result", sorted((DOCS / "results").glob("*.json")), ids=lambda path: path.stem)
def test_tables_of_results_are_those_of_their_result_file(result, tmp_path):
    copied = shutil.copy(result, tmp_path)
    made = write_markdown(Path(copied)).read_text(encoding="utf-8")
    assert made == result.with_suffix(".md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", ["python.md", "adding.md", "serving.md"])
def test_modules_that_a_page_names_can_be_found(page):
    text = (DOCS / page).read_text(encoding="utf-8")
    for module in set(re.findall(r"^\s*from (tfelc[\w.]+) import", text, flags=re.M)):
        assert importlib.util.find_spec(module), module
