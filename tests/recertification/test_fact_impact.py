"""The warning before a fact about a person is saved, the limits of its dates, and the pronouns for each reader."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.clock import now
from course.context import make_context
from course.dates import civil_date
from course.organisation.models import Organisation
from course.people.events import EarlierCertificate
from course.people.models import Person
from course.recertification import actions, queries
from course.recertification.models import RenewalExtension, RenewalImport
from course.recertification.rules import CertificationStatus, Policy, certification_status
from course.recertification.rules.civil_dates import add_months, long_date
from course.recertification.rules.facts import ExternalCompletion
from tests.conftest import NOW
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client

ZONE = "Europe/London"
DAY = NOW.date()


def typed(day: date) -> str:
    return day.isoformat()


def page(person: Person, rest: str = "") -> str:
    return f"/renewal/people/{person.id}{rest}"


def on(session: Session, person: Person, day: date) -> CertificationStatus:
    session.expire_all()
    found = queries.people(session, ZONE, [person.id])[0]
    return certification_status(found.facts, queries.policies(session, ZONE), day)


@pytest.fixture
def learner(session: Session, client: Client) -> Person:
    """A person in a team, whose manager is signed in."""
    team = make_team(session, "Nursery")
    person = make_person(session, team=team, at=now())
    sign_in(client, make_person(session, "Priya Nair", "priya@example.org", "manager", team))
    return person


@pytest.fixture
def trained(session: Session, learner: Person) -> Person:
    """The learner, who completed the course 200 days ago; their starter days are over."""
    today = civil_date(now(), ZONE)
    person = session.merge(learner)
    person.created_at = now() - timedelta(days=300)
    session.commit()
    done = today - timedelta(days=200)
    actions.import_completion(
        make_context(session, None, now()), person.id, ExternalCompletion(done, None, "A", "initial"), "x"
    )
    session.commit()
    return person


@pytest.fixture
def late(session: Session, learner: Person) -> Person:
    """The learner, whose starter days were over a month ago."""
    session.merge(learner).created_at = now() - timedelta(days=60)
    session.execute(select(Organisation)).scalar_one().set_up_at = now() - timedelta(days=90)
    session.commit()
    return learner


def dated(entered: dict[str, str | int]) -> dict[str, str]:
    """The entered values of a form: numbers are days from today."""
    today = civil_date(now(), ZONE)
    return {k: typed(today + timedelta(days=v)) if isinstance(v, int) else v for k, v in entered.items()}


@pytest.mark.both_engines
def test_the_form_warns_which_due_date_will_apply_before_it_is_saved(
    session: Session, client: Client, late: Person
) -> None:
    """An extension of two days for an overdue person, although nobody gets less than seven."""
    today = civil_date(now(), ZONE)
    entered = dated({"until": 2, "reason": "was ill"})
    seen = client.post(page(late, "/extension"), entered, 200)
    assert "Check this before you save it" in seen.text
    assert f"The course will be due by {long_date(today + timedelta(days=7))}." in seen.text
    assert "Nothing is saved yet" in seen.text
    assert seen.fields().items() >= entered.items()
    assert session.execute(select(func.count()).select_from(RenewalExtension)).scalar_one() == 0
    # Only the confirmed date is saved: another date is shown with a new warning.
    other = seen.fields() | dated({"until": 3})
    assert "Check this before you save it" in client.post(page(late, "/extension"), other, 200).text
    done = client.follow(client.post(page(late, "/extension"), seen.fields()))
    assert f"Due by {long_date(today + timedelta(days=7))}, because they were granted more time: was ill" in done.text
    assert on(session, late, today).due == today + timedelta(days=7)


def test_the_form_warns_which_days_after_a_leave_will_apply_before_it_is_saved(client: Client, late: Person) -> None:
    today = civil_date(now(), ZONE)
    entered = dated({"since": -10, "until": 2, "days": "0", "reason": "leave"})
    seen = client.post(page(late, "/leave"), entered, 200)
    assert (
        f"You entered {long_date(today + timedelta(days=2))} as the last day away. The course will be due" in seen.text
    )
    assert long_date(today + timedelta(days=7)) in seen.text
    # The sum of what was entered is not called what was entered.
    few = client.post(page(late, "/leave"), dated({"since": -12, "until": 2, "days": "3", "reason": "leave"}), 200)
    last, sum_ = (long_date(today + timedelta(days=days)) for days in (2, 5))
    assert f"You entered {last} as the last day away and 3 days after that, which is {sum_}." in few.text
    as_entered = dated({"since": -9, "until": 2, "days": "14", "reason": "leave"})
    client.post(page(late, "/leave"), as_entered)  # it holds as it was entered, so nothing is asked


def test_an_administrator_who_records_a_fact_about_themselves_is_addressed_directly(
    session: Session, client: Client
) -> None:
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator", at=now())
    sign_in(client, boss)
    seen = client.post(page(boss, "/extension"), dated({"until": 2, "reason": "was ill"}), 200)
    assert "That changes nothing: you have until" in seen.text
    for text in (seen.text, client.follow(client.post(page(boss, "/extension"), seen.fields())).text):
        assert "they" not in text.lower().split()
        assert "because it has been needed" in text or "because everyone gets" in text


@pytest.mark.parametrize(
    ("what", "entered", "said"),
    [
        ("extension", {"until": 20, "reason": "x"}, "That changes nothing: they have until"),
        ("certificate", {"day": -900, "until": "", "issuer": "A", "kind": "initial", "reason": "x"}, "and has ended."),
    ],
)
def test_the_form_warns_of_a_fact_that_changes_nothing_or_does_not_count(
    client: Client, trained: Person, what: str, entered: dict[str, str | int], said: str
) -> None:
    seen = client.post(page(trained, f"/{what}"), dated(entered), 200)
    assert said in seen.text
    client.post(page(trained, f"/{what}"), seen.fields())


@pytest.mark.parametrize(
    ("what", "entered", "message"),
    [
        # Due 165 days from now; 2036 was accepted against a rule of 12 months.
        ("extension", {"until": 165 + 367, "reason": "x"}, "it reaches at most 12 months beyond"),
        ("extension", {"until": 3500, "reason": "x"}, "it reaches at most 12 months beyond"),
        ("certificate", {"day": -10, "until": 360, "issuer": "A", "kind": "initial", "reason": "x"},
         "it reaches at most 12 months beyond"),
    ],
)  # fmt: skip
def test_a_date_may_be_at_most_one_period_after_its_base_date(
    session: Session, client: Client, trained: Person, what: str, entered: dict[str, str | int], message: str
) -> None:
    sent = dated(entered)
    rows = session.execute(select(func.count()).select_from(RenewalImport)).scalar_one()
    seen = client.post(page(trained, f"/{what}"), sent, 422)
    assert message in seen.text
    assert seen.fields().items() >= sent.items()
    assert session.execute(select(func.count()).select_from(RenewalImport)).scalar_one() == rows
    assert session.execute(select(func.count()).select_from(RenewalExtension)).scalar_one() == 0


def test_a_manager_reads_about_others_and_a_learner_about_themselves(client: Client, trained: Person) -> None:
    told = client.get(f"/report/people/{trained.id}").text
    assert "their earlier certificate is from" in told
    assert "your earlier certificate" not in told
    assert "your earlier certificate is from" in sign_in(Client(client.app), trained).get("/renewal/mine").text


@pytest.mark.both_engines
def test_withdrawing_a_fact_shows_the_status_without_it(session: Session, client: Client, trained: Person) -> None:
    row = session.execute(select(RenewalImport)).scalar_one()
    asked = client.get(page(trained, f"/certificate/{row.id}"))
    assert "What happens if you cancel it" in asked.text
    assert "They hold no certificate" in asked.text


def test_the_actions_refuse_what_the_forms_refuse_and_dates_from_lists_are_shortened(session: Session) -> None:
    person = make_person(session)
    with pytest.raises(ValueError, match="Enter 20 December 2027 or an earlier day"):
        actions.grant_extension(make_context(session, None, NOW), person.id, date(2036, 1, 1), "x")
    actions.grant_extension(make_context(session, None, NOW), person.id, date(2027, 12, 20), "x")
    # What was given already is no ground to give more from.
    with pytest.raises(ValueError, match="20 December 2027"):
        actions.grant_extension(make_context(session, None, NOW), person.id, date(2027, 12, 21), "x")
    too_long = ExternalCompletion(date(2026, 2, 12), date(2036, 1, 1), "A")
    with pytest.raises(ValueError, match="12 months beyond 12 February 2026"):
        actions.import_completion(make_context(session, None, NOW), person.id, too_long, "x")
    told = EarlierCertificate(person.id, date(2026, 2, 12), date(2036, 1, 1), "A list", None, NOW)
    actions.import_listed_certificate(session, told)
    actions.import_listed_certificate(session, told)
    row = session.execute(select(RenewalImport)).scalar_one()
    assert row.valid_until == add_months(row.day, 12) == date(2027, 2, 12)


def test_the_limit_uses_the_period_of_the_policy_that_governs_the_person(session: Session) -> None:
    person = make_person(session)
    actions.add_policy_version(make_context(session, None, NOW), Policy(DAY, kind="fixed", minimum_months=6), "x")
    with pytest.raises(ValueError, match="at most 18 months beyond"):
        actions.grant_extension(make_context(session, None, NOW), person.id, date(2036, 1, 1), "x")
    actions.add_policy_version(make_context(session, None, NOW), Policy(DAY, period_months=24), "x")
    actions.grant_extension(make_context(session, None, NOW), person.id, date(2028, 12, 20), "x")


def test_the_command_prints_the_due_date_that_applies(app: Flask, session: Session) -> None:
    make_person(session)
    today = civil_date(now(), ZONE)
    command = ["refreshers", "extend", "sam@example.org", "--reason", "was ill", "--until"]
    said = app.test_cli_runner().invoke(args=[*command, typed(today + timedelta(days=1))]).output
    until = certification_status(
        queries.people(session, ZONE)[0].facts, queries.policies(session, ZONE), today
    ).due  # fmt: skip
    assert until is not None
    assert long_date(until) in said
    far = app.test_cli_runner().invoke(args=[*command, typed(today + timedelta(days=3000))])
    assert (far.exit_code, "at most 12 months beyond" in far.output) == (1, True)
