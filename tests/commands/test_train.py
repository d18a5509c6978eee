import io
import json
import os
import re
import shutil
import subprocess
import sys
import time

import pyarrow.parquet as pq
import pytest

from tests.support.command import call
from tests.support.every_kind import write_every_kind_dataset
from tests.support.training import ROOT, SETTINGS
from tfelc.data.dataset import Dataset
from tfelc.lifecycle.training.health import health_line

QUICK = ("--config", SETTINGS, "--set", "training.epochs=1", "--set", "model.clusters.initialization=random")


@pytest.fixture
def data(tmp_path, every_kind_dataset):
    """A copy of the dataset that may be damaged."""
    shutil.copytree(every_kind_dataset.path, tmp_path / "data")
    return tmp_path / "data"


def train(tmp_path, *arguments, task="click"):
    return call("train", "--task", task, "--run", tmp_path / "run", *arguments)


def assert_fails(outcome, code, message):
    """One line on standard error that says `message`, and the agreed exit code."""
    assert outcome.code == code, outcome.err
    assert re.fullmatch(f"error: .*{message}.*\n", outcome.err), outcome.err


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_help_answers_in_a_second(command):
    started = time.process_time(), os.times().children_user
    done = subprocess.run(
        [sys.executable, f"pipelines/{command}.py", "--help"], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "--run" in done.stdout
    # Of the processor, since a machine under load is slow in everything.
    assert os.times().children_user - started[1] < 1


def test_it_prints_a_line_an_epoch_the_result_and_where_it_lies(trained_run):
    assert trained_run.err == ""
    lines = trained_run.out.splitlines()
    history = json.loads((trained_run.path / "history.json").read_text())["history"]
    assert len(history) == 3
    for line, epoch in zip(lines, history, strict=False):
        auc = "  ".join(f"{output} {values['auc']:.4f}" for output, values in epoch["validation"]["metrics"].items())
        assert line == (
            f"epoch {epoch['epoch']}/3  loss {epoch['losses']['loss']:.4f}  validation AUC {auc}"
            f"  {health_line(epoch['health'])}  {epoch['rows_per_second']:,} rows/s"
        )
    result = json.loads((trained_run.path / "metrics.json").read_text())
    assert result["best_epoch"] in (1, 2, 3)
    for output in ("click", "buy", "click_and_buy"):
        assert any(output in line and f"{result['metrics'][output]['auc']:.4f}" in line for line in lines)
    assert lines[-2] == f"run folder: {trained_run.path}"
    assert lines[-1] == f"TensorBoard: tensorboard --logdir {trained_run.path}/logs"


def test_tensorboard_has_every_loss_and_metric(trained_run):
    import tensorflow as tf

    (file,) = (trained_run.path / "logs").iterdir()
    written = {}
    for event in tf.compat.v1.train.summary_iterator(str(file)):
        for value in event.summary.value:
            written[value.tag, event.step] = tf.make_ndarray(value.tensor).item()
    wanted = {}
    for epoch in json.loads((trained_run.path / "history.json").read_text())["history"]:
        logged = epoch["losses"] | epoch["health"]
        wanted |= {(f"train/{name}", epoch["epoch"]): value for name, value in logged.items()}
        for output, values in epoch["validation"]["metrics"].items():
            wanted |= {(f"validation/{output}/{name}", epoch["epoch"]): value for name, value in values.items()}
        for name in ("in_use", "largest_share"):
            wanted[f"validation/clusters/{name}", epoch["epoch"]] = epoch["validation"]["clusters"][name]
    assert written == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("task", "arguments", "message"),
    [
        ("clik", (), "no task `clik` in schema `every_kind`; it declares click, buy"),
        ("click,click", (), "--task takes different task names, of click, buy. Received: click,click"),
        ("click,", (), "no task ``"),
        ("click", ("--set", "model.cluster.count=3"), "`model.cluster`: no such setting; did you mean `clusters`?"),
        ("click", ("--set", "training.epochs=many"), "`training.epochs`: must be a whole number. Received: 'many'"),
        ("click", ("--set", "training.epochs"), "write it as key=value"),
        ("click", ("--set", "training.early_stopping.metric=buy.auc"), "`buy.auc` is not measured"),
        ("click", ("--config", "nowhere.yaml"), "nowhere.yaml: not a readable YAML file"),
        ("click", ("--resume", "--set", "training.epochs=2"), "--resume goes on with --run as it was started"),
    ],
)
def test_a_call_that_can_never_work_ends_with_2(task, arguments, message, tmp_path, data):
    assert_fails(train(tmp_path, "--data", data, *arguments, task=task), 2, message)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_spaces_between_tasks_are_no_part_of_their_names(tmp_path, data):
    (data / "train" / "part-00000.parquet").unlink()
    # The tasks pass, so what is wrong with the data comes to light.
    assert_fails(train(tmp_path, "--data", data, task=" click , buy"), 1, "part-00000.parquet: the part is missing")
    assert_fails(train(tmp_path, "--data", data / "nowhere"), 1, "nowhere: no such folder; write it with prepare.py")


