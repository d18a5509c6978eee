"""Headless Chromium, spoken to by the WebDriver protocol."""

import base64
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")


class Browser:
    """One session; `headless_browser` opens it."""

    def __init__(self, driver: str) -> None:
        arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--window-size=1000,1300",
        ]
        wanted = {
            "browserName": "chrome",
            "goog:chromeOptions": {"args": arguments, "binary": CHROMIUM},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }
        self.http = httpx.Client(base_url=driver, timeout=60)
        answer = self.http.post("/session", json={"capabilities": {"alwaysMatch": wanted}}).json()["value"]
        self.path = f"/session/{answer['sessionId']}"

    def open(self, address: str) -> None:
        self._value("url", url=address)

    def run(self, script: str, *arguments: Any) -> Any:
        return self._value("execute/sync", script=script, args=list(arguments))

    def wait(self, script: str, *arguments: Any, seconds: float = 20.0) -> Any:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := self.run(script, *arguments):
                return found
            time.sleep(0.05)
        raise AssertionError(f"{script} stayed false; the page: {self.run('return document.body.innerText')}")

    def console(self) -> list[str]:
        """What the console says since the last call."""
        return [entry["message"] for entry in self._value("se/log", type="browser")]

    def network(self) -> list[tuple[str, dict[str, Any]]]:
        """Method and parameters of the network events since the last call, as in `Network.requestWillBeSent`."""
        messages = [json.loads(entry["message"])["message"] for entry in self._value("se/log", type="performance")]
        return [(message["method"], message["params"]) for message in messages]

    def prefer(self, scheme: str) -> None:
        """Asks for pages in light or in dark."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self._value("goog/cdp/execute", cmd="Emulation.setEmulatedMedia", params={"features": features})

    def resize(self, width: int, height: int) -> None:
        """Shows pages as a window or phone of so many pixels does."""
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self._value("goog/cdp/execute", cmd="Emulation.setDeviceMetricsOverride", params=screen)

    def press(self, key: str) -> None:
        """Presses a key, by its number in WebDriver, where the focus is."""
        actions = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self._value("actions", actions=[{"type": "key", "id": "keyboard", "actions": actions}])

    def picture(self, path: Any) -> None:
        path.write_bytes(base64.b64decode(self.http.get(f"{self.path}/screenshot").json()["value"]))

    def printed(self) -> bytes:
        """The page as PDF."""
        return base64.b64decode(self._value("print"))

    def close(self) -> None:
        self.http.delete(self.path)

    def _value(self, command: str, **content: Any) -> Any:
        answer = self.http.post(f"{self.path}/{command}", json=content)
        answer.raise_for_status()
        return answer.json()["value"]


@contextmanager
def headless_browser() -> Iterator[Browser]:
    """A browser of its own; skips the test where there is none."""
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("needs Debian's packages chromium and chromium-driver")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([DRIVER, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}/status")
                break
            except httpx.TransportError:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        opened = Browser(f"http://127.0.0.1:{port}")
        yield opened
        opened.close()
    finally:
        process.terminate()
        process.wait(10)
