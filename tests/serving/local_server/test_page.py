"""The page at `/`, its state, and the page itself in a headless browser."""

import base64
import re
import shutil
import socket
import subprocess
import time

import httpx
import pytest

from tests.serving.conftest import NAME, ROW, target_at
from tests.serving.local_process import LocalProcess

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")


@pytest.fixture(scope="module")
def server(base):
    with LocalProcess("--config", str(base / "models.config")) as process:
        target = target_at(process.rest, process.grpc)
        target.predict(instances=[ROW])
        yield target


def test_the_page_needs_nothing_from_elsewhere(server):
    answer = server.http.get(f"{server.rest}/")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert not re.search(r"https?://", answer.text)
    assert server.http.get(f"{server.rest}/page.js").headers["content-type"].startswith("text/javascript")


def test_its_state(server):
    state = server.http.get(f"{server.rest}/page/state").json()
    [model] = state["models"]
    assert model["name"] == NAME
    assert [(v["version"], v["state"], v["labels"]) for v in model["versions"]] == [
        (2, "AVAILABLE", ["canary"]),
        (1, "AVAILABLE", ["stable"]),
    ]
    assert {field["name"]: (field["type"], field["depth"]) for field in model["inputs"]} == {
        "price": ("float32", 1),
        "visits": ("int64", 1),
        "country": ("string", 1),
        "tags": ("string", 2),
    }
    assert state["latency"][-1]["requests"] >= 1
    assert 0 < state["latency"][-1]["p50"] <= state["latency"][-1]["p99"]


class Browser:
    """Headless Chromium, spoken to by the WebDriver protocol."""

    def __init__(self, driver):
        arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--window-size=1000,1300",
        ]
        wanted = {"browserName": "chrome", "goog:chromeOptions": {"args": arguments, "binary": CHROMIUM}}
        self.http = httpx.Client(base_url=driver, timeout=60)
        answer = self.http.post("/session", json={"capabilities": {"alwaysMatch": wanted}}).json()["value"]
        self.path = f"/session/{answer['sessionId']}"

    def open(self, address):
        self.http.post(f"{self.path}/url", json={"url": address}).raise_for_status()

    def run(self, script, *arguments):
        answer = self.http.post(f"{self.path}/execute/sync", json={"script": script, "args": list(arguments)})
        answer.raise_for_status()
        return answer.json()["value"]

    def wait(self, script, *arguments, seconds=20.0):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := self.run(script, *arguments):
                return found
            time.sleep(0.05)
        raise AssertionError(f"{script} stayed false; the page: {self.run('return document.body.innerText')}")

    def picture(self, path):
        path.write_bytes(base64.b64decode(self.http.get(f"{self.path}/screenshot").json()["value"]))

    def close(self):
        self.http.delete(self.path)


@pytest.fixture(scope="module")
def browser():
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


FILL = """
const form = document.getElementById("row");
for (const [name, value] of Object.entries(arguments[0])) form.elements[name].value = value;
document.getElementById("answer").replaceChildren();
form.querySelector("button").click();
"""
OUTPUTS = """
const cells = [...document.querySelectorAll("[data-output]")];
return cells.length ? Object.fromEntries(cells.map((cell) => [cell.dataset.output, cell.textContent])) : null;
"""


def opened(browser, server):
    browser.open(f"{server.rest}/")
    browser.wait('return document.querySelectorAll("#row input").length === 4')


def test_a_person_tries_a_row(server, browser, tmp_path):
    opened(browser, server)
    browser.run(FILL, {"price": "1.5", "visits": "2", "country": "se", "tags": "a, b"})
    outputs = browser.wait(OUTPUTS)
    assert outputs["score"] == "6.5"
    assert outputs["tags_given"] == "2"
    assert outputs["country_seen"] == '"se"'
    assert browser.run('return document.querySelectorAll("td.AVAILABLE").length') == 2
    assert browser.wait('return document.querySelector("polyline.p50").getAttribute("points")')
    browser.picture(tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 10_000


def test_an_empty_number_is_missing_and_a_wrong_one_is_told(server, browser):
    opened(browser, server)
    browser.run(FILL, {"visits": "2"})
    assert browser.wait(OUTPUTS)["score"] == '"NaN"'
    browser.run(FILL, {"visits": "2.5"})
    message = browser.wait('return (document.querySelector("#answer .error") || {}).textContent')
    assert "visits" in message and "int64" in message


def test_what_is_typed_stays_while_the_page_refreshes(server, browser):
    opened(browser, server)
    browser.run('document.getElementById("row").elements.price.value = "7"; window.seen = state;')
    browser.wait("return window.seen !== state")
    assert browser.run('return document.getElementById("row").elements.price.value') == "7"
    assert browser.run(
        "return performance.getEntriesByType('resource').every((r) => r.name.startsWith(location.origin))"
    )
