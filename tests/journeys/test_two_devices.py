"""One person at two devices, one of them without a network."""

from __future__ import annotations

from playwright.sync_api import Browser, BrowserContext, expect

from tests.journeys.conftest import Site, sign_in
from tests.journeys.test_learner import fill_any
from tests.journeys.test_offline import KEPT, _answer_offline, _answers, _open_check


def test_a_question_that_another_device_answered_first_waits_no_longer(
    site: Site, context: BrowserContext, browser: Browser
) -> None:
    """The page went on saying that the answer is sent later, above a form that nobody could press."""
    page = context.new_page()
    site.person("two-devices@example.org")
    sign_in(page, "two-devices@example.org")
    attempt = _open_check(page)
    address = page.url
    _answer_offline(page, context)
    other = browser.new_page(base_url=site.address)
    sign_in(other, "two-devices@example.org")
    other.goto(address)
    fill_any(other)
    other.locator("#sureness-guessing").click()
    expect(other.locator(".verdict")).to_be_visible()
    other.close()
    context.set_offline(False)
    expect(page.locator(".verdict")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="answered already")).to_be_visible()
    expect(page.get_by_text(KEPT)).to_have_count(0)
    assert _answers(site, attempt) == 1
