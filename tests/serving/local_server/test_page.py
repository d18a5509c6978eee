"""The page at `/`, its state, and the page itself in a headless browser."""

import json
import re

import httpx
import pytest

from tests.serving.conftest import LABELS_MAY_WAIT, NAME, ROW, target_at
from tests.serving.local_process import LocalProcess
from tests.support.browser import headless_browser
from tfelc.serving.local_server.page.form import form
from tfelc.serving.local_server.page.page import without_folders
from tfelc.serving.local_server.servable import Servable

PAGE_GROUPS = {"user": "user", "activity": "user", "item": "item", "context": "context"}


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
    assert model["served"] == 2
    assert state["latency"][-1]["requests"] >= 1
    assert 0 < state["latency"][-1]["p50"] <= state["latency"][-1]["p99"]


def test_the_form_of_a_model_without_a_manifest(server):
    form = server.http.get(f"{server.rest}/page/form/{NAME}").json()
    assert form["version"] == 2
    default = form["signatures"][0]
    assert default["name"] == "serving_default" and default["probabilities"] == []
    assert [(field["name"], field["type"], field["depth"], field["group"]) for field in default["fields"]] == [
        ("country", "string", 1, "input"),
        ("price", "float32", 1, "input"),
        ("tags", "string", 2, "input"),
        ("visits", "int64", 1, "input"),
    ]
    assert server.http.get(f"{server.rest}/page/form/nobody").json() == {"version": None, "signatures": []}


def test_the_form_of_a_ranker_has_groups_and_examples(exported):
    servable = Servable("ranker", 1, exported.path)
    found = form(servable)
    servable.close()
    default, rank = found["signatures"]
    assert [default["name"], rank["name"]] == ["serving_default", "rank"]
    features = exported.manifest.features
    groups = {field["name"]: field["group"] for field in rank["fields"]}
    assert groups == {name: PAGE_GROUPS[features[name]["role"]] for name in features}
    # In the order of the page, and in each group as the schema has them.
    assert list(dict.fromkeys(groups.values())) == ["user", "item", "context"]
    assert [name for name in groups if groups[name] == "item"] == [
        name for name in features if features[name]["role"] == "item"
    ]
    assert set(rank["probabilities"]) < set(exported.manifest.outputs)
    rows = exported.rows.slice(0, 8).to_pylist()
    for example, row, later in zip(default["examples"], rows, rows[1:], strict=False):
        assert example.keys() == features.keys()
        ranked = rank["examples"][rows.index(row)]
        for name, value in row.items():
            if groups.get(name) == "item" and isinstance(value, str):
                assert ranked[name][:2] == [value, later[name]] and example[name] == value
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("/srv/ranker/7: not a SavedModel, no file at: /srv/ranker/7/{a|b}", "7: not a SavedModel, no file at: {a|b}"),
        ("no such folder: '/models/x y'", "no such folder: 'x y'"),
        ("took 3/4 of its time; http 1/2", "took 3/4 of its time; http 1/2"),
        ("", ""),
    ],
)
def test_an_error_names_no_folder_of_the_server(message, shown):
    assert without_folders(message) == shown


@pytest.fixture(scope="module")
def browser():
    with headless_browser() as opened:
        yield opened


FILL = """
const form = document.getElementById("fields");
for (const [name, value] of Object.entries(arguments[0])) form.elements[name].value = value;
document.getElementById("answer").replaceChildren();
form.querySelector("button.main").click();
"""
OUTPUTS = """
const cells = [...document.querySelectorAll("[data-output]")];
return cells.length ? Object.fromEntries(cells.map((cell) => [cell.dataset.output, cell.textContent])) : null;
"""


def opened(browser, server):
    browser.open(f"{server.rest}/")
    browser.wait('return document.querySelectorAll("#fields input").length === 4')


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
    browser.run('document.getElementById("fields").elements.price.value = "7"; window.seen = state;')
    browser.wait("return window.seen !== state")
    assert browser.run('return document.getElementById("fields").elements.price.value') == "7"
    assert browser.run(
        "return performance.getEntriesByType('resource').every((r) => r.name.startsWith(location.origin))"
    )


@pytest.fixture(scope="module")
def ranker(exported):
    with LocalProcess("--base-path", str(exported.path.parent), "--name", "ranker") as process:
        yield process.rest


CHOOSE = """
const chosen = document.getElementById("signature");
chosen.value = arguments[0];
chosen.dispatchEvent(new Event("change"));
"""


@pytest.mark.parametrize("width", [1280, 390])
def test_a_person_ranks_an_example_and_takes_the_request_along(ranker, browser, tmp_path, width):
    browser.resize(width, 1500)
    browser.console()
    browser.open(f"{ranker}/")
    browser.wait('return document.querySelectorAll("#fields fieldset").length > 1')
    browser.run(CHOOSE, "rank")
    assert browser.run('return document.querySelectorAll("fieldset .one").length') == 2
    assert browser.run('return [...document.querySelectorAll("fieldset details")].every((each) => !each.open)')
    # By the keyboard alone: the button has the focus, and Enter sends the form.
    browser.run('document.getElementById("example").focus(); document.activeElement.click()')
    assert browser.run('return document.querySelectorAll("fieldset .one").length') == 3
    browser.run('document.querySelector("#fields input").focus()')
    browser.press("\ue007")
    outputs = browser.wait(
        'const rows = [...document.querySelectorAll("#answer tr")];'
        "return rows.length ? rows.map((row) => [...row.children].map((cell) => cell.textContent)) : null"
    )
    assert len(outputs) == 4 and outputs[0][0] == "item" and "cluster" in outputs[0]
    assert outputs[0][1] == "click"
    found = [float(row[1]) for row in outputs[1:]]
    assert found == sorted(found, reverse=True)
    curl = browser.run('return document.querySelector("#request pre").textContent')
    sent = re.fullmatch(r"curl -d '(.*)' (http://\S+)", curl, re.S)
    answer = httpx.post(sent[2], content=sent[1].replace("'\\''", "'")).json()["outputs"]["click"]
    assert sorted(answer, reverse=True) == pytest.approx(found, rel=1e-4)
    # Nothing runs off the side.
    assert browser.run("return document.documentElement.scrollWidth <= innerWidth")
    assert browser.console() == []
    browser.picture(tmp_path / "page.png")


def test_without_requests_the_chart_says_so(ranker, browser):
    browser.open(f"{ranker}/")
    browser.run("window.drawn = state = { models: [], latency: [] }; showLatency()")
    assert "no request in the last minute" in browser.run('return document.getElementById("chart").textContent')
    latency = [{"ago": 50, "p50": 2, "p99": 3.2, "requests": 1}, {"ago": 0, "p50": 1, "p99": 4.1, "requests": 2}]
    browser.run("state.latency = arguments[0]; showLatency()", latency)
    labels = browser.run('return [...document.querySelectorAll("#chart text")].map((each) => each.textContent)')
    assert labels == ["0 ms", "2.5 ms", "5 ms", "60 s ago", "30 s ago", "now"]
