"""Two people take a story on two phones, in two browsers: what one does shows on the other's screen, and is announced."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import Site, faults, sign_in

STORY = "/module/secret-contact/second-phone"


def phone(browser: Browser, site: Site, email: str) -> Page:
    site.person(email)
    page = browser.new_context(
        base_url=site.address, viewport={"width": 390, "height": 844}, reduced_motion="reduce"
    ).new_page()
    sign_in(page, email)
    return page


def press(page: Page, place: int) -> None:
    with page.expect_navigation():
        page.locator("button.choice").nth(place).click()


def has_focus(page: Page, title: str) -> None:
    """The new screen has come by itself, and its heading has the focus."""
    expect(page.locator("h1")).to_have_text(title, timeout=8000)
    expect(page.locator("h1")).to_be_focused()


def test_two_phones_choose_alone_differ_and_decide(site: Site, browser: Browser) -> None:
    one, other = (phone(browser, site, f"{name}@pair.example.org") for name in ("one", "other"))
    one.goto(STORY)
    one.get_by_role("button", name="Get a code").click()
    code = re.sub(r"\D", "", one.locator(".pair-code").inner_text())[:6]
    assert faults(one) == []
    other.goto("/pair")
    other.get_by_label("Your colleague’s code").fill(code)
    assert faults(other) == []
    other.get_by_role("button", name="Join").click()
    has_focus(one, "The second phone")
    assert faults(other) == []
    press(one, 0)
    assert faults(one) == []
    status = other.get_by_role("status")
    expect(status).to_contain_text("has chosen. Now choose alone.", timeout=8000)
    press(other, 1)
    has_focus(one, "You differ: talk about it")
    assert faults(other) == []
    press(other, 1)
    expect(one.get_by_role("status")).to_contain_text("Press the same one to go on.", timeout=8000)
    press(one, 1)
    expect(other.locator(".said > .chose")).to_contain_text("You both decided:", timeout=8000)
    assert one.locator("h1").inner_text() == other.locator("h1").inner_text()
    one.get_by_role("button", name="Go on alone").click()
    expect(other.locator("h1")).to_have_text("You each go on alone", timeout=8000)
    assert faults(other) == []
    other.get_by_role("link", name=re.compile("^Where you and")).click()
    assert faults(other) == []
    for page in (one, other):
        page.context.close()
