"""What "Back" shows: nothing of anybody who has signed out, and what one was writing oneself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Dialog, Page, Playwright

from tests.journeys.conftest import Site, sign_in
from tests.support.chromium import LAUNCH_ARGS, find_or_install


@pytest.fixture(scope="module")
def remembering(playwright: Playwright) -> Iterator[Browser]:
    """A browser that keeps pages for "Back" as people's own browsers do; Playwright's usual one keeps none."""
    browser = playwright.chromium.launch(
        executable_path=find_or_install(), args=LAUNCH_ARGS, ignore_default_args=["--disable-back-forward-cache"]
    )
    yield browser
    browser.close()


@pytest.fixture
def window(remembering: Browser, site: Site) -> Iterator[Page]:
    context = remembering.new_context(base_url=site.address)
    yield context.new_page()
    context.close()


def test_back_after_signing_out_shows_nothing_of_anybody(site: Site, window: Page) -> None:
    site.person("back@example.org")
    sign_in(window, "back@example.org")
    for path in ("/me/data", "/me"):
        window.goto(path)
        assert "back@example.org" in window.content()
    window.get_by_role("button", name="Sign out", exact=True).click()
    window.get_by_role("heading", name="Sign in").wait_for()
    for _ in range(3):
        window.go_back()
        window.wait_for_load_state()
        assert "back@example.org" not in window.content()
        assert "Sam Okafor" not in window.content()


def test_who_leaves_a_half_filled_form_is_asked_first(site: Site, window: Page) -> None:
    site.person("half@example.org", "administrator")
    sign_in(window, "half@example.org")
    window.goto("/people/add")
    window.locator("[name=name]").press_sequentially("Maria")
    asked = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    window.once("dialog", stay)
    window.get_by_role("link", name="My training").click(no_wait_after=True)
    window.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    assert window.locator("[name=name]").input_value() == "Maria"
    window.locator("[name=email]").press_sequentially("maria@example.org")
    window.locator("main form button").last.click()  # sending it asks nothing
    window.get_by_text("Maria").first.wait_for()
