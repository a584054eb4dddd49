"""A member of staff takes the course in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.journeys.conftest import Site, faults, sign_in
from tests.journeys.walker import Walker
from tests.support.served import wait_until

MADE_OF = "() => [...new Set([...document.querySelectorAll('main *')].map(e => e.tagName + e.className))].sort().join()"
TOO_WIDE = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"
WIDTHS = (320, 390, 1280)
# What a learner reads beside the modules.
BESIDE = (
    "/record",
    "/me",
    "/concern",
    "/first-hour",
    "/sources",
    "/further-learning",
    "/privacy",
    "/me/data",
    "/accessibility",
    "/verify/pack",
    "/certificate",
    "/assessment",
    "/module/new-partners/discussion",
    "/module/responding/discussion",
)


class Inspector:
    """Looks at every page that a walk comes to: axe, and three widths.

    Of questions and scenes it takes one of each that differs in what it is made of.
    """

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.found: list[str] = []

    def __call__(self, page: Page) -> None:
        kind = re.sub(r"\d+", "N", page.url)
        if "/attempt/" in kind or "/run/" in kind:
            kind += str(page.evaluate(MADE_OF))
        if kind in self.seen:
            return
        self.seen.add(kind)
        self.found += faults(page)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            if page.evaluate(TOO_WIDE):
                self.found.append(f"{page.url}: wider than {width} px")


# Hundreds of pages: on a busy machine they take several minutes.
@pytest.mark.timeout(900)
@pytest.mark.long(95)
def test_the_whole_course_by_keyboard_alone_and_every_page_is_accessible_at_every_width(site: Site, page: Page) -> None:
    person = site.person("keyboard@example.org")
    inspect = Inspector()
    sign_in(page, "keyboard@example.org")
    Walker(site, page, person, keyboard=True, visit=inspect).whole_course()
    assert page.get_by_role("heading", level=1).inner_text() == "You have passed, Sam"
    page.get_by_role("link", name="All my certificates").click()
    page.get_by_role("link", name=re.compile(r"^\w{4}-\w{4}-\w{4}$")).click()
    inspect(page)
    assert "Sam Okafor" in page.locator("main").inner_text()
    for path in BESIDE:
        page.goto(path)
        inspect(page)
    assert not inspect.found, "\n".join(inspect.found)
    assert len(inspect.seen) > 20


@pytest.mark.parametrize("javascript", [True, False])
def test_a_module_by_mouse_with_and_without_javascript(site: Site, browser: Browser, javascript: bool) -> None:
    """The first module: lesson pages, a scenario, and a check with questions of several forms."""
    email = f"mouse-{javascript}@example.org".lower()
    person = site.person(email)
    context = browser.new_context(base_url=site.address, java_script_enabled=javascript)
    page = context.new_page()
    sign_in(page, email)
    Walker(site, page, person).first_module()
    page.goto("/record")
    assert re.search(r"check\s+Begun[^\n]*\s+(\d+) of \1 points right", page.locator("main").inner_text())
    context.close()


def test_close_the_laptop_and_carry_on_on_the_phone(site: Site, page: Page, browser: Browser) -> None:
    person = site.person("moving@example.org")
    sign_in(page, "moving@example.org")
    walker = Walker(site, page, person)
    walker.home()
    while "/attempt/" not in page.url:
        walker.carry_on()
    here, path = page.locator("h1").inner_text(), page.evaluate("() => location.pathname")
    page.close()
    phone = browser.new_context(base_url=site.address, viewport={"width": 390, "height": 844}, has_touch=True)
    other = phone.new_page()
    sign_in(other, "moving@example.org")
    other.locator("main .button.turn").click()
    # One press, and it is the same question.
    other.wait_for_url(f"**{path}")
    expect(other.locator("h1")).to_have_text(here)
    phone.close()


def test_a_double_click_and_the_back_button_count_an_answer_once(site: Site, page: Page) -> None:
    site.person("twice@example.org")
    page.emulate_media(reduced_motion="no-preference")
    sign_in(page, "twice@example.org")
    page.goto("/module/secret-contact")
    page.get_by_role("button", name="Take the check now").click()
    page.wait_for_url(re.compile(r"/attempt/\d+/1"))
    # A question that is to be put in order has lists, and its order as it stands is an answer.
    page.locator("#question :is(input[type=radio], input[type=checkbox], select)").first.wait_for(state="attached")
    fill_any(page)
    page.locator("#sureness-fairly").dblclick()
    page.locator(".verdict").wait_for()
    page.go_back()
    page.go_forward()
    page.reload()
    assert page.locator(".verdict").count() == 1
    page.goto("/record")
    assert "1 of 8 answered" in page.locator("main").inner_text()


def test_two_windows_keep_the_first_answer(site: Site, context: BrowserContext) -> None:
    site.person("windows@example.org")
    first = context.new_page()
    first.emulate_media(reduced_motion="no-preference")
    sign_in(first, "windows@example.org")
    first.goto("/module/responding")
    first.get_by_role("button", name="Take the check now").click()
    first.wait_for_url(re.compile(r"/attempt/\d+/1"))
    second = context.new_page()
    second.goto(first.url)
    for window in (first, second):
        fill_any(window)
    first.locator("#sureness-fairly").click()
    first.locator(".verdict").wait_for()
    second.locator("#sureness-fairly").click()
    second.locator(".verdict").wait_for()
    assert first.locator("main").inner_text() == second.locator("main").inner_text()


def fill_any(page: Page) -> None:
    """Some answer, whatever the form of the question."""
    for name in dict.fromkeys(page.locator("#question input[type=radio]").evaluate_all("all => all.map(e => e.name)")):
        page.locator(f'#question input[name="{name}"]').first.check()
    boxes = page.locator("#question input[type=checkbox]")
    if boxes.count():
        boxes.first.check()


NOTED = "/module/secret-contact/why-contact-is-supervised"


def test_a_note_is_kept_by_whoever_leaves_the_page_without_pressing_anything(site: Site, page: Page) -> None:
    site.person("notes@example.org")
    sign_in(page, "notes@example.org")
    page.goto(NOTED)
    page.get_by_text("Write a note for yourself").click()
    page.get_by_role("textbox").first.fill("Ask about Sunday.")
    page.get_by_text("Your note is kept.").wait_for()
    page.get_by_role("textbox").first.fill("Ask about Sunday, and listen.")
    page.get_by_role("link", name="Worried about a child?").click()
    page.get_by_role("heading", level=1, name="Worried about a child?").wait_for()

    def is_kept() -> bool:
        page.goto(NOTED)
        return page.get_by_role("textbox").first.input_value() == "Ask about Sunday, and listen."

    # The browser sends it while it goes on to the next page, which may be there before.
    wait_until(is_kept, "the note is kept")


def test_what_was_typed_survives_the_end_of_the_session(site: Site, context: BrowserContext) -> None:
    site.person("ended@example.org")
    page = context.new_page()
    sign_in(page, "ended@example.org")
    page.goto(NOTED)
    context.clear_cookies()
    page.get_by_text("Write a note for yourself").click()
    page.get_by_role("textbox").first.fill("Written too late.")
    page.get_by_role("button", name="Keep my note").click()
    page.get_by_role("heading", level=1, name="Nothing is lost").wait_for()
    with context.expect_page() as opened:
        page.get_by_role("link", name="Sign in (in a new window)").click()
    sign_in(opened.value, "ended@example.org")
    for _ in range(2):
        page.get_by_role("button", name="Send it again").click()
        page.wait_for_load_state()
        if page.get_by_role("textbox").count():
            break
    assert page.get_by_role("textbox").first.input_value() == "Written too late."
