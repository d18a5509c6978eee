import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from tests.support import ways
from tests.support.training import ROOT
from tfelc.core.errors import TfelcError
from tfelc.experiments.benchmarks import harness
from tfelc.experiments.benchmarks.harness import Column, Way, comparison, measure, tfelc


@dataclass
class Prepared:
    """A way whose figures are known, round by round."""

    label: str
    answers: list
    order: list

    def run(self):
        self.order.append(self.label)
        return self.answers[self.order.count(self.label) - 1]


def test_a_way_is_called_in_a_process_of_its_own():
    environment = {"TFELC_TEST": "set", "PYTHONPATH": str(ROOT)}
    found = Way("echo", ways.echo, {"path": Path("data"), "steps": None}, environment).run()
    assert found.pop("process") != os.getpid()
    assert found == {"path": "data", "steps": None, "variable": "set", "tensorflow": True}


def test_a_way_may_go_without_tensorflow(monkeypatch):
    monkeypatch.setattr(harness, "subprocess", subprocess)  # The processes of tests begin with TensorFlow.
    way = Way("echo", ways.echo, {}, {"PYTHONPATH": str(ROOT)}, needs_tensorflow=False)
    assert way.run()["tensorflow"] is False


def test_a_way_that_fails_is_told_by_its_last_words():
    with pytest.raises(TfelcError, match="^three: no such rows$"):
        Way("three", ways.failing, {}, {"PYTHONPATH": str(ROOT)}).run()


def test_a_command_that_fails_is_told_by_its_last_words(tmp_path):
    with pytest.raises(TfelcError, match="^tfelc prepare: --rows must be at least 100. Received: 9$"):
        tfelc("prepare", "simulated", "--rows", 9, "--out", tmp_path / "data")


@pytest.fixture
def measured():
    order = []
    ways = {
        "fast": Prepared("the fast way", [{"s": value, "mb": 10.0} for value in (2.0, 4.0, 3.0)], order),
        "slow": Prepared("the slow way", [{"s": value, "mb": 15.0} for value in (9.0, 6.0, 5.0)], order),
        "absent": Prepared("the other way", [None, None, None], order),
    }
    found = measure(ways, Console(quiet=True), 3, "fast")
    assert order == ["the fast way", "the slow way", "the other way"] * 3
    return found


def test_median_extremes_and_ratio_to_the_reference(measured):
    assert measured["fast"]["figures"]["s"] == {"median": 3.0, "min": 2.0, "max": 4.0, "ratio": 1.0}
    assert measured["slow"]["figures"]["s"] == {"median": 6.0, "min": 5.0, "max": 9.0, "ratio": 2.0}
    assert measured["slow"]["figures"]["mb"]["ratio"] == 1.5
    assert [run["s"] for run in measured["slow"]["runs"]] == [9.0, 6.0, 5.0]
    assert (measured["absent"]["figures"], measured["absent"]["runs"]) == ({}, [])


def test_the_table_has_a_row_a_way(measured):
    columns = [Column("seconds", "s", ".1f"), Column("of fast", "s", ".0%", "ratio"), Column("MB", "mb")]
    table = comparison("ways", measured, columns)
    assert table.headings == ["way", "seconds", "of fast", "MB"]
    assert table.rows == [
        ["the fast way", "3.0", "100%", "10"],
        ["the slow way", "6.0", "200%", "15"],
        ["the other way", "not installed", "", ""],
    ]


def test_a_reference_of_nothing_gives_no_ratio():
    ways = {"none": Prepared("", [{"s": 0.0}], []), "some": Prepared("", [{"s": 1.0}], [])}
    assert measure(ways, Console(quiet=True), reference="none")["some"]["figures"]["s"]["ratio"] is None
