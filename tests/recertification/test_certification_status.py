"""The recertification rules on stored rows: the certification status on pages and in commands."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.certificates.models import Certificate
from course.clock import now
from course.context import make_context
from course.dates import add_months, civil_date, format_date
from course.events import publish
from course.learning.events import CourseCompleted
from course.learning.models import Completion
from course.learning.queries import enrolment_id
from course.people.models import Person
from course.recertification import actions, queries
from course.recertification.models import RenewalPolicy
from course.recertification.rules import Policy, certification_status
from course.recertification.rules.facts import Pause
from tests.conftest import NOW
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.support.days import this_day

pytestmark = pytest.mark.both_engines

ZONE = "Europe/London"
DAY = NOW.date()


def complete(session: Session, person: Person, days_later: int = 0) -> None:
    session.add(
        Completion(
            enrolment_id=enrolment_id(session, person.id),
            completed_at=NOW + timedelta(days=days_later),
            content_version="v",
            edition="0.3",
        )
    )
    session.commit()


def stands(session: Session, person: Person, on: date) -> str:
    found = queries.people(session, ZONE, [person.id])[0]
    return certification_status(found.facts, queries.policies(session, ZONE), on).state


def test_a_new_starter_has_28_days_and_is_then_overdue(session: Session) -> None:
    person = make_person(session)
    assert stands(session, person, DAY + timedelta(days=28)) == "not-yet-due"
    assert stands(session, person, DAY + timedelta(days=29)) == "overdue"


def test_a_completion_is_valid_for_a_year_and_then_expires(session: Session) -> None:
    person = make_person(session)
    complete(session, person)
    found = queries.people(session, ZONE, [person.id])[0]
    now_ = certification_status(found.facts, queries.policies(session, ZONE), DAY)
    assert (now_.state, now_.valid_until) == ("up-to-date", date(2027, 11, 22))
    assert "22 November 2027" in now_.because
    assert stands(session, person, date(2027, 11, 1)) == "due-soon"
    assert stands(session, person, date(2027, 11, 23)) == "expired"


def test_an_extension_and_a_pause_are_dated_facts(session: Session) -> None:
    person = make_person(session)
    actions.grant_extension(make_context(session, None, NOW), person.id, DAY + timedelta(days=60), "ill")
    assert stands(session, person, DAY + timedelta(days=59)) != "overdue"
    assert stands(session, person, DAY + timedelta(days=61)) == "overdue"
    later = DAY + timedelta(days=61)
    actions.record_pause(
        make_context(session, None, NOW + (later - DAY)),
        person.id,
        Pause(later, later + timedelta(days=30), 14, "leave"),
    )
    assert stands(session, person, later) == "paused"
    assert stands(session, person, later + timedelta(days=44)) != "overdue"
    assert stands(session, person, later + timedelta(days=45)) == "overdue"
    with pytest.raises(ValueError, match="today or later"):
        actions.grant_extension(make_context(session, None, NOW), person.id, DAY - timedelta(days=1), "late")
    with pytest.raises(ValueError, match="first day or later"):
        actions.record_pause(make_context(session, None, NOW), person.id, Pause(DAY, DAY - timedelta(days=1), 0, "x"))


def test_nothing_is_required_of_a_leaver_and_the_status_of_earlier_days_stays(session: Session) -> None:
    person = make_person(session)
    person.left_at = NOW + timedelta(days=40)
    session.commit()
    assert stands(session, person, DAY + timedelta(days=39)) == "overdue"
    assert stands(session, person, DAY + timedelta(days=41)) == "not-required"


def test_everybody_is_read_in_a_handful_of_queries(session: Session) -> None:
    for number in range(5):
        complete(session, make_person(session, f"P {number}", f"p{number}@example.org"))
    found = queries.people(session, ZONE)
    assert len(found) == 5
    assert all(len(one.facts.completions) == 1 for one in found)


def test_my_training_shows_the_expiry_and_the_reason(session: Session, client: Client) -> None:
    sign_in(client, make_person(session, at=now()))
    text = client.get("/").text
    due = civil_date(now(), ZONE) + timedelta(days=28)
    assert "Not started" in text
    assert f"{due.day} {due:%B %Y}" in text


POLICY = {"kind": "anniversary", "period_months": "6", "fixed_day": "31", "fixed_month": "1", "minimum_months": "6",
          "window_days": "30", "lapse_months": "12", "starter_days": "28", "minimum_days": "7",
          "import_age_months": "", "applies": "now", "reason": "twice a year"}  # fmt: skip


def test_a_policy_change_shows_the_affected_people_before_it_is_saved(session: Session, client: Client) -> None:
    completed_on = this_day(-30)
    complete(session, make_person(session, at=now() - timedelta(days=60)), (completed_on - DAY).days)
    sign_in(client, make_person(session, "Alex Morgan", "alex@example.org", "administrator"))
    seen = client.post("/renewal/policy/everybody", POLICY, 200)
    assert "Sam Okafor (sam@example.org)" in seen.text
    assert format_date(add_months(completed_on, 6)) in seen.text
    assert "Nothing is saved yet" in seen.text
    assert session.execute(select(func.count()).select_from(RenewalPolicy)).scalar_one() == 0
    mark = seen.fields()["confirmed"]
    changed = client.post("/renewal/policy/everybody", {**POLICY, "period_months": "9", "confirmed": mark}, 200)
    assert "Nothing is saved yet" in changed.text
    done = client.follow(client.post("/renewal/policy/everybody", {**POLICY, "confirmed": mark}))
    assert "valid for 6 months" in done.text
    assert "twice a year" in done.text
    assert "Alex Morgan, " in done.text
    assert session.execute(select(RenewalPolicy.reason)).scalar_one() == "twice a year"
    again = client.follow(client.post("/renewal/policy/everybody", {**POLICY, "confirmed": mark}))
    assert "This was saved before. Nothing has changed." in again.text
    # What somebody else saves between the preview and the press is not undone unseen.
    stale = client.post("/renewal/policy/everybody", {**POLICY, "period_months": "9"}, 200).fields()["confirmed"]
    rule = Policy(this_day(), period_months=24, lapse_months=3)
    assert actions.add_policy_version(make_context(session, None, now()), rule, "from another tab")
    session.commit()
    fresh = client.post("/renewal/policy/everybody", {**POLICY, "period_months": "9", "confirmed": stale}, 200)
    assert "Nothing is saved yet" in fresh.text
    assert "valid for 24 months" in fresh.text
    mark = fresh.fields()["confirmed"]
    client.post("/renewal/policy/everybody", {**POLICY, "period_months": "9", "confirmed": mark})
    assert session.execute(select(func.count()).select_from(RenewalPolicy)).scalar_one() == 3


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"period_months": "0"}, "Enter a whole number from 1 to 60"),
        ({"window_days": "300"}, "The window opens"),
        ({"import_age_months": "0"}, "Enter a whole number from 1 to 120, or leave this empty"),
        ({"reason": ""}, "Say in a few words why"),
        ({"kind": "never"}, "Choose one from the list"),
    ],
)
def test_a_contradictory_policy_is_refused_with_a_message(
    session: Session, client: Client, typed: dict[str, str], message: str
) -> None:
    sign_in(client, make_person(session, "Alex Morgan", "alex@example.org", "administrator"))
    assert message in client.post("/renewal/policy/everybody", {**POLICY, **typed}, 422).text
    assert session.execute(select(func.count()).select_from(RenewalPolicy)).scalar_one() == 0


def finish(session: Session, person: Person, on: date) -> Certificate:
    """A completion as learning announces it, and the certificate that follows."""
    row = Completion(enrolment_id=enrolment_id(session, person.id), completed_at=NOW, content_version="v", edition="1")
    session.add(row)
    session.flush()
    publish(
        session,
        CourseCompleted(row.id, person.id, "initial", NOW, on, "Course", "1", "v", 12, "school", 150, ("Policy",)),
    )
    return session.execute(select(Certificate).where(Certificate.completion_id == row.id)).scalar_one()


def test_a_certificate_is_valid_for_the_period_of_the_policy(session: Session) -> None:
    person = make_person(session)
    six = Policy(since=DAY, period_months=6, window_days=30)
    actions.add_policy_version(make_context(session, None, NOW), six, "why")
    assert finish(session, person, DAY).valid_until == date(2027, 5, 22)


def test_issued_certificates_keep_their_dates_when_the_policy_changes(session: Session) -> None:
    person = make_person(session)
    issued = finish(session, person, DAY)
    later = DAY + timedelta(days=30)
    rule = Policy(since=later, period_months=6, window_days=30, applies="now")
    actions.add_policy_version(make_context(session, None, NOW + (later - DAY)), rule, "why")
    found = queries.people(session, ZONE, [person.id])[0]
    after = certification_status(found.facts, queries.policies(session, ZONE), later)
    assert issued.valid_until == after.valid_until == date(2027, 11, 22)
    assert after.due == date(2027, 5, 22)


def test_the_guard_lists_people_without_a_next_due_date(app: Flask, session: Session) -> None:
    person = make_person(session)
    runner = app.test_cli_runner()
    fine = runner.invoke(args=["refreshers", "guard"])
    assert fine.exit_code == 0, fine.output
    runner.invoke(args=["refreshers", "pause", person.email, "--since", "2026-11-22", "--reason", "long leave"])
    found = runner.invoke(args=["refreshers", "guard"])
    assert found.exit_code == 1
    assert "sam@example.org: On leave since 22 November 2026 without a return date" in found.output


def test_the_commands_extend_and_explain(app: Flask, session: Session) -> None:
    make_person(session)
    runner = app.test_cli_runner()
    said = runner.invoke(args=["refreshers", "standing", "sam@example.org", "--on", "2026-12-25"])
    assert said.output.startswith("overdue on 25 December 2026.")
    until = (civil_date(now(), ZONE) + timedelta(days=90)).isoformat()
    done = runner.invoke(args=["refreshers", "extend", "sam@example.org", "--until", until, "--reason", "ill"])
    assert done.exit_code == 0, done.output
    wrong = runner.invoke(args=["refreshers", "extend", "nobody@example.org", "--until", until, "--reason", "x"])
    assert wrong.exit_code == 1
    assert "Nobody has the address nobody@example.org" in wrong.output
