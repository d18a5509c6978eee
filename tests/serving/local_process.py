"""The local server as a process of its own, started and ended by a test."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]


class LocalProcess:
    """Starts `tfelc serve` on free ports of the loopback; a context manager.

    With `wait=False` it does not wait until the server is ready; `lines` is what it has said by now.
    """

    def __init__(self, *options: str, wait: bool = True) -> None:
        command = [sys.executable, "-m", "tfelc.commands", "serve", "--rest-port", "0", "--grpc-port", "0", *options]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.errors: list[str] = []
        threading.Thread(target=lambda: self.errors.extend(self.process.stderr), daemon=True).start()
        self.lines: list[str] = []
        if not wait:
            threading.Thread(target=lambda: self.lines.extend(self.process.stdout), daemon=True).start()
            return
        line = self.process.stdout.readline()
        found = re.fullmatch(r"ready: REST (\S+) gRPC (\S+)\n", line)
        if not found:
            self.process.kill()
            self.process.wait()
            raise RuntimeError(f"the server did not start: {line!r} {self.errors}")
        self.rest, self.grpc = found.groups()

    def wait_for(self, model: str, states: dict[str, str], seconds: float = 20.0) -> dict[str, str]:
        """Waits until the model's versions stand as given."""
        seen: dict[str, str] = {}
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            listed = httpx.get(f"{self.rest}/v1/models/{model}").json().get("model_version_status", [])
            seen = {status["version"]: status["state"] for status in listed}
            if all(seen.get(version) == state for version, state in states.items()):
                return seen
            time.sleep(0.05)
        raise AssertionError(f"wanted {states}, have {seen}; {self.errors}")

    def memory(self) -> int:
        """Resident bytes."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def end(self, number: int = signal.SIGTERM, seconds: float = 30.0) -> int:
        """Sends a signal, and waits."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(seconds)

    def __enter__(self) -> "LocalProcess":
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.end(seconds=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
