"""The pages of administrators, managers and people who have not signed in, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from course.auth.actions import create_link
from course.clock import now
from course.web.unit_of_work import unit_of_work
from tests.journeys.conftest import Site, faults, sign_in
from tests.support.days import form_day


def test_an_administrator_adds_a_team_and_a_person_and_axe_finds_nothing(site: Site, page: Page) -> None:
    site.person("boss@example.org", "administrator")
    sign_in(page, "boss@example.org")
    found = []
    page.goto("/people/teams/add")
    page.get_by_label("Name of the team").fill("Night staff")
    page.get_by_role("button", name="Add").click()
    page.get_by_text("The team Night staff was added.").wait_for()
    found += faults(page)
    page.goto("/people/add")
    page.get_by_label("Name", exact=True).fill("Robin Example")
    page.get_by_label("E-mail address").fill("boss@example.org")
    page.locator("main form button").last.click()
    expect(page.locator("#mistakes")).to_be_focused()
    found += faults(page)
    page.locator("#mistakes a").click()
    expect(page.get_by_label("E-mail address")).to_be_focused()
    assert page.get_by_label("Name", exact=True).input_value() == "Robin Example"
    page.get_by_label("E-mail address").fill("robin@example.org")
    page.locator("main form button").last.click()
    page.get_by_text("Robin Example was added.").wait_for()
    found += faults(page)
    for path in (
        "/organisation",
        "/people",
        "/me",
        "/audit",
        "/audit?since=yesterday",
        "/system",
        "/mail",
        "/reminders",
        "/reminders/1",
        "/reminders/policy",
    ):
        page.goto(path)
        found += faults(page)
    assert not found, "\n".join(found)


def test_a_manager_gives_more_time_and_takes_it_back_and_axe_finds_nothing(site: Site, page: Page) -> None:
    person = site.person("later@example.org")
    site.person("chief@example.org", "administrator")
    sign_in(page, "chief@example.org")
    page.goto(f"/report/people/{person}")
    found = faults(page)
    page.get_by_role("link", name="Give more time").click()
    page.get_by_role("button", name="Save").click()
    page.get_by_label("Last day in time").fill(form_day(90))
    page.get_by_label("Reason").fill("short of staff")
    found += faults(page)
    page.get_by_role("button", name="Save").click()
    page.get_by_text("More time is granted.").wait_for()
    found += faults(page)
    page.get_by_role("link", name="Cancel").click()
    page.get_by_label("Reason").fill("a mistake")
    found += faults(page)
    page.get_by_role("button", name="Cancel it").click()
    page.get_by_text("Cancelled: More time").wait_for()
    for path in ("/renewal/mine", "/renewal/policy", "/renewal/policy/everybody", "/renewal/policy/pathway/clubs"):
        page.goto(path)
        found += faults(page)
    assert not found, "\n".join(found)


# The longest one, /sources, is looked at in the walk through the course (test_learner), at three widths as well.
@pytest.mark.parametrize(
    "path", ["/sign-in", "/forgotten", "/concern", "/issuer", "/set-up/used", "/link/used", "/nothing"]
)
def test_axe_finds_nothing_on_the_pages_that_anyone_may_open(site: Site, page: Page, path: str) -> None:
    assert site.app
    page.goto(path)
    assert not faults(page)


def test_axe_finds_nothing_where_a_password_is_chosen(site: Site, page: Page) -> None:
    person = site.person("choosing@example.org")
    with site.app.app_context(), unit_of_work() as session:
        token = create_link(session, person, "forgotten", now())
    page.goto(f"/link/{token}")
    assert not faults(page)
    page.get_by_label("New password").fill("short")
    page.locator("main form button").click()
    page.locator("#mistakes").wait_for()
    assert not faults(page)
