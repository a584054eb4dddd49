"""Lesson pages in a real browser: judged, read and answered on a phone, and short enough for it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from course.content.actions import archive
from course.context import make_context
from course.people.actions import choose_pathway
from course.web.unit_of_work import unit_of_work
from tests.conftest import NOW, make_app
from tests.content.test_validation import SAMPLE
from tests.journeys.conftest import Site, faults, sign_in
from tests.journeys.page_lengths import MOST_PIXELS, PHONE, page_lengths
from tests.journeys.test_learner import TOO_WIDE, WIDTHS
from tests.support.serving import served

LESSON = "/module/kites/for-leaders"
# What a screen reader says of the part that has the focus: its role by its element, and its name by what labels it.
FOCUSED = """() => [document.activeElement.localName,
    document.getElementById(document.activeElement.getAttribute("aria-labelledby"))?.textContent]"""


@pytest.fixture
def page(tmp_path: Path, archived_file: Path, browser: Browser) -> Iterator[Page]:
    """A window of a phone on the sample course, with a learner who reads the pages for leaders."""
    file = shutil.copy(archived_file, tmp_path / "course.db")
    app = make_app(f"sqlite:///{file}", CONTENT=str(SAMPLE))
    with served(app) as address:
        site = Site(app, address)
        reader = site.person("lessons@example.org")
        with app.app_context(), unit_of_work() as session:
            archive(session, app.extensions["course"].library, NOW)
            choose_pathway(make_context(session, None, NOW), [reader], "leaders", "head")
        context = browser.new_context(
            base_url=site.address, viewport={"width": PHONE[0], "height": PHONE[1]}, reduced_motion="reduce"
        )
        opened = context.new_page()
        sign_in(opened, "lessons@example.org")
        yield opened
        context.close()


def test_a_lesson_is_judged_and_answered_with_one_press_each_and_its_verdict_has_the_focus(page: Page) -> None:
    page.goto(LESSON)
    case = page.get_by_text("A gust has taken the kite of Ines")
    assert case.bounding_box()["y"] < PHONE[1] / 2, "the first screen begins with a person"  # type: ignore[index]
    assert page.get_by_role("heading").all_inner_texts()[:2] == ["Who leads the kites", "Your turn"]
    reply = page.get_by_text("It looks so.")
    assert not reply.is_visible()
    page.get_by_text("No, it is gone").click()
    assert reply.is_visible()
    page.get_by_text("I cannot tell", exact=True).click()
    assert not reply.is_visible(), "one reply at a time"
    assert faults(page) == []
    page.get_by_role("button", name="Let go before it pulls you over").click()
    page.get_by_role("heading", name="There is a better answer").wait_for()
    assert page.title().startswith("A better answer: Who leads the kites")
    assert page.evaluate(FOCUSED) == ["section", "There is a better answer"]
    verdict = page.locator("#q-the-line-in-the-hand").bounding_box()
    assert verdict is not None
    assert 0 <= verdict["y"] < PHONE[1] / 2
    assert page.get_by_text("On the line it comes back.").is_visible()
    assert not page.get_by_text("Whoever runs looks up, and falls.").is_visible()
    assert faults(page) == []
    # The mark of a source opens the list of sources at it.
    page.get_by_text("What the reviews show").click()
    page.locator(".cites a").first.click()
    assert page.locator("#source-1").is_visible()


def test_a_lesson_fits_every_width_and_is_complete_on_paper(page: Page) -> None:
    page.goto(LESSON)
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate(TOO_WIDE):
            found.append(width)
    assert found == []
    page.emulate_media(media="print")
    for words in ("It looks so.", "A shop on the hill.", "Longer lines are sold now."):
        assert page.get_by_text(words).is_visible(), words


def test_every_page_of_a_pathway_is_at_most_three_screens_of_a_phone_before_anything_is_opened(
    site: Site, context: BrowserContext
) -> None:
    library = site.app.extensions["course"].library.for_("school", "england")
    if not library.course.lesson_pages:
        pytest.skip("the course does not ask for short pages yet (lesson_pages in course.yaml)")
    site.person("lengths@example.org")
    page = context.new_page()
    sign_in(page, "lengths@example.org")
    measured = list(page_lengths(page, library))
    assert len(measured) > 40
    assert [f"{one.ref}: {one.pixels} px" for one in measured if one.pixels > MOST_PIXELS] == []
