"""What axe is asked of every page finds faults of colour too where the same looks have been seen before."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.journeys.conftest import Site, faults

PALE = "document.querySelector('main p').style.color = 'rgb(200 200 200)'"
SAME_BEHIND = (
    "document.querySelector('main').style.background = getComputedStyle(document.querySelector('main p')).color"
)
PALE_IN_THE_DARK = "document.querySelector('main').style.background = 'light-dark(white, rgb(200 200 200))'"
THIN_LETTERS = """document.querySelector('main p').innerHTML = '<span class="new">Some words</span>';
    document.querySelector('.new').style.color = 'color-mix(in srgb, currentColor 25%, Canvas)'"""
NEARLY_ITS_TEXT = """{
    const link = document.querySelector('main dd a[href*="www.nspcc"]');
    link.parentElement.style.color = 'light-dark(black, rgb(230 230 230))';
    link.style = 'color: light-dark(IN_LIGHT, rgb(210 210 230)); text-decoration: none; border: 0';
}"""
SHOWN = """document.querySelector('main').append(document.querySelector('[data-was-hidden]'));
    document.querySelector('[data-was-hidden]').hidden = false"""
HIDDEN = """document.querySelector('main').insertAdjacentHTML('beforeend',
    '<p data-was-hidden hidden class="faint">Some words</p>');
    document.querySelector('.faint').style.color = 'rgb(128 128 128 / 50%)'"""


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        pytest.param(PALE, "color-contrast", id="pale"),
        pytest.param(SAME_BEHIND, "color-contrast", id="same behind"),
        pytest.param(PALE_IN_THE_DARK, "color-contrast", id="dark"),
        pytest.param(THIN_LETTERS, "color-contrast", id="new"),
        pytest.param(NEARLY_ITS_TEXT.replace("IN_LIGHT", "rgb(80 30 30)"), "link-in-text-block", id="link"),
        pytest.param(NEARLY_ITS_TEXT.replace("IN_LIGHT", "rgb(190 60 0)"), "link-in-text-block", id="link in the dark"),
    ],
)
def test_a_fault_of_colour_is_found_on_a_page_that_was_readable_each_time_until_it_is_mended(
    site: Site, page: Page, change: str, rule: str
) -> None:
    assert site.app
    page.goto("/concern")
    for _ in range(2):
        assert faults(page) == []
    page.evaluate(change)
    for _ in range(2):
        assert rule in "".join(faults(page))
    page.reload()
    assert faults(page) == []


def test_words_that_are_shown_later_are_looked_at_then(site: Site, page: Page) -> None:
    assert site.app
    page.goto("/concern")
    page.evaluate(HIDDEN)
    assert faults(page) == []
    page.evaluate(SHOWN)
    assert "color-contrast" in "".join(faults(page))


def test_every_other_rule_looks_at_the_whole_page_each_time(site: Site, page: Page) -> None:
    assert site.app
    page.goto("/concern")
    assert faults(page) == []
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<p><img src=\"/icon.svg\"></p>')")
    for _ in range(2):
        assert "image-alt" in "".join(faults(page))
