import os
import subprocess
import sys

from tfelc.core.folder_lock import FolderLock

HOLD = """
import sys
from pathlib import Path
from tfelc.core.folder_lock import FolderLock

lock = FolderLock(Path(sys.argv[1]))
lock.acquire()
print(lock.holder, flush=True)
sys.stdin.read()
"""


def test_another_process_is_named_and_a_dead_one_holds_nothing(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        holder = process.stdout.readline().strip()
        assert holder.startswith(f"process {process.pid} on ")
        lock = FolderLock(tmp_path)
        assert lock.acquire() == holder
        process.kill()
        process.wait()
    # What it had written is there, and says nothing any more.
    assert (tmp_path / ".lock").read_text() == holder
    assert lock.acquire() is None and lock.acquire() is None
    assert FolderLock(tmp_path).acquire() == f"process {os.getpid()} on {os.uname().nodename}"
    lock.release()
    with FolderLock(tmp_path) as other:
        assert other.acquire() is None
    assert lock.acquire() is None
    lock.release()
