"""Runs, exports and settings that version 0.1.0 wrote still do what they did then."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.support import warm_process
from tests.support.command import call
from tests.support.made_once import made_once
from tests.support.stored import VERSION_0_1, told_of_old_names

PART = "part-00000-00000.parquet"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rows that the stored ranker was trained on, made again."""

    def make(folder: Path) -> None:
        sizes = ("--rows", 3000, "--users", 60, "--seed", 5)
        outcome = call("prepare", "simulated", *sizes, "--out", folder / "data")
        assert outcome.code == 0, outcome.err

    return made_once(tmp_path_factory, "version_0_1", make) / "data"


def _numbers(content: Any) -> Iterator[float]:
    """Every number that is no whole one, whatever it is called."""
    if isinstance(content, dict):
        content = list(content.values())
    if isinstance(content, list):
        for value in content:
            yield from _numbers(value)
    elif isinstance(content, float):
        yield content


def _evaluated(name: str, *arguments: object) -> tuple[list[float], list[str]]:
    """What `tfelc evaluate --json` prints of a stored run, as numbers in order, and what was said of old names."""
    with told_of_old_names() as said:
        outcome = call("evaluate", "--run", VERSION_0_1 / name, *arguments, "--json")
    assert outcome.code == 0, outcome.err
    return sorted(_numbers(json.loads(outcome.out))), said


def _assert_says_what_was_printed(found: list[float], name: str) -> None:
    wanted = sorted(_numbers(json.loads((VERSION_0_1 / "printed" / f"{name}.json").read_text())))
    for number in wanted:
        nearest = found[np.argmin(np.abs(np.array(found) - number))]
        assert nearest == pytest.approx(number, rel=1e-5, abs=1e-7)


def test_a_ranker_s_run_is_measured_as_it_was(data: Path) -> None:
    found, said = _evaluated("ranker", "--data", data)
    _assert_says_what_was_printed(found, "ranker")
    files = [line.split(": ")[0] for line in said]
    assert files[0] == str(VERSION_0_1 / "ranker" / "config.yaml") and len(files) == len(set(files))


@pytest.mark.parametrize("name", ["elcrec", "sasrec"])
def test_a_next_item_run_is_measured_as_it_was(name: str) -> None:
    found, said = _evaluated(name)
    _assert_says_what_was_printed(found, name)
    assert [line.split(": ")[0] for line in said] == [str(VERSION_0_1 / name / "config.yaml")]


def test_runs_of_before_are_compared() -> None:
    with told_of_old_names() as said:
        outcome = call("evaluate", "--run", VERSION_0_1 / "elcrec", "--against", VERSION_0_1 / "sasrec", "--json")
    assert outcome.code == 0, outcome.err
    assert len(said) == 2


def test_a_command_says_it_in_one_plain_line() -> None:
    path = VERSION_0_1 / "sasrec"
    command = [sys.executable, "-m", "tfelc.commands", "evaluate", "--run", path, "--json"]
    done = warm_process.run(command)
    assert done.returncode == 0, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"warning: {path / 'config.yaml'}: `model.variant` is now `model.name`, ")
    json.loads(done.stdout)


def test_a_ranker_s_export_scores_as_it_did(data: Path, tmp_path: Path) -> None:
    model, rows = VERSION_0_1 / "exported" / "ranker" / "1", data / "test" / "*.parquet"
    outcome = call("score", "--model", model, "--input", rows, "--output", tmp_path / "out")
    assert outcome.code == 0, outcome.err
    files = (tmp_path / "out" / PART, VERSION_0_1 / "scored" / "ranker.parquet")
    found, wanted = (pq.read_table(path).to_pandas() for path in files)
    assert list(found) == list(wanted) and len(found) == 300
    for name in found:
        np.testing.assert_allclose(found[name], wanted[name], rtol=1e-5, atol=1e-6, err_msg=name)


def test_a_ranker_s_export_is_measured(data: Path) -> None:
    model = VERSION_0_1 / "exported" / "ranker" / "1"
    outcome = call("evaluate", "--model", model, "--data", data, "--json")
    assert outcome.code == 0, outcome.err
    printed = json.loads((VERSION_0_1 / "printed" / "ranker.json").read_text())
    found = np.array(sorted(_numbers(json.loads(outcome.out))))
    for number in _numbers(printed["tasks"]):
        assert np.abs(found - number).min() < 1e-5


def test_a_recommender_s_export_finds_what_it_did(tmp_path: Path) -> None:
    model, histories = VERSION_0_1 / "exported" / "recommender" / "1", VERSION_0_1 / "scored" / "histories.parquet"
    options = ("--user-id", "user", "--k", 5, "--output", tmp_path / "out")
    outcome = call("score", "top-k", "--model", model, "--input", histories, *options)
    assert outcome.code == 0, outcome.err
    files = (tmp_path / "out" / PART, VERSION_0_1 / "scored" / "recommendations.parquet")
    found, wanted = (pq.read_table(path).to_pydict() for path in files)
    assert list(found) == list(wanted)
    for name in ("user", "items", "cluster", "model_version"):
        assert found[name] == wanted[name], name
    for one, other in zip(found["scores"], wanted["scores"], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)
