"""Questions in a browser: an ordering by mouse, by touch and by keys, a mistake at its field, and a timeline by keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from course.learning.models import Attempt, AttemptItem, Enrolment
from course.web.unit_of_work import unit_of_work
from tests.conftest import NOW
from tests.journeys.conftest import Site, fail_on_script_error, faults, sign_in
from tests.journeys.test_learner import TOO_WIDE, WIDTHS

MODULE, TIMELINE = "secret-contact", "the-fishing-game"
SEED = 5  # of the attempts that are begun here
# The lines of the ordering from top to bottom, and the places that would be sent.
LINES = "() => [...document.querySelectorAll('.ordering .words')].map(line => line.textContent.trim())"
PLACES = "() => [...document.querySelectorAll('.ordering select')].map(field => field.value)"
FOCUSED = "() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"


def begin_asked(site: Site, email: str) -> dict[str, str]:
    """A new person who has begun a check of one ordering and one question with one answer, and a timeline; addresses by
    form."""
    person = site.person(email)
    library = site.app.extensions["course"].library
    asked = [next(q for q in library.questions.values() if q.form == form) for form in ("order", "one")]
    with site.app.app_context(), unit_of_work() as session:
        enrolment = Enrolment(person_id=person, kind="initial", opened_at=NOW)
        session.add(enrolment)
        session.flush()
        found = {}
        for kind, ref, questions in (
            ("check", MODULE, asked),
            ("timeline", f"{MODULE}/{TIMELINE}", [library.answerable[TIMELINE]]),
        ):
            attempt = Attempt(enrolment_id=enrolment.id, kind=kind, ref=ref, number=1, seed=SEED, opened_at=NOW)
            session.add(attempt)
            session.flush()
            for position, question in enumerate(questions, 1):
                item = AttemptItem(attempt_id=attempt.id, position=position, question_id=question.id,
                                   version=question.version, point=question.points[0], again=False)  # fmt: skip
                session.add(item)
                found[question.form] = f"/attempt/{attempt.id}/{position}"
    return found


@pytest.fixture(scope="module")
def addresses(site: Site) -> dict[str, str]:
    return begin_asked(site, "asked@example.org")


@pytest.fixture
def phone(browser: Browser, site: Site, addresses: dict[str, str]) -> Iterator[Page]:
    """A phone on which that person is signed in."""
    assert addresses
    context = browser.new_context(base_url=site.address, viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.on("pageerror", lambda error: fail_on_script_error(page, str(error)))
    sign_in(page, "asked@example.org")
    yield page
    context.close()


def _middle(page: Page, number: int) -> tuple[float, float]:
    """The middle of the handle of a line, counted from 0."""
    box = page.locator(".ordering .handle").nth(number).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def _drag_by_mouse(page: Page) -> None:
    page.mouse.move(*_middle(page, 2))
    page.mouse.down()
    page.mouse.move(*_middle(page, 0), steps=6)
    page.mouse.up()


def _drag_by_touch(page: Page) -> None:
    """By the touches that a browser is sent: Playwright has no drag by touch of its own."""
    devtools = page.context.new_cdp_session(page)
    (x, start), (_, end) = _middle(page, 2), _middle(page, 0)

    def touch(kind: str, y: float | None = None) -> None:
        points: list[dict[str, Any]] = [{"x": x, "y": y}] if y is not None else []
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", start)
    for step in range(1, 7):
        touch("touchMove", start + (end - start) * step / 6)
    touch("touchEnd")


def _move_by_keys(page: Page) -> None:
    page.locator(".ordering .handle").nth(2).focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")


def _move_by_buttons(page: Page) -> None:
    line = page.locator(".ordering .words").nth(2).inner_text()
    for _ in range(2):
        page.get_by_role("button", name=f"Move up: {line}").press("Enter")


def test_a_line_is_moved_by_mouse_touch_keys_and_buttons_keeps_the_focus_and_its_new_place_is_said(
    phone: Page, addresses: dict[str, str]
) -> None:
    for move in (_drag_by_mouse, _drag_by_touch, _move_by_keys, _move_by_buttons):
        phone.goto(addresses["order"])
        before = phone.evaluate(LINES)
        phone.locator(".ordering").scroll_into_view_if_needed()
        top = phone.evaluate("scrollY")
        move(phone)
        assert phone.evaluate(LINES) == [before[2], before[0], before[1], *before[3:]], move.__name__
        assert phone.evaluate(PLACES) == [str(place) for place in range(1, len(before) + 1)]
        assert before[2] in phone.evaluate(FOCUSED), move.__name__
        assert phone.locator("[role=status].hide").inner_text() == f"“{before[2]}” is now first"
        assert abs(phone.evaluate("scrollY") - top) < 200, move.__name__
    phone.keyboard.press("End") if phone.locator(".handle:focus").count() else None
    assert faults(phone) == []
    for width in WIDTHS:
        phone.set_viewport_size({"width": width, "height": 900})
        assert not phone.evaluate(TOO_WIDE)


def test_a_drag_can_be_taken_back(phone: Page, addresses: dict[str, str]) -> None:
    phone.goto(addresses["order"])
    before = phone.evaluate(LINES)
    phone.mouse.move(*_middle(phone, 2))
    phone.mouse.down()
    phone.mouse.move(*_middle(phone, 0), steps=4)
    assert phone.evaluate(LINES) != before
    phone.keyboard.press("Escape")
    assert phone.evaluate(LINES) == before
    phone.mouse.up()
    assert phone.evaluate(LINES) == before


def test_enter_in_an_answer_sends_nothing_and_a_missing_answer_is_said_in_title_focus_and_field(
    phone: Page, addresses: dict[str, str]
) -> None:
    phone.goto(addresses["one"])
    expect(phone).to_have_title(re.compile("^Question 2 of 2"))
    circle, words = phone.locator("#answer-2").bounding_box(), phone.locator("#answer-2 + span").bounding_box()
    assert circle is not None
    assert words is not None
    assert circle["x"] + circle["width"] < words["x"], "the circle is beside its words"
    sent: list[str] = []
    phone.on("request", lambda request: sent.append(f"{request.method} {request.url}"))
    phone.locator("#answer-2").focus()
    phone.keyboard.press("Enter")
    # Two frames later whatever the key does has begun.
    phone.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert sent == []
    assert phone.title().startswith("Question 2 of 2")
    phone.locator("#sureness-guessing").click()
    phone.locator("#mistakes").wait_for()
    assert phone.title().startswith("Error: Question 2 of 2")
    expect(phone.locator("#mistakes")).to_be_focused()
    assert phone.locator("#answer-1").get_attribute("aria-describedby") == "answer-1-mistake"
    assert phone.locator("#answer-1-mistake").inner_text().endswith("Choose one answer.")
    phone.get_by_role("link", name="Choose one answer.").click()
    expect(phone.locator("#answer-1")).to_be_focused()
    assert faults(phone) == []
    phone.keyboard.press("Space")
    phone.locator("#sureness-guessing").click()
    phone.locator(".verdict h1").wait_for()
    expect(phone).to_have_title(re.compile(f"^{re.escape(phone.locator('h1').inner_text())}"))
    assert phone.locator("h1[data-focus]").count() == 1
    # The button that leads on is in reach without scrolling.
    box = phone.locator(".onward .button").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 844
    assert faults(phone) == []


def test_a_timeline_is_marked_by_keyboard_and_told_moment_by_moment_without_a_press(
    phone: Page, addresses: dict[str, str]
) -> None:
    phone.goto(addresses["timeline"])
    phone.locator("#answer-1").focus()
    phone.keyboard.press("Space")
    phone.keyboard.press("Tab")
    phone.keyboard.press("Space")
    assert [phone.locator(f"#answer-{n}").is_checked() for n in (1, 2, 3)] == [True, True, False]
    assert faults(phone) == []
    phone.locator("#send").press("Enter")
    phone.locator("h1[data-focus]").wait_for()
    # All moments are there to be read; each comes up as it is scrolled into view, and nothing has to be pressed.
    moments = phone.locator(".moment:visible")
    assert moments.count() == 6
    assert moments.last.evaluate("moment => moment.className").split().count("rises") == 0
    moments.last.scroll_into_view_if_needed()
    phone.locator(".moment.rises").last.wait_for()
    phone.wait_for_function("() => [...document.querySelectorAll('.moment')].at(-1).classList.contains('rises')")
    assert phone.locator("main .onward .main", has_text="Next").is_visible()
    assert faults(phone) == []
    for width in WIDTHS:
        phone.set_viewport_size({"width": width, "height": 900})
        assert not phone.evaluate(TOO_WIDE)
    # Somebody who comes back, or wants no motion, has all of it at once.
    phone.reload()
    assert moments.count() == 6
    phone.emulate_media(reduced_motion="reduce")
    phone.goto(addresses["timeline"])
    assert moments.count() == 6


def test_enter_without_scripts_records_no_guess_and_asks_how_sure_somebody_is(site: Site, browser: Browser) -> None:
    context = browser.new_context(base_url=site.address, java_script_enabled=False)
    page = context.new_page()
    own = begin_asked(site, "enter@example.org")
    sign_in(page, "enter@example.org")
    page.goto(own["one"])
    page.locator("#answer-2").check()
    page.locator("#answer-2").press("Enter")
    page.locator("#sureness-guessing-mistake").wait_for()
    assert page.title().startswith("Error: Question 2 of 2")
    assert page.locator("#answer-2").is_checked()
    context.close()
