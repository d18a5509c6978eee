"""The local server as a process of its own, started and ended by a test."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import httpx

from tests.support.warm_process import WarmProcess


class LocalProcess:
    """Starts `tfelc serve` on free ports of the loopback; a context manager.

    With `wait=False` it does not wait until the server is ready.
    """

    def __init__(self, *options: str, wait: bool = True) -> None:
        arguments = ["serve", "--rest-port", "0", "--grpc-port", "0", *options]
        self.process = WarmProcess("tfelc.commands", arguments)
        if not wait:
            return
        while not self.lines and self.process.poll() is None:
            time.sleep(0.01)
        found = re.fullmatch(r"ready: REST (\S+) gRPC (\S+)\n", self.lines[0] if self.lines else "")
        if not found:
            self.process.kill()
            self.process.wait()
            raise RuntimeError(f"the server did not start: {self.lines} {self.errors}")
        self.rest, self.grpc = found.groups()

    @property
    def lines(self) -> list[str]:
        """The whole lines that it has said by now."""
        return _lines(self.process.out)

    @property
    def errors(self) -> list[str]:
        """The same of standard error."""
        return _lines(self.process.err)

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


def _lines(file: Path) -> list[str]:
    said = file.read_text() if file.exists() else ""
    return said[: said.rfind("\n") + 1].splitlines(keepends=True)
