"""The numbered cases of the design that need rows, pages and commands as well as the rules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.certificates.actions import reissue
from course.certificates.models import Certificate
from course.clock import now
from course.context import Context, make_context
from course.dates import civil_date
from course.events import publish
from course.learning.events import CourseCompleted
from course.learning.models import Completion, Enrolment
from course.people.actions import choose_pathway
from course.people.models import Person
from course.recertification import actions, queries
from course.recertification.rules import Policy, certification_status
from course.recertification.rules.facts import ExternalCompletion
from tests.conftest import NOW
from tests.makers import make_person, sign_in
from tests.pages import Client

ZONE = "Europe/London"
DAY = NOW.date()


def complete(session: Session, person: Person, days: int) -> Certificate:
    """The whole course once more, so many days from the tests' first one, and its certificate."""
    at = NOW + timedelta(days=days)
    enrolment = Enrolment(person_id=person.id, kind="initial", opened_at=at)
    session.add(enrolment)
    session.flush()
    row = Completion(enrolment_id=enrolment.id, completed_at=at, content_version="v", edition="1")
    session.add(row)
    session.flush()
    done = CourseCompleted(
        row.id, person.id, "initial", at, at.date(), "Course", "1", "v", 12, "school", 150, ("Policy",)
    )
    publish(session, done)
    session.commit()
    return session.execute(select(Certificate).where(Certificate.completion_id == row.id)).scalar_one()


def test_case_09_each_command_prints_how_many_people_it_affected(app: Flask, session: Session) -> None:
    make_person(session, at=now())
    today = civil_date(now(), ZONE)
    runner = app.test_cli_runner()
    day = (today - timedelta(days=40)).isoformat()
    bring = ["refreshers", "import-certificate", "sam@example.org", "--on", day, "--issuer", "Harbour", "--reason", "x"]
    assert runner.invoke(args=bring).output.startswith("1 recorded: the certificate of ")
    assert runner.invoke(args=bring).output.startswith("0 recorded: ")
    late = (today - timedelta(days=50)).isoformat()
    wrong = runner.invoke(args=[*bring, "--until", late])
    assert (wrong.exit_code, "after its day" in wrong.output) == (1, True)
    left = ["refreshers", "left", "sam@example.org", "--on", today.isoformat(), "--reason", "moved"]
    assert "has left" in runner.invoke(args=left).output
    assert runner.invoke(args=left).output == "Error: This person has left already.\n"
    back = ["refreshers", "come-back", "sam@example.org", "--on", (today + timedelta(days=9)).isoformat()]
    assert "works here again" in runner.invoke(args=[*back, "--reason", "is back"]).output
    assert "Everybody who needs the course" in runner.invoke(args=["refreshers", "guard"]).output


def test_case_11_each_cycle_has_a_certificate_with_its_own_dates(session: Session) -> None:
    person = make_person(session)
    first, second = complete(session, person, 0), complete(session, person, 350)
    assert first.number != second.number
    assert [one.completed_on for one in (first, second)] == [DAY, DAY + timedelta(days=350)]
    assert [one.valid_until.isoformat() for one in (first, second)] == ["2027-11-22", "2028-11-22"]


def test_case_12_old_certificates_stay_and_those_of_leavers_can_be_checked(session: Session, client: Client) -> None:
    person = make_person(session)
    first, second = complete(session, person, 0), complete(session, person, 350)
    sign_in(client, person)
    listed = client.get("/certificate").text
    assert first.number in listed
    assert second.number in listed
    assert client.get(f"/certificate/{first.number}.pdf").body.startswith(b"%PDF")
    person.left_at = now()
    session.commit()
    assert first.name in Client(client.app).get(f"/verify/{first.number}").text


def test_case_42_the_certificate_and_its_check_page_show_the_expiry(session: Session, client: Client) -> None:
    issued = complete(session, make_person(session), 0)
    assert "22 November 2027" in client.get(f"/verify/{issued.number}").text


def test_case_43_another_name_is_another_certificate_of_the_same_cycle(session: Session) -> None:
    person = make_person(session)
    old = complete(session, person, 0)
    number = reissue(make_context(session, None, NOW), old.number, "Sam Lee", "married")
    new = session.execute(select(Certificate).where(Certificate.number == number)).scalar_one()
    assert (new.valid_until, new.completed_on, old.name) == (old.valid_until, old.completed_on, "Sam Okafor")
    found = queries.people(session, ZONE, [person.id])[0].facts
    assert len(found.completions) == 1
    assert certification_status(found, queries.policies(session, ZONE), DAY).valid_until == old.valid_until


@pytest.mark.parametrize(("months", "state"), [(None, "due-soon"), (24, "not-yet-due")])
def test_case_20_the_age_limit_applies_to_stored_imports(session: Session, months: int | None, state: str) -> None:
    person = make_person(session)
    rule = queries.policies(session, ZONE)[0]
    actions.add_policy_version(make_context(session, None, NOW), type(rule)(DAY, import_age_months=months), "why")
    old = DAY - timedelta(days=800)
    assert actions.import_completion(
        make_context(session, None, NOW), person.id, ExternalCompletion(old, None, "A", "initial"), "x"
    )
    found = queries.people(session, ZONE, [person.id])[0].facts
    assert certification_status(found, queries.policies(session, ZONE), DAY).state == state


def _shorter_rule(context: Context, _person: int) -> None:
    actions.add_policy_version(context, Policy(context.today, period_months=6), "why")


def _longer_rule_now(context: Context, _person: int) -> None:
    actions.add_policy_version(context, Policy(context.today, period_months=24, applies="now"), "why")


def _other_pathway(context: Context, person: int) -> None:
    choose_pathway(context, [person], "residential", "why")


def _earlier_certificate(context: Context, person: int) -> None:
    certificate = ExternalCompletion(context.today - timedelta(days=340), None, "Harbour")
    actions.import_completion(context, person, certificate, "why")


def _more_time(context: Context, person: int) -> None:
    actions.grant_extension(context, person, context.today + timedelta(days=20), "why")


@pytest.mark.parametrize(
    ("record", "due"),
    [
        (_shorter_rule, date(2028, 12, 27)),
        (_longer_rule_now, date(2029, 12, 27)),
        (_other_pathway, date(2030, 12, 27)),
        (_earlier_certificate, date(2028, 12, 27)),
        (_more_time, date(2028, 12, 27)),
    ],
)
def test_what_is_recorded_after_a_completion_on_its_day_leaves_the_date_on_its_certificate(
    session: Session, record: Callable[[Context, int], None], due: date
) -> None:
    """The completion is late: the certificate before it ended a month ago."""
    person = make_person(session, at=NOW)
    actions.add_policy_version(
        make_context(session, None, NOW), Policy(DAY, period_months=36, pathway="residential"), "why"
    )
    complete(session, person, 0)
    issued = complete(session, person, 400)
    at = NOW + timedelta(days=400, hours=3)
    record(make_context(session, None, at), person.id)
    session.commit()
    facts, policies = queries.people(session, ZONE, [person.id])[0].facts, queries.policies(session, ZONE)
    for day in (at.date(), at.date() + timedelta(days=90)):
        status = certification_status(facts, policies, day)
        assert (status.valid_until, status.due) == (issued.valid_until, due)
        assert f"Up to date until {issued.valid_until:%-d %B %Y}" in status.because
