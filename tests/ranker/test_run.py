import json
import re
import shutil

import pytest

from tests.support.every_kind import write_untrained_run
from tfelc import __version__
from tfelc.core.errors import RunError
from tfelc.ranker.run import RankerRun


@pytest.fixture
def run(tmp_path, untrained_run):
    """A copy that may be damaged."""
    shutil.copytree(untrained_run.path, tmp_path / "run")
    return RankerRun(tmp_path / "run")


def test_it_says_what_was_run_on_which_data_by_which_versions(untrained_run, every_kind_dataset):
    metadata = untrained_run.metadata
    assert metadata["tfelc"] == __version__
    assert metadata["tasks"] == ["click", "buy"]
    assert metadata["data"] == str(every_kind_dataset.path)
    assert metadata["data_hash"] == every_kind_dataset.hash
    assert metadata["schema_hash"] == every_kind_dataset.schema.hash()
    assert metadata["rows"] == {"train": 600, "validation": 300, "test": 100}
    assert re.fullmatch(r"2\d\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", metadata["started"])
    assert metadata["git_commit"] is None or re.fullmatch("[0-9a-f]{40}", metadata["git_commit"])
    assert {"python", "tensorflow", "keras", "numpy", "pyarrow"} <= metadata["versions"].keys()
    assert untrained_run.schema == every_kind_dataset.schema
    assert untrained_run.settings.model.clusters.num_clusters == 5


def test_a_folder_in_use_is_never_written_to(run, every_kind_dataset, tmp_path):
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    with pytest.raises(RunError, match="run: holds a run already; name another folder"):
        write_untrained_run(run.path, every_kind_dataset)
    assert {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()} == before
    (tmp_path / "other").mkdir()
    RankerRun.refuse_taken(tmp_path / "other")
    (tmp_path / "other" / "notes.txt").write_text("mine")
    for taken in (tmp_path / "other", tmp_path / "other" / "notes.txt"):
        with pytest.raises(RunError, match=f"{taken}: exists already and is no run; name another folder, or remove it"):
            RankerRun.refuse_taken(taken)


def test_a_run_that_cannot_be_written_leaves_nothing(every_kind_dataset, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError):
        write_untrained_run(tmp_path / "file" / "run", every_kind_dataset)

    def full(self, name, content):
        raise OSError(28, "No space left on device", str(self.path / name))

    monkeypatch.setattr(RankerRun, "write_json", full)
    with pytest.raises(OSError, match=r"No space left on device: .*run\.json"):
        write_untrained_run(tmp_path / "run", every_kind_dataset)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["config.yaml", "schema.yaml", "features.json", "run.json", "checkpoints/best.npz"])
def test_each_file_is_missed_and_its_damage_seen(run, name):
    path = run.path / name
    content = path.read_bytes()
    middle = len(content) // 2
    # One bit in the middle of a word or number, and the end cut off.
    for damaged in (content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :], content[:middle], b""):
        path.write_bytes(damaged)
        if name == "run.json" and damaged and len(damaged) == len(content):
            continue  # It holds the other files' checksums and has none of its own.
        with pytest.raises(RunError) as failure:
            RankerRun(run.path).model()
        assert str(failure.value).startswith(f"{path}: ") and "\n" not in str(failure.value)
    path.unlink()
    with pytest.raises(RunError, match=f"{run.path}.*(missing|no run.json|no such checkpoint)"):
        RankerRun(run.path).model()


def test_what_is_no_run(run, tmp_path):
    with pytest.raises(RunError, match="nowhere: no such run folder"):
        RankerRun.open(tmp_path / "nowhere")
    with pytest.raises(RunError, match="nowhere: no such run folder"):
        RankerRun(tmp_path / "nowhere").model()
    with pytest.raises(RunError, match=r"not a run folder of tfelc \(no run.json\)"):
        RankerRun.open(tmp_path)
    for foreign in ({"name": "someone else's"}, [1, 2], {**run.metadata, "tasks": "click"}):
        (run.path / "run.json").write_text(json.dumps(foreign))
        with pytest.raises(RunError, match=r"run.json: not written by tfelc's training"):
            RankerRun.open(run.path)


def test_files_of_another_run_are_refused(run, every_kind_dataset, tmp_path):
    other = write_untrained_run(tmp_path / "other", every_kind_dataset, ("click",), "model.architecture.units=[8]")
    shutil.copy(other.path / "config.yaml", run.path)
    with pytest.raises(RunError, match="config.yaml: damaged, or changed since the run was started"):
        RankerRun(run.path).model()
    shutil.copy(other.path / "run.json", run.path)
    with pytest.raises(RunError, match="best.npz: not a checkpoint of this model"):
        RankerRun(run.path).model()


def test_the_runs_own_data_must_be_what_it_was_and_other_data_must_be_named(run, every_kind_dataset, tmp_path):
    from tests.support.every_kind import write_every_kind_dataset

    assert run.dataset().hash == every_kind_dataset.hash
    other = write_every_kind_dataset(tmp_path / "other", first_seed=50)
    assert run.dataset(other.path).hash == other.hash
    metadata = run.metadata
    (run.path / "run.json").write_text(json.dumps({**metadata, "data": str(other.path)}))
    with pytest.raises(
        RunError, match="run: .*other holds other data than the run was trained on .* name it by `data`"
    ):
        RankerRun(run.path).dataset()
