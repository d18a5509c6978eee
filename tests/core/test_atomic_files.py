import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tfelc.core.atomic_files import atomic_write, write_text


def test_a_file_appears_whole(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    with atomic_write(path) as temporary:
        temporary.write_text("half")
        assert not path.exists() and temporary.parent == tmp_path
        temporary.write_text("whole")
    assert path.read_text() == "whole"
    assert os.listdir(tmp_path) == ["result.json"]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    write_text(path, "old \u96ea")
    for error in (ValueError, KeyboardInterrupt, SystemExit):
        with pytest.raises(error), atomic_write(path) as temporary:
            temporary.write_text("half")
            raise error
    assert path.read_text(encoding="utf-8") == "old \u96ea"
    assert os.listdir(tmp_path) == ["result.json"]
    write_text(path, "new")
    assert path.read_text() == "new"


def test_a_killed_writer_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text("old")
    code = (
        "import os, sys, signal; from pathlib import Path; from tfelc.core.atomic_files import atomic_write\n"
        "with atomic_write(Path(sys.argv[1])) as temporary:\n"
        "    temporary.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(path)], cwd=Path(__file__).parents[1])
    assert ended.returncode == -signal.SIGKILL
    assert path.read_text() == "old"


def test_what_the_disk_says_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "absent" / "result.json"
    with pytest.raises(FileNotFoundError) as missing:
        write_text(path, "text")
    assert missing.value.filename == str(path)

    def full() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left") as error, atomic_write(tmp_path / "big.npz") as temporary:
        temporary.write_text("half")
        full()
    assert (error.value.errno, error.value.filename) == (errno.ENOSPC, str(tmp_path / "big.npz"))
    assert os.listdir(tmp_path) == []


def test_a_folder_of_the_same_name_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "result"
    path.mkdir()
    with pytest.raises(OSError):
        write_text(path, "text")
    assert path.is_dir() and os.listdir(tmp_path) == ["result"]
