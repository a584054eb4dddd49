"""The pages: why a reminder is due, or why none is; and the policy with its dates."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from gettext import NullTranslations

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course import translation
from course.clock import now
from course.context import make_context
from course.mail.actions import suppress_address, suppress_mail
from course.mail.queries import suppressed_addresses
from course.people.models import Person
from course.recertification.actions import record_pause
from course.recertification.rules.facts import Pause
from course.reminders import jobs, queries
from course.reminders.forms import format_closures, parse_closures, parse_days
from course.reminders.models import Reminder
from course.translation import use_language
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.support.days import this_day
from tests.support.pseudo_language import LANGUAGE, offered

queue_due_reminders = partial(jobs.queue_due_reminders, clock=now)


@pytest.fixture
def admin(client: Client, session: Session) -> Client:
    return sign_in(client, make_person(session, "Alex Morgan", "alex@example.org", "administrator"))


def make_overdue_person(session: Session, **values: str) -> Person:
    """A person who was added a year ago and has done nothing."""
    return make_person(session, at=now() - timedelta(days=365), **values)  # type: ignore[arg-type]


def test_the_page_explains_why_a_reminder_is_due_and_shows_its_state(
    app: Flask, session: Session, admin: Client
) -> None:
    person = make_overdue_person(session)
    page = admin.get(f"/reminders/{person.id}")
    assert "A reminder is due" in page.text
    assert "The next one comes on" in page.text
    with app.app_context():
        assert queue_due_reminders(now()) >= 1
    page = admin.get(f"/reminders/{person.id}")
    assert "the due day" in page.text
    assert "Waiting" in page.text
    assert "A reminder is due" not in page.text
    # The job that queued it wrote in English.
    admin.post("/me/language", {"language": "cy"})
    welsh = admin.get(f"/reminders/{person.id}").text
    assert ("y dyddiad cwblhau" in welsh, "the due day" in welsh) == (True, False)
    held_back = "There are no reminders during a leave."
    key = session.execute(select(Reminder.key).where(Reminder.person_id == person.id)).scalar_one()
    suppress_mail(session, key, held_back, now())
    session.commit()
    assert held_back not in admin.get(f"/reminders/{person.id}").text


def test_the_page_explains_why_no_reminder_is_due(session: Session, admin: Client) -> None:
    person = make_person(session, at=now())
    assert "There is no reminder to send." in admin.get(f"/reminders/{person.id}").text
    today = this_day()
    record_pause(make_context(session, None, now()), person.id, Pause(today, None, 14, "leave"))
    session.commit()
    page = admin.get(f"/reminders/{person.id}")
    assert "There are no reminders during a leave." in page.text
    assert "No reminder is planned." in page.text


def test_an_administrator_clears_a_suppressed_address(session: Session, admin: Client) -> None:
    person = make_overdue_person(session)
    suppress_address(session, str(person.email), "refused", "550 5.1.1 gone", now())
    session.commit()
    page = admin.get(f"/reminders/{person.id}")
    assert "No mail goes to sam@example.org" in page.text
    assert "although one would be due" in page.text
    admin.post(f"/reminders/{person.id}/address", {})
    assert suppressed_addresses(session) == {}
    assert "No mail goes" not in admin.get(f"/reminders/{person.id}").text
    assert "is not held back" in admin.follow(admin.post(f"/reminders/{person.id}/address", {})).text


def test_managers_see_the_reminders_of_their_teams_only(session: Session, client: Client) -> None:
    team = make_team(session)
    manager = make_person(session, "Priya Nair", "priya@example.org", "manager", team)
    mine = make_person(session, team=team)
    other = make_person(session, "Kim Lee", "kim@example.org")
    sign_in(client, manager)
    assert client.get(f"/reminders/{mine.id}").h1 == "Reminders to Sam Okafor"
    client.get(f"/reminders/{other.id}", 404)
    client.get("/reminders/999999", 404)
    client.post(f"/reminders/{mine.id}/address", {}, 403)


def test_people_see_their_own_reminders_and_managers_choose_the_digest(session: Session, client: Client) -> None:
    sign_in(client, make_person(session, "Priya Nair", "priya@example.org", "manager"))
    page = client.get("/reminders")
    assert page.h1 == "My reminders"
    assert "has stopped" in client.follow(client.post("/reminders/summary", page.fields())).text
    page = client.get("/reminders")
    assert "You have stopped it." in page.text
    assert "You get the weekly summary" in client.follow(client.post("/reminders/summary", page.fields())).text


def test_a_policy_is_previewed_and_then_saved(session: Session, admin: Client) -> None:
    page = admin.get("/reminders/policy")
    assert "60, 30, 14, 7 and 1 days before" in page.text
    assert "The safeguarding lead has no e-mail address" in page.text
    entered = {
        **page.fields(),
        "before": "10 and 45",
        "closed": "21 December 2026 to 1 January 2027",
        "reason": "Calmer",
    }
    entered.pop("save", None)
    seen = admin.post("/reminders/policy", {**entered, "preview": "yes"}, 200)
    assert "Nothing is saved yet." in seen.text
    assert queries.policy_versions(session) == []
    admin.post("/reminders/policy", {**entered, "save": "yes"})
    (version,) = queries.policy_versions(session)
    assert (version.policy.before, version.reason, version.made_by) == ((45, 10), "Calmer", "Alex Morgan")
    assert version.policy.closed == ((date(2026, 12, 21), date(2027, 1, 1)),)
    assert "45 and 10 days before" in admin.get("/reminders/policy").text


def test_what_another_administrator_saved_meanwhile_is_not_undone_unseen(session: Session, admin: Client) -> None:
    opened = admin.get("/reminders/policy").fields() | {"save": "yes"}
    theirs = opened | {"before": "45", "reason": "Calmer"}
    admin.post("/reminders/policy", theirs)
    mine = opened | {"closed": "21 December 2026", "reason": "Closed"}
    mine.pop("save")
    mine = admin.post("/reminders/policy", mine | {"preview": "yes"}, 200).fields() | {"save": "yes"}
    page = admin.post("/reminders/policy", mine, 422)
    assert "Someone else saved this page" in page.text
    assert "45 days before" in page.text
    assert [one.reason for one in queries.policy_versions(session)] == ["Calmer"]
    again = page.fields() | {"save": "yes"}
    assert again["reason"] == "Closed"
    admin.post("/reminders/policy", again)
    assert [one.reason for one in queries.policy_versions(session)] == ["Closed", "Calmer"]


MISTAKES = [
    ({"before": "soon"}, "whole numbers with commas"),
    ({"before": "900"}, "each from 0 to 365"),
    ({"before": "1,2,3,4,5,6,7,8,9,10,11"}, "one to 10 numbers"),
    ({"opens": "18", "closes": "8"}, "an hour after the first one"),
    ({"closed": "21 December 2026\nsome time"}, "Line 2"),
    ({"closed": "1 January 2026 to 1 January 2028"}, "92 days at most"),
    ({"every_days": "0"}, "from 1 to 90"),
    ({"reason": ""}, "why"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "words"), MISTAKES)
def test_an_error_is_named_and_the_entries_stay(
    session: Session, admin: Client, wrong: dict[str, str], words: str
) -> None:
    entered = {**admin.get("/reminders/policy").fields(), "reason": "Kept here", "save": "yes"}
    page = admin.post("/reminders/policy", {**entered, **wrong}, 422)
    assert words in page.text
    if "reason" not in wrong:
        assert 'value="Kept here"' in page.html
    assert queries.policy_versions(session) == []


def test_days_are_parsed_in_common_formats() -> None:
    assert parse_days("60, 30; 14 7 and 1") == (60, 30, 14, 7, 1)
    spans = ((date(2026, 12, 21), date(2027, 1, 3)), (date(2027, 2, 1), date(2027, 2, 1)))
    for text in ("21/12/2026 to 3/1/2027\n\n1/2/2027", "2026-12-21 - 2027-01-03\n2027-02-01", format_closures(spans)):
        assert parse_closures(text) == spans


def test_days_are_parsed_and_shown_with_the_months_of_the_reader() -> None:
    assert parse_days("60, 30 a 7") == (60, 30, 7)
    spans = ((date(2026, 12, 21), date(2027, 1, 3)), (date(2027, 2, 1), date(2027, 2, 1)))
    with offered(), use_language(LANGUAGE):
        assert parse_closures(format_closures(spans)) == spans
    translation.register_catalogue("ga", NullTranslations())
    try:
        with use_language("ga"):
            assert format_closures(spans) == "21 Nollaig 2026 to 3 Eanáir 2027\n1 Feabhra 2027"
            assert parse_closures("21 nollaig 2026 to 3 Jan 2027\n1 Feabh 2027") == spans
    finally:
        translation.remove_catalogue("ga")
