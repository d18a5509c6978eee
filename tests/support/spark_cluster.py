"""A standalone Spark cluster on the loopback: a master and workers, each a process of its own."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyspark

ROOT = Path(__file__).parents[2]
# Becomes the command that follows it, and ends with its parent: 1 is PR_SET_PDEATHSIG of prctl, which an exec keeps. It
# is no `preexec_fn`, which would run Python in a fork of a process full of threads.
_ENDING_WITH_THE_PARENT = "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 9); os.execv(sys.argv[1], sys.argv[1:])"


def why_not() -> str | None:
    """Why there can be no cluster here; None where there can."""
    java = shutil.which("java") or os.environ.get("JAVA_HOME")
    return None if java else "Java is not installed"


class SparkCluster:
    """Ends with the process that made it, however that ends.

    Args:
        folder: Where the processes keep their files.
        workers: How many there are, each with a core and an address of its own: Spark runs no task twice on one host.
    """

    def __init__(self, folder: Path, workers: int = 2) -> None:
        self._folder = folder
        self.workers: dict[int, subprocess.Popen[bytes]] = {}
        self._master = self._start("master.Master", "127.0.0.1", "master")
        self.url = self._said("master", r"Starting Spark master at (spark://\S+)")
        for number in range(1, workers + 1):
            self.start_worker(number)

    def start_worker(self, number: int) -> None:
        """Starts a worker, or starts it again."""
        options = ("-c", "1", "-m", "512m", "-d", str(self._folder / f"work-{number}"), self.url)
        self.workers[number] = self._start("worker.Worker", f"127.0.0.{number + 1}", f"worker-{number}", *options)

    def kill_worker(self, number: int) -> None:
        """Ends a worker and what it runs by SIGKILL, as the loss of its machine would."""
        self._kill(self.workers.pop(number))

    def stop(self) -> None:
        """Ends all of it."""
        for process in (*self.workers.values(), self._master):
            self._kill(process)

    def _start(self, name: str, host: str, log: str, *options: str) -> subprocess.Popen[bytes]:
        home = Path(pyspark.__file__).parent
        environment = {
            **os.environ,
            "SPARK_LOCAL_IP": host,
            "SPARK_NO_DAEMONIZE": "1",
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_DAEMON_JAVA_OPTS": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
            "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
        }
        command = (str(home / "bin/spark-class"), f"org.apache.spark.deploy.{name}")
        place = ("--host", host, "--port", "0", "--webui-port", "0")
        with (self._folder / f"{log}.log").open("wb") as file:
            return subprocess.Popen(
                [sys.executable, "-c", _ENDING_WITH_THE_PARENT, *command, *place, *options],
                stdout=file,
                stderr=file,
                env=environment,
                start_new_session=True,
            )

    def _said(self, log: str, words: str) -> str:
        until = time.monotonic() + 90
        while time.monotonic() < until:
            text = (self._folder / f"{log}.log").read_text(errors="replace")
            if (found := re.search(words, text)) is not None:
                return found[found.lastindex or 0]
            time.sleep(0.1)
        self.stop()
        raise RuntimeError(f"{log} did not begin: {text}")

    @staticmethod
    def _kill(process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
