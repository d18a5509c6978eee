"""The pages that tfelc report writes, read as a browser reads them."""

import re

import pytest

from tests.support.command import call
from tests.support.reading import Reading
from tests.support.report_fixtures import NAME

PICTURES = {"ranker": 8, "sequence": 3}


@pytest.fixture(scope="module")
def sequence_page(sequence_run, tmp_path_factory):
    out = tmp_path_factory.mktemp("page") / "report.html"
    against = sequence_run.parent / "sasrec"
    outcome = call("report", "--run", sequence_run, "--against", against, "--out", out)
    assert outcome.code == 0, outcome.err
    return out


@pytest.fixture(params=["ranker", "sequence"])
def kind(request):
    return request.param


@pytest.fixture
def page(kind, request):
    return request.getfixturevalue(f"{kind}_page").read_text(encoding="utf-8")


def test_every_picture_has_a_text_and_a_caption(kind, page):
    reading = Reading(page)
    pictures = reading.all("svg")
    assert len(pictures) == PICTURES[kind] and reading.all("img") == []
    assert all(svg["role"] == "img" and len(svg["aria-label"]) > 40 for svg in pictures)
    assert len(reading.all("figure")) == len(reading.all("figcaption")) == len(pictures)


def test_headings_are_in_order_and_ids_are_single(page):
    reading = Reading(page)
    headings = [tag for tag, _ in reading.tags if re.fullmatch("h[1-6]", tag)]
    assert headings[0] == "h1" and set(headings[1:]) == {"h2"}
    ids = [attributes["id"] for _, attributes in reading.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [link["href"] for link in reading.all("a")]
    named = [attributes["aria-labelledby"] for _, attributes in reading.tags if "aria-labelledby" in attributes]
    assert {link.removeprefix("#") for link in links} | set(named) <= set(ids)


def test_it_needs_nothing_from_elsewhere(page):
    reading = Reading(page)
    assert reading.all("html") == [{"lang": "en"}]
    assert reading.all("script") == [] and not re.search(r"url\((?!#)|@import", page)
    sources = [
        value
        for _, attributes in reading.tags
        for name, value in attributes.items()
        if name in ("src", "href", "xlink:href", "srcset", "data")
    ]
    assert all(value.startswith(("#", "data:")) for value in sources)
    policies = [tag["content"] for tag in reading.all("meta") if tag.get("http-equiv") == "Content-Security-Policy"]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]


def test_it_says_what_it_is_of_and_where_it_comes_from(page):
    reading = Reading(page)
    text = " ".join(data for _, data in reading.texts)
    assert {"In short", "Training", "Settings and origin"} <= set(reading.text("h2"))
    assert "tfelc report --run" in text and "tensorflow" in text and "training:" in text


def test_a_ranker_is_told_in_words(ranker_page):
    reading = Reading(ranker_page.read_text(encoding="utf-8"))
    assert reading.text("h1") == [f"Ranker of click, buy: {NAME}"] and reading.all("b") == []
    assert reading.text("dt")[:4] == ["click, AUC", "buy, AUC", "click_and_buy, AUC", "click, AUC beside plain"]
    assert re.fullmatch(r"0\.\d{4}", reading.text("dd")[0]) and reading.text("dd")[1].startswith("95 %: ")
    told = [line for line in reading.text("li") if line not in reading.text("a")]
    assert told[0].startswith(f"{NAME} is a ranker that predicts click, buy, click_and_buy.")
    assert [line.split(",")[0] for line in told if ", beside plain:" in line] == ["click", "buy", "click_and_buy"]
    assert any("clusters" in line and " of 3" in line for line in told)
    assert not [line for line in reading.text("p") if line.startswith("No ")]
    [tried] = [svg["aria-label"] for svg in reading.all("svg") if svg["aria-label"].startswith("Quality by setting")]
    assert "click AUC: +0.0000 at 0.1, +0.0500 at 2." in tried


def test_a_next_item_model_is_told_in_words(sequence_page):
    told = Reading(sequence_page.read_text(encoding="utf-8")).text("li")
    assert told[0] == "run recommends the next item of each user, out of 40."
    assert "120 test users" in told[1] and "The clusters" in told[2] and told[3].startswith("Beside sasrec it is")
