import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tfelc.core.temporary_folder import temporary_folder

MAKE = """
import sys
from pathlib import Path
from tfelc.core.temporary_folder import temporary_folder

home = Path(sys.argv[1])

def make():
    folder = home / ".data.1.part"
    folder.mkdir()
    return folder

with temporary_folder(home, ".data.*.part", make) as folder:
    print(folder, flush=True)
    sys.stdin.read()
"""


def names(home):
    return {path.name for path in home.iterdir()}


def test_what_a_killed_process_left_is_removed_and_what_is_in_work_stays(tmp_path):
    def make():
        return Path(tempfile.mkdtemp(prefix=".data.", suffix=".part", dir=tmp_path))

    (tmp_path / ".data.notes.part").write_text("a file of somebody's")
    (tmp_path / ".other.1.part").mkdir()
    kept = {".data.notes.part", ".other.1.part"}
    with subprocess.Popen(
        [sys.executable, "-c", MAKE, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        process.stdout.readline()
        with temporary_folder(tmp_path, ".data.*.part", make) as own:
            assert names(tmp_path) == {*kept, own.name, ".data.1.part"}
        process.kill()
        process.wait()
        assert names(tmp_path) == {*kept, ".data.1.part"}
    with temporary_folder(tmp_path, ".data.*.part", make) as own:
        (own / "deep").mkdir()
        assert names(tmp_path) == {*kept, own.name}
    with pytest.raises(ZeroDivisionError), temporary_folder(tmp_path, ".data.*.part", make) as own:
        raise ZeroDivisionError
    assert names(tmp_path) == kept


def test_a_folder_that_has_got_another_name_stays(tmp_path):
    def make():
        return Path(tempfile.mkdtemp(prefix=".data.", dir=tmp_path))

    with temporary_folder(tmp_path, ".data.*", make) as own:
        own.rename(tmp_path / "data")
    assert names(tmp_path) == {"data"}
