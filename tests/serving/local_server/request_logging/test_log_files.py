"""Files of records: whole by rename, ended by size and age, bounded in all."""

import os
import time
from types import SimpleNamespace

import pytest
import tensorflow as tf

from tfelc.serving.local_server.request_logging import log_file, log_files
from tfelc.serving.local_server.request_logging.log_file import LogFile, finished_files
from tfelc.serving.local_server.request_logging.log_files import LogFiles, LogLimits

RECORD = b"x" * 100  # 116 bytes of a file


def records(path):
    return [record.numpy() for record in tf.data.TFRecordDataset(str(path))]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_has_its_name_once_it_is_whole(tmp_path):
    files = LogFiles(LogLimits())
    assert files.write(tmp_path / "logs" / "ranker", RECORD) and files.write(tmp_path / "logs" / "ranker", b"second")
    [hidden] = names(tmp_path / "logs")
    assert hidden.startswith(".ranker-") and hidden.endswith(".tfrecord.tmp")
    files.close()
    [path] = finished_files(tmp_path / "logs" / "ranker")
    assert [path.name] == names(tmp_path / "logs") and hidden == f".{path.name}.tmp"
    assert records(path) == [RECORD, b"second"]


def test_a_file_ends_by_size(tmp_path):
    files = LogFiles(LogLimits(file_bytes=232))
    for _ in range(5):
        files.write(tmp_path / "ranker", RECORD)
    whole = finished_files(tmp_path / "ranker")
    assert [len(records(path)) for path in whole] == [2, 2] and [path.stat().st_size for path in whole] == [232, 232]
    files.close()
    assert sorted(len(records(path)) for path in finished_files(tmp_path / "ranker")) == [1, 2, 2]


def test_a_file_ends_by_age(tmp_path, monkeypatch):
    clock = SimpleNamespace(now=100.0)
    for module in (log_file, log_files):
        monkeypatch.setattr(module.time, "monotonic", lambda: clock.now)
    files = LogFiles(LogLimits(file_seconds=60))
    files.write(tmp_path / "ranker", RECORD)
    clock.now = 150.0
    assert files.end_old() == 10 and not finished_files(tmp_path / "ranker")
    clock.now = 160.0
    assert files.end_old() == 60 and len(finished_files(tmp_path / "ranker")) == 1


def test_the_oldest_go_first_whatever_their_prefix(tmp_path):
    old = [
        tmp_path / f"{prefix}-202601{day}T000000Z-{day * 4}.tfrecord"
        for prefix, day in (("a", "02"), ("b", "01"), ("a", "03"))
    ]
    other = tmp_path / "a-b-20260101T000000Z-00000000.tfrecord"  # of another prefix, `a-b`
    for path in (*old, other):
        path.write_bytes(b"y" * 200)
    files = LogFiles(LogLimits(file_bytes=116, total_bytes=600))
    files.write(tmp_path / "b", RECORD)  # 200 + 116 are known
    assert old[1].exists()
    files.write(tmp_path / "a", RECORD)  # 3 x 200 + 2 x 116
    assert [path.exists() for path in (*old, other)] == [False, False, True, True]
    assert len(finished_files(tmp_path / "a")) == 2 and len(finished_files(tmp_path / "b")) == 1
    for _ in range(20):
        files.write(tmp_path / "a", RECORD)
        mine = [*finished_files(tmp_path / "a"), *finished_files(tmp_path / "b")]
        assert sum(path.stat().st_size for path in mine) <= 600


def test_what_a_killed_server_left_goes_and_a_living_ones_stays(tmp_path):
    living = LogFile(tmp_path / "ranker")
    living.write(RECORD)
    [held] = tmp_path.iterdir()
    left = tmp_path / ".ranker-20260101T000000Z-01234567.tfrecord.tmp"
    left.write_bytes(b"half")
    for path in (held, left):
        os.utime(path, (time.time() - 60,) * 2)
    LogFiles(LogLimits()).write(tmp_path / "ranker", RECORD)
    assert held.exists() and not left.exists()
    living.finish()


def test_a_disk_that_does_not_take_it(tmp_path, caplog):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file, not a folder")
    files = LogFiles(LogLimits())
    assert not files.write(blocked / "ranker", RECORD) and not files.write(blocked / "ranker", RECORD)
    assert caplog.text.count("requests are not logged") == 1
    blocked.unlink()
    assert files.write(blocked / "ranker", RECORD)
    files.close()
    assert "requests are logged again" in caplog.text and len(finished_files(blocked / "ranker")) == 1


def test_records_of_a_file_that_cannot_be_ended_are_lost_and_said(tmp_path, monkeypatch):
    files = LogFiles(LogLimits(file_bytes=232))

    def full(*_):
        raise OSError(28, "No space left on device")

    assert files.write(tmp_path / "ranker", RECORD)
    monkeypatch.setattr(log_file.os, "fsync", full)
    assert files.write(tmp_path / "ranker", RECORD)
    assert files.lost == {tmp_path / "ranker": 2} and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("prefix", ["ranker", "ranker-2", "a.b"])
def test_only_names_of_the_prefix_are_its_files(tmp_path, prefix):
    for name in ("ranker", "ranker-2", "a.b"):
        (tmp_path / f"{name}-20260101T000000Z-01234567.tfrecord").write_bytes(b"")
    (tmp_path / f"{prefix}-notes.tfrecord").write_bytes(b"")
    assert [path.name for path in finished_files(tmp_path / prefix)] == [f"{prefix}-20260101T000000Z-01234567.tfrecord"]
