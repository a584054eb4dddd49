"""Passkeys in a browser with a virtual authenticator: added, used alone to sign in, and used as the second step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.journeys.conftest import Site, faults
from tests.makers import PASSWORD

DEVICE = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@pytest.fixture
def window(browser: Browser, site: Site) -> Iterator[Page]:
    """A window on the course by a name: passkeys are not made for a numeric address."""
    before = site.app.extensions["course"]
    address = f"http://localhost:{urlsplit(site.address).port}"
    site.app.extensions["course"] = replace(before, config=replace(before.config, public_url=address))
    context = browser.new_context(base_url=address)
    page = context.new_page()
    # The virtual device would answer the browser's own offer at once, before anything is pressed.
    page.add_init_script(
        "if (self.PublicKeyCredential) PublicKeyCredential.isConditionalMediationAvailable = async () => false"
    )
    debugger = context.new_cdp_session(page)
    debugger.send("WebAuthn.enable")
    debugger.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    yield page
    context.close()
    site.app.extensions["course"] = before


def give_password(page: Page, email: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_passkey_is_added_signs_in_alone_and_is_the_second_step_after_a_password(site: Site, window: Page) -> None:
    site.person("key@example.org")
    give_password(window, "key@example.org")
    window.get_by_role("heading", level=1, name=re.compile("Welcome")).wait_for()
    window.goto("/me/second-factor")
    window.get_by_label("Name of the passkey").fill("Work laptop")
    assert faults(window) == []
    window.get_by_role("button", name="Add a passkey").click()
    window.get_by_role("button", name="Show ten new codes").click()
    window.get_by_role("link", name="I have kept them").click()
    window.get_by_text("Work laptop", exact=True).wait_for()

    window.context.clear_cookies()
    window.goto("/sign-in?next=/me")
    window.get_by_role("button", name="Sign in with a passkey").click()
    window.get_by_role("button", name="Sign out").wait_for()

    window.context.clear_cookies()
    give_password(window, "key@example.org")
    window.get_by_role("heading", name="Second step").wait_for()
    assert faults(window) == []
    window.get_by_role("button", name="Use a passkey").click()
    window.get_by_role("heading", level=1, name=re.compile("Welcome")).wait_for()
