"""My training in a browser: the night shift opens a long page where it was left, and is accessible in its own colours; and
the menu of a person lies over nothing that has the focus."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.journeys.conftest import Site, faults, sign_in

FIRST = "/module/what-reviews-tell-us/where-this-comes-from"
SECOND = "/module/what-reviews-tell-us/what-the-internet-changed"


def _begin_the_night_shift_on_the_second_page(page: Page) -> None:
    page.goto(FIRST)
    page.locator("main .onward .button").last.click()
    page.wait_for_url(f"**{SECOND}")
    page.goto("/")
    page.get_by_role("button", name="Night shift").click()


def test_the_night_shift_resumes_within_a_page_and_is_dark_on_a_light_device(site: Site, page: Page) -> None:
    site.person("night@example.org")
    page.set_viewport_size({"width": 390, "height": 500})
    sign_in(page, "night@example.org")
    assert faults(page) == []
    _begin_the_night_shift_on_the_second_page(page)
    page.get_by_text("The next five minutes:").wait_for()
    assert faults(page) == []
    page.goto(SECOND)
    page.evaluate("() => scrollTo(0, document.documentElement.scrollHeight / 2)")
    page.wait_for_function("() => localStorage.getItem('place')?.includes('share')")
    page.goto("/")
    page.emulate_media(color_scheme="light")
    page.locator(".button.turn").click()
    page.wait_for_url(f"**{SECOND}#place")
    page.wait_for_function("() => scrollY > 300")
    assert page.evaluate("() => document.activeElement.closest('main') !== null")
    red, green, blue = page.evaluate(
        "() => getComputedStyle(document.documentElement).backgroundColor.match(/\\d+/g).map(Number)"
    )[:3]
    assert max(red, green, blue) < 40
    # The next person at this computer begins at the top.
    site.person("night2@example.org")
    page.context.clear_cookies()
    sign_in(page, "night2@example.org")
    _begin_the_night_shift_on_the_second_page(page)
    page.locator(".button.turn").click()
    page.wait_for_url(f"**{SECOND}")


def test_the_menu_closes_by_escape_and_when_the_focus_leaves_it(site: Site, page: Page) -> None:
    site.person("menu@example.org")
    sign_in(page, "menu@example.org")
    button, last = page.locator(".me > summary"), page.get_by_role("link", name="My account and signing out")
    for _ in range(2):
        button.press("Enter")
        expect(last).to_be_visible()
        last.focus()
        page.keyboard.press("Escape")
        expect(last).to_be_hidden()
        expect(button).to_be_focused()
    button.press("Enter")
    last.press("Tab")
    expect(page.locator("main :focus")).to_have_count(1)
    expect(last).to_be_hidden()