def cut(content):
    return content[:-100]


def flipped(content):
    """One bit of the values of `visits`."""
    group = pq.read_metadata(io.BytesIO(content)).row_group(0)
    columns = {group.column(number).path_in_schema: group.column(number) for number in range(group.num_columns)}
    place = columns["visits"].data_page_offset + columns["visits"].total_compressed_size - 20
    return content[:place] + bytes([content[place] ^ 8]) + content[place + 1 :]


def emptied(content):
    manifest = json.loads(content)
    manifest["rows"]["test"] = 0
    return json.dumps(manifest).encode()


def without_a_column(content):
    return content.replace(b"columns:\n", b"columns:\n  weather:\n    kind: number\n    role: context\n")


def of_another_type(content):
    return content.replace(b"  day:\n    kind: category\n    role: context\n    type: integer\n    table: weekday\n",
                           b"  day:\n    kind: category\n    role: context\n")  # fmt: skip


def contradictory(content):
    return content.replace(b"label: clicked", b"label: price")


@pytest.mark.parametrize(
    ("file", "damage", "code", "message"),
    [
        ("train/part-00000.parquet", cut, 1, r"train/part-00000.parquet: the part is corrupt: \d+ bytes, \d+ were"),
        ("train/part-00000.parquet", flipped, 1, "train/part-00000.parquet: not a whole Parquet file"),
        ("manifest.json", cut, 1, "manifest.json: not the manifest of a prepared dataset"),
        ("manifest.json", emptied, 1, "data: the split `test` has no rows"),
        ("schema.yaml", without_a_column, 1, "part-00000.parquet: column `weather` of schema.yaml is missing"),
        ("schema.yaml", of_another_type, 1, "part-00000.parquet: column `day` is int64, schema.yaml asks for string"),
        ("schema.yaml", contradictory, 2, "schema.yaml: task `click`: `price` is not a column of kind `label`"),
    ],
)
def test_data_that_cannot_be_used_is_named(file, damage, code, message, tmp_path, data):
    content = (data / file).read_bytes()
    damaged = damage(content)
    assert damaged != content
    (data / file).write_bytes(damaged)
    assert_fails(train(tmp_path, "--data", data, *QUICK), code, message)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize("split", ["validation", "test"])
def test_a_garbled_part_is_found_before_anything_is_trained(tmp_path, data, split):
    part = data / split / "part-00000.parquet"
    part.write_bytes(flipped(part.read_bytes()))
    assert_fails(train(tmp_path, "--data", data, *QUICK), 1, f"{part}: the part is corrupt: its checksum differs")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("setting", ["training.seed=99999999999999999999", "model.embedding_dim=1000000000000"])
def test_a_start_that_fails_leaves_no_folder_that_is_taken(tmp_path, data, setting):
    assert train(tmp_path, "--data", data, *QUICK, "--set", setting).code in (1, 2)
    assert not (tmp_path / "run").exists()


def test_a_wrong_setting_is_blamed_on_the_option_that_holds_it(tmp_path, data):
    refused = train(tmp_path, "--data", data, "--set", "model.varient=b")
    assert refused.err.startswith("error: --set: `model.varient`: no such setting; ")
    refused = call("train", "--task", "next_item", "--run", tmp_path / "run", "--set", "model.varient=b")
    assert refused.err.startswith("error: --set: `model.varient`: no such setting; ")


