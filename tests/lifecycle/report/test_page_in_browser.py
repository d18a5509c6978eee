"""The page in headless Chromium."""

import pytest

from tests.support.browser import headless_browser

CONTRAST = """
const level = (color) => {
  const [r, g, b] = color.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = (element) => {
  const color = getComputedStyle(element).backgroundColor;
  return /, 0\\)$/.test(color) ? ground(element.parentElement) : color;
};
return Math.min(...[...document.querySelectorAll("h1, h2, p, li, a:not(.skip), th, td, caption, figcaption, pre")]
  .map((element) => [level(getComputedStyle(element).color), level(ground(element))].sort((a, b) => b - a))
  .map(([lighter, darker]) => (lighter + 0.05) / (darker + 0.05)));
"""
INK = "return getComputedStyle(document.querySelector('svg text')).fill"


@pytest.fixture(scope="module")
def browser():
    with headless_browser() as opened:
        yield opened


@pytest.fixture
def opened(browser, ranker_page):
    browser.network()
    browser.open(ranker_page.as_uri())
    return browser


def test_no_console_message_and_no_request_beside_the_page(opened, ranker_page):
    assert opened.console() == []
    events = opened.network()
    asked = [about["request"]["url"] for method, about in events if method == "Network.requestWillBeSent"]
    assert asked[0] == ranker_page.as_uri()
    assert all(url.startswith("data:") for url in asked[1:])
    assert [about for method, about in events if method == "Network.loadingFailed"] == []


def test_every_picture_is_drawn_and_told(opened):
    pictures = opened.run(
        "return [...document.querySelectorAll('svg, img')].map((picture) => {"
        "const box = picture.getBoundingClientRect();"
        "return [picture.getAttribute('aria-label') || picture.alt || '', box.width, box.height]; })"
    )
    assert len(pictures) == 8
    assert all(len(text) > 40 and width > 400 and height > 100 for text, width, height in pictures)
    assert opened.run("return document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_in_dark(opened, scheme):
    opened.prefer(scheme)
    assert opened.run(CONTRAST) >= 4.5
    red = int(opened.run(INK).removeprefix("rgb(").split(",")[0])
    assert red > 200 if scheme == "dark" else red < 50


def test_it_prints(opened):
    document = opened.printed()
    assert document.startswith(b"%PDF-") and len(document) > 50_000
