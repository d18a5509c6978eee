import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.support.toy_training import ToyRun, ToySettings
from tfelc.core.errors import RunError
from tfelc.lifecycle import run as module
from tfelc.lifecycle.kinds import RUN_KINDS
from tfelc.lifecycle.run import Run
from tfelc.next_item.run import NextItemRun
from tfelc.ranker.run import RankerRun


@pytest.fixture
def toy_run(tmp_path):
    files = {"config.yaml": ToySettings().dump(), "notes.txt": "mine"}
    return ToyRun.create_folder(tmp_path / "run", files, {"data": "none", "data_hash": "0"})


def test_a_run_of_any_kind_opens_as_the_class_of_its_kind(untrained_run, recommender_run):
    assert type(Run.open(untrained_run.path)) is RankerRun
    assert type(Run.open(recommender_run.path)) is NextItemRun
    assert Run.open(untrained_run.path).metadata == untrained_run.metadata


def test_a_kind_that_a_plug_in_adds(toy_run, monkeypatch):
    with pytest.raises(
        RunError, match=r"run: holds a run of kind `toy`, which is none of ranker, next_item"
    ) as failure:
        Run.open(toy_run.path)
    assert "\n" not in str(failure.value)
    monkeypatch.setattr(
        module, "RUN_KINDS", type(RUN_KINDS)("kind of run", {"toy": "tests.support.toy_training:ToyRun"})
    )
    assert type(Run.open(toy_run.path)) is ToyRun


def test_each_part_is_read_and_hashed_once(untrained_run, monkeypatch):
    opened, hashed = [], []
    open_file, sha256 = Path.open, module._sha256

    def noted(path, *given, **named):
        opened.append(path)
        return open_file(path, *given, **named)

    monkeypatch.setattr(Path, "open", noted)
    monkeypatch.setattr(module, "_sha256", lambda path: hashed.append(path.name) or sha256(path))
    run = Run.open(untrained_run.path)
    for _ in range(2):
        assert run.settings is run.settings and run.schema is run.schema and run.fitted is run.fitted
        run.unchanged("config.yaml")
        run.model()
    assert sorted(hashed) == ["config.yaml", "features.json", "schema.yaml"]
    # Once for the hash and once to be read.
    times = Counter(path.name for path in opened if path.parent == run.path)
    assert times == {"run.json": 1, "config.yaml": 2, "features.json": 2, "schema.yaml": 2}


def test_a_changed_file_is_told_until_it_is_whole(toy_run):
    notes = toy_run.path / "notes.txt"
    notes.write_text("another's")
    for _ in range(2):
        with pytest.raises(RunError, match="notes.txt: damaged, or changed since the run was started"):
            toy_run.unchanged("notes.txt")
    notes.unlink()
    with pytest.raises(RunError, match="notes.txt: missing; the run folder is incomplete"):
        toy_run.unchanged("notes.txt")
    notes.write_text("mine")
    assert toy_run.unchanged("notes.txt") == notes


def test_what_no_file_of_a_run_says(toy_run):
    assert toy_run.read_json("history.json") is None
    (toy_run.path / "history.json").write_text("{")
    with pytest.raises(RunError, match="history.json: damaged; remove it, and all but the training curves is there"):
        toy_run.read_json("history.json")
    (toy_run.path / "run.json").write_text(json.dumps({**toy_run.metadata, "data": 3}))
    with pytest.raises(RunError, match="run.json: not written by tfelc's training"):
        ToyRun.open(toy_run.path)


def test_a_run_opens_without_tensorflow(untrained_run):
    program = (
        "import sys; from pathlib import Path; from tfelc.lifecycle.run import Run; "
        "print(Run.open(Path(sys.argv[1])).settings.model.clusters.num_clusters, 'tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program, untrained_run.path], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("5 False\n", "")