def test_a_part_that_goes_bad_while_training_costs_nothing_that_was_trained(tmp_path, data, monkeypatch):
    monkeypatch.setattr(Dataset, "verify", lambda self, splits: None)
    part = data / "validation" / "part-00000.parquet"
    content = part.read_bytes()
    part.write_bytes(flipped(content))
    assert_fails(train(tmp_path, "--data", data, *QUICK), 1, f"{part}: not a whole Parquet file")
    part.write_bytes(content)
    resumed = train(tmp_path, "--resume")
    assert resumed.code == 0 and "1/1" in resumed.out
    assert (tmp_path / "run" / "metrics.json").exists()


@pytest.fixture
def small_disk(tmp_path):
    """Mounts a file system of some kilobytes, or one that cannot be written to."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = []

    def mount(options):
        if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], capture_output=True).returncode:
            pytest.skip("this user may not mount a file system")
        mounted.append(place)
        return place

    yield mount
    for folder in mounted:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize(("size", "file"), [("8k", "features.json"), ("32k", "checkpoints/last.npz")])
def test_a_full_disk_is_one_line_and_leaves_no_half_of_a_file(size, file, small_disk, tmp_path, data):
    disk = small_disk(f"size={size}")
    outcome = call("train", "--task", "click", "--data", data, "--run", disk / "run", *QUICK)
    assert_fails(outcome, 1, f"disk/run/{file}: No space left on device")
    assert {path.name for path in disk.rglob(".*")} <= {".lock"}
    assert (disk / "run").exists() == (file == "checkpoints/last.npz")  # Whole, and `--resume` can go on with it.


def test_a_place_that_cannot_be_written_to(small_disk, tmp_path, data):
    arguments = ("--task", "click", "--data", data, *QUICK)
    (tmp_path / "file").write_text("")
    assert_fails(call("train", *arguments, "--run", tmp_path / "file" / "run"), 1, "file.*: Not a directory")
    disk = small_disk("ro")
    assert_fails(call("train", *arguments, "--run", disk / "run"), 1, "disk/run.*: Read-only file system")


def test_a_taken_run_folder_stays_as_it_is(trained_run, data):
    before = {path: path.stat().st_mtime_ns for path in trained_run.path.rglob("*")}
    outcome = call("train", "--task", "click,buy", "--data", data, "--run", trained_run.path)
    assert_fails(outcome, 1, "run: holds a run already; name another --run, or go on with it by --resume")
    assert {path: path.stat().st_mtime_ns for path in trained_run.path.rglob("*")} == before


def test_only_the_run_that_it_was_is_resumed(trained_run, tmp_path):
    shutil.copytree(trained_run.path, tmp_path / "run")

    def resume(*arguments, task="click,buy"):
        return train(tmp_path, "--resume", *arguments, task=task)

    assert_fails(resume(task="click"), 2, "the run in .*run trains --task click,buy")
    other = write_every_kind_dataset(tmp_path / "other", first_seed=50)
    assert_fails(resume("--data", other.path), 1, "run: was trained on other data than .*other holds now")
    assert_fails(call("train", "--task", "click", "--resume", "--run", tmp_path), 1, "not a run folder of tfelc")
    assert_fails(call("train", "--task", "click", "--resume"), 2, "--resume goes on with --run .*: name the run")
    last = tmp_path / "run" / "checkpoints" / "last.npz"
    last.write_bytes(last.read_bytes()[:-1000])
    before = {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()}
    assert_fails(resume(), 1, "checkpoints/last.npz: damaged checkpoint")
    assert {path: path.read_bytes() for path in before} == before


def test_a_run_that_is_over_is_only_measured_again(trained_run, tmp_path):
    shutil.copytree(trained_run.path, tmp_path / "run")
    (tmp_path / "run" / "metrics.json").unlink()
    outcome = train(tmp_path, "--resume", task="click,buy")
    assert outcome.code == 0 and "epoch" not in outcome.out
    assert (tmp_path / "run" / "metrics.json").read_text() == (trained_run.path / "metrics.json").read_text()
