"""The page at `/`, its state, and the page itself in a headless browser."""

import re

import pytest

from tests.serving.conftest import LABELS_MAY_WAIT, NAME, ROW, target_at
from tests.serving.local_process import LocalProcess
from tests.support.browser import headless_browser


@pytest.fixture(scope="module")
def server(base):
    with LocalProcess("--config", str(base / "models.config"), LABELS_MAY_WAIT) as process:
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


@pytest.fixture(scope="module")
def browser():
    with headless_browser() as opened:
        yield opened


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
