"""The figures of lesson pages in a real browser: on a phone, in the dark, on paper, and for a screen reader."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.conftest import make_app
from tests.content.test_validation import SAMPLE
from tests.journeys.conftest import Site, faults, sign_in
from tests.journeys.test_learner import TOO_WIDE, WIDTHS
from tests.support.serving import served

KINDS = ("chat", "route", "compare", "hours", "spread")
# The height of every text of a figure in pixels as it is seen: that of a drawing grows and shrinks with it.
TEXT_HEIGHTS = """() => [...document.querySelectorAll('.fig *')]
    .filter(e => !e.closest('.hidden') && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
    .map(e => parseFloat(getComputedStyle(e).fontSize) * (e.ownerSVGElement ? e.getScreenCTM().a : 1))"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, archived_file: Path, browser: Browser) -> Iterator[Page]:
    """A window on the sample course, signed in as an administrator, who sees all of it in the preview."""
    file = shutil.copy(archived_file, tmp_path_factory.mktemp("figures") / "course.db")
    app = make_app(f"sqlite:///{file}", CONTENT=str(SAMPLE))
    with served(app) as address:
        site = Site(app, address)
        site.person("figures@example.org", "administrator")
        context = browser.new_context(base_url=site.address, reduced_motion="reduce")
        opened = context.new_page()
        sign_in(opened, "figures@example.org")
        yield opened
        context.close()


def test_figures_are_accessible_and_fit_at_every_width_with_text_that_a_phone_shows(page: Page) -> None:
    page.goto("/preview/leaders/england/kites/five-figures")
    assert page.locator("figure.fig").count() == len(KINDS)
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found += faults(page)
        if page.evaluate(TOO_WIDE):
            found.append(f"wider than {width} px")
    page.set_viewport_size({"width": 390, "height": 844})
    heights = page.evaluate(TEXT_HEIGHTS)
    assert not found, "\n".join(found)
    assert len(heights) > 30
    assert min(heights) >= 15


def test_what_is_compared_stays_together_on_a_phone(page: Page) -> None:
    page.goto("/preview/leaders/england/kites/five-figures")
    figure = page.locator(".fig-compare")
    places = "cells => cells.filter(c => c.textContent).map(c => [c.textContent, c.getBoundingClientRect().top])"
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        tops = dict(figure.locator("th, td").evaluate_all(places))
        assert tops["Ask"] == tops["Do not ask"] < tops["“What happened?”"]
        assert tops["“What happened?”"] == tops["“Did he want pictures?”"]
        assert tops["“And then?”"] == tops["“Why did you do that?”"]
    page.set_viewport_size({"width": 320, "height": 900})
    tops = dict(figure.locator("th, td").evaluate_all(places))
    assert sorted(tops, key=lambda text: tops[text]) == [
        "Ask",
        "Do not ask",
        "“What happened?”",
        "“Did he want pictures?”",
        "“And then?”",
        "“Why did you do that?”",
        "“Are you sure that it was him?”",
    ]
    assert figure.get_by_role("columnheader").all_inner_texts() == ["Ask", "Do not ask"]
    assert figure.get_by_role("row").count() == 4


def test_sources_and_the_words_of_a_drawing_are_closed_on_screen_and_open_on_paper(page: Page) -> None:
    page.goto("/preview/leaders/england/kites/the-line")
    source, words = page.locator(".sources a").first, page.get_by_text("A kite on a line.")
    assert (source.is_visible(), words.is_visible()) == (False, False)
    assert faults(page) == []
    page.emulate_media(media="print")
    assert (source.is_visible(), words.is_visible()) == (True, True)
    page.emulate_media(media="screen")
    page.get_by_text("1 source, checked").first.click()
    assert source.is_visible()
