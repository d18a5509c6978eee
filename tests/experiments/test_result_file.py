import json
import sys
from importlib.metadata import version

import pytest
from rich.console import Console

from tfelc.core.errors import DataError, UsageError
from tfelc.experiments.result_file import TABLES, publish, write_markdown
from tfelc.experiments.table import Table


def _tables(result):
    return [Table("figures", ["name", "value"], [[name, str(value)] for name, value in result["figures"].items()])]


@pytest.fixture
def kind(monkeypatch):
    monkeypatch.setitem(TABLES._parts, "test", _tables)
    monkeypatch.setattr(sys, "argv", ["tfelc experiment", "test", "--set", "a b"])
    return "test"


def test_a_result_says_what_it_takes_to_read_or_repeat_it(kind, tmp_path):
    console = Console(width=80)
    path = tmp_path / "made" / "found.json"
    result = {"data_hash": {"one": "12ab"}, "settings": ["x.yaml"], "seeds": [0, 1], "figures": {"auc": float("nan")}}
    with console.capture() as captured:
        publish(path, kind, result, console)
    found = json.loads(path.read_text())
    assert found["kind"] == "test" and found["command"] == "tfelc experiment test --set 'a b'"
    assert found["versions"]["tensorflow"] == version("tensorflow") and found["machine"]["cpus"] >= 1
    assert found["figures"] == {"auc": None}
    text = (tmp_path / "made" / "found.md").read_text()
    assert text.startswith(
        "### figures\n\n| name | value |\n| --- | --- |\n| auc | None |\n\n- command: tfelc experiment test"
    )
    for line in ("data hash: one 12ab", "settings: x.yaml", "seeds: 0, 1", f"finished: {found['finished']}"):
        assert f"- {line}\n" in text
    assert "loss" not in text
    assert "figures" in captured.get() and f"written to {path}" in captured.get()


def test_the_markdown_is_made_of_the_file_alone(kind, tmp_path):
    path = tmp_path / "found.json"
    path.write_text(json.dumps({"kind": kind, "figures": {"auc": 0.5}, "command": "as before"}))
    assert write_markdown(path) == tmp_path / "found.md"
    assert (tmp_path / "found.md").read_text().endswith("| auc | 0.5 |\n\n- command: as before\n")


@pytest.mark.parametrize("content", [None, "no JSON", "[]", "{}"])
def test_what_is_no_result_is_told(tmp_path, content):
    path = tmp_path / "found.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(DataError, match=r"found\.json: no result file"):
        write_markdown(path)


def test_a_result_of_an_unknown_kind_is_told(tmp_path):
    (tmp_path / "found.json").write_text('{"kind": "speed"}')
    with pytest.raises(UsageError, match="no kind of result `speed`; it is one of ranker, next_item"):
        write_markdown(tmp_path / "found.json")


def test_every_kind_has_tables():
    assert all(callable(TABLES.get(name)) for name in TABLES.names())
