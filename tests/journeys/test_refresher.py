"""A refresher and a booster in a real browser, on a wide screen and on a narrow phone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page
from sqlalchemy import select

from course.clock import now
from course.context import make_context
from course.learning.models import Attempt, AttemptItem
from course.refreshers import actions
from course.signed_links import BoosterLink, sign_link
from course.web.unit_of_work import unit_of_work
from tests.journeys.conftest import Site, faults, sign_in
from tests.refreshers.makers import make_completed
from tests.refreshers.test_last_step import answer_until_used_up
from tests.support.days import this_day


@pytest.mark.parametrize("width", [1280, 320])
def test_a_refresher_is_begun_and_carried_on_and_axe_finds_nothing(site: Site, page: Page, width: int) -> None:
    email = f"refreshed-{width}@example.org"
    with site.app.app_context(), unit_of_work() as session:
        make_completed(session, site.app.extensions["course"].library.for_("school", "england"), email=email)
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page, email)
    found = faults(page)
    assert page.get_by_role("button", name="Start: your refresher").is_visible()
    page.goto("/refresher")
    found += faults(page)
    page.get_by_role("button", name="Begin my refresher").click()
    page.get_by_role("button", name="Begin the story").wait_for()
    found += faults(page)
    page.get_by_role("button", name="Begin the story").click()
    page.locator("button.choice").first.wait_for()
    found += faults(page)
    page.goto("/refresher")
    found += faults(page)
    page.locator("ol.outcome a", has_text="Questions").click()
    page.locator("#question").wait_for()
    found += faults(page)
    assert page.locator("#question").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert not found, "\n".join(found)


def test_a_booster_is_answered_without_signing_in_and_axe_finds_nothing(site: Site, page: Page) -> None:
    email = "boosted@example.org"
    with site.app.app_context(), unit_of_work() as session:
        library = site.app.extensions["course"].library
        make_completed(session, library.for_("school", "england"), timedelta(days=40), email=email)
    with site.app.app_context(), unit_of_work() as session:
        due = actions.boosters_due(session, library, "Europe/London", this_day())
        one = next(one for one in due if one.email == email)
        assert actions.queue_booster(session, library, one, "Europe/London", now())
        booster = select(Attempt.id).where(Attempt.enrolment_id == one.enrolment_id, Attempt.kind == "booster")
        number = session.execute(booster).scalar_one()
        # The draw is by chance, and one to be put in order is answered as soon as it is shown: there is nothing to leave out.
        drawn = session.execute(select(AttemptItem).where(AttemptItem.attempt_id == number)).scalars()
        places = [item.position for item in drawn if library.questions[item.question_id].form != "order"]
    place = min(places)
    link = sign_link(BoosterLink(number), site.app.extensions["course"].config.secret_key)
    page.goto(f"/booster/{link}/{place}")
    found = faults(page)
    # Nothing is chosen: the mistake is said in the title, at the top with the focus, and at the field.
    page.get_by_role("button", name="Fairly sure").click()
    page.locator("#mistakes").wait_for()
    found += faults(page)
    assert page.title().startswith(f"Error: Question {place} of 5")
    assert page.evaluate("document.activeElement.id") == "mistakes"
    assert page.locator("#question [aria-invalid]").count() >= 1 or page.locator("#question[data-order]").count()
    assert not found, "\n".join(found)


def test_reading_again_and_asking_for_help_works_on_a_narrow_phone_and_axe_finds_nothing(
    site: Site, page: Page
) -> None:
    email, point = "again@example.org", "police-when-immediate-risk"
    with site.app.app_context(), unit_of_work() as session:
        library = site.app.extensions["course"].library.for_("school", "england")
        person = make_completed(session, library, email=email)
        refresher = actions.begin_refresher(make_context(session, person.id, now()), library, None)
        answer_until_used_up(session, library, person, refresher.attempt_id, (point,))
    page.set_viewport_size({"width": 320, "height": 900})
    sign_in(page, email)
    page.goto(f"/attempt/{refresher.attempt_id}")
    found = faults(page)
    page.get_by_role("link", name="Go on").click()
    found += faults(page)
    page.get_by_role("link", name="Read: ").click()
    found += faults(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.get_by_role("button", name="I have read it again").click()
    page.get_by_role("button", name="Begin my refresher").wait_for()
    assert not found, "\n".join(found)
