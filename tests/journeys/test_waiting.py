"""A page about work that is still going on shows what has changed, and leaves the rest as it is."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.conftest import make_app
from tests.content.test_validation import SAMPLE
from tests.journeys.conftest import Site, faults, sign_in
from tests.support.serving import served

# What a screen reader is told of: elements that come into the region, or go out of it.
COUNT = """() => {
    window.told = 0;
    const region = document.querySelector("[data-wait]");
    new MutationObserver((changes) => { window.told += changes.length; }).observe(region, { childList: true, subtree: true });
}"""
LOOKS_AGAIN = 2000  # milliseconds between two looks of wait.js


@pytest.fixture
def office(tmp_path: Path, archived_file: Path) -> Iterator[Site]:
    """A course in which nobody does the work that waits."""
    file = shutil.copy(archived_file, tmp_path / "course.db")
    with served(app := make_app(f"sqlite:///{file}", CONTENT=str(SAMPLE))) as address:
        yield Site(app, address)


def test_whoever_waits_keeps_the_focus_and_is_told_only_what_changes(browser: Browser, office: Site) -> None:
    office.person("boss@example.org", "administrator")
    with browser.new_context(base_url=office.address, reduced_motion="reduce") as context:
        page = context.new_page()
        sign_in(page, "boss@example.org")
        page.goto("/evidence")
        page.get_by_role("button", name="Make the pack").click()
        link = page.get_by_role("link", name="Check progress")
        link.focus()
        page.evaluate(COUNT)
        for _ in range(2):
            with page.expect_response(page.url, timeout=5 * LOOKS_AGAIN) as response:
                pass
            response.value.finished()
        page.wait_for_timeout(100)
        expect(link).to_be_focused()
        assert page.evaluate("window.told") == 0
        assert page.get_by_role("progressbar", name="Progress").count() == 1
        assert faults(page) == []
