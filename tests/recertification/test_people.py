"""The certification status of a person on a page: who sees it, which facts can be recorded there, and that they can be
withdrawn."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.certificates.actions import reissue, revoke
from course.certificates.models import Certificate
from course.clock import now
from course.context import make_context
from course.dates import civil_date
from course.organisation.actions import change_organisation
from course.people.actions import choose_pathway, end_employment, restart_employment
from course.people.models import Person
from course.recertification import actions, queries
from course.recertification.models import RenewalExtension, RenewalImport, RenewalPause, RenewalPolicy
from course.recertification.rules import CertificationStatus, Policy, certification_status, missing_due_date_reason
from course.recertification.rules.facts import CertificationFacts, ExternalCompletion, Pause, current_pause
from tests.conftest import NOW
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.recertification.test_certification_status import POLICY, finish

ZONE = "Europe/London"
DAY = NOW.date()


def typed(day: date) -> str:
    return day.isoformat()


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


def page(person: Person, rest: str = "") -> str:
    return f"/renewal/people/{person.id}{rest}"


def test_a_manager_grants_and_withdraws_an_extension(session: Session, client: Client, learner: Person) -> None:
    today = civil_date(now(), ZONE)
    until = today + timedelta(days=80)
    assert f"/report/people/{learner.id}" in client.get("/report").html
    saved = client.post(page(learner, "/extension"), {"until": typed(until), "reason": "short of staff"})
    assert saved.location == f"/report/people/{learner.id}", "back to the page that a manager came from"
    done = client.follow(saved)
    assert "More time, until" in done.text
    assert "Priya Nair" in done.text
    assert on(session, learner, today).due == until
    row = session.execute(select(RenewalExtension)).scalar_one()
    asked = client.get(page(learner, f"/extension/{row.id}"))
    assert "More time, until" in asked.text
    assert "Say in a few words why" in client.post(page(learner, f"/extension/{row.id}"), {"reason": ""}, 422).text
    back = client.follow(client.post(page(learner, f"/extension/{row.id}"), {"reason": "a mistake"}))
    assert "Cancelled: More time" in back.text
    assert "a mistake" in back.text
    assert on(session, learner, today).due == today + timedelta(days=28)
    client.get(page(learner, f"/extension/{row.id}"), 404)  # once is enough


@pytest.mark.both_engines
def test_a_leave_is_recorded_ended_and_withdrawn(session: Session, client: Client, learner: Person) -> None:
    today = civil_date(now(), ZONE)
    entered = {"since": typed(today), "until": "", "days": "21", "reason": "parental leave"}
    assert "with no last day yet" in client.follow(client.post(page(learner, "/leave"), entered)).text
    assert (on(session, learner, today).state, on(session, learner, today).due) == ("paused", None)
    back = today + timedelta(days=100)
    client.post(page(learner, "/leave"), {**entered, "until": typed(back)})
    assert on(session, learner, today).due == back + timedelta(days=21)
    first, second = session.execute(select(RenewalPause.id).order_by(RenewalPause.id)).scalars()
    client.post(page(learner, f"/leave/{first}"), {"reason": "x"}, 404)  # a later row stands
    client.post(page(learner, f"/leave/{second}"), {"reason": "was not away"})
    assert on(session, learner, today).state == "not-yet-due"


def test_the_form_begins_with_the_leave_that_somebody_is_on(client: Client, learner: Person) -> None:
    today = civil_date(now(), ZONE)
    asked = client.get(page(learner, "/leave")).fields()
    assert (asked["since"], asked["until"], asked["days"], asked["reason"]) == ("", "", "14", "")
    first = typed(today - timedelta(days=60))
    entered = {"since": first, "until": typed(today), "days": "21", "reason": "parental leave"}
    client.post(page(learner, "/leave"), entered)
    asked = client.get(page(learner, "/leave")).fields()
    assert {name: asked[name] for name in entered} == entered
    # Nobody knows the last day any more: what is emptied stays empty.
    client.post(page(learner, "/leave"), {**entered, "until": ""})
    assert client.get(page(learner, "/leave")).fields()["until"] == ""


LEAVE = Pause(date(2026, 5, 1), date(2026, 6, 30), 14, "leave", date(2026, 4, 1))
OPEN = Pause(date(2026, 5, 1), None, 14, "leave", date(2026, 4, 20))


@pytest.mark.parametrize(
    ("pauses", "on", "expected"),
    [
        ((), date(2026, 5, 1), None),
        ((LEAVE,), date(2026, 4, 30), None),  # still to come
        ((LEAVE,), date(2026, 5, 1), LEAVE),
        ((LEAVE,), date(2026, 6, 30), LEAVE),
        ((LEAVE,), date(2026, 7, 1), None),  # they are back
        ((LEAVE, OPEN), date(2026, 7, 1), OPEN),  # recorded again, with the same first day
    ],
)
def test_the_leave_that_somebody_is_on_is_the_one_that_covers_the_day(
    pauses: tuple[Pause, ...], on: date, expected: Pause | None
) -> None:
    assert current_pause(CertificationFacts(pauses=pauses), on) == expected


def test_an_earlier_certificate_counts_once_and_can_be_withdrawn(
    session: Session, client: Client, learner: Person
) -> None:
    today = civil_date(now(), ZONE)
    entered = {"day": typed(today - timedelta(days=90)), "until": "", "issuer": "Harbour Trust", "kind": "initial",
               "reason": "seen on paper"}  # fmt: skip
    done = client.follow(client.post(page(learner, "/certificate"), entered))
    assert "from Harbour Trust" in done.text
    assert on(session, learner, today).state == "up-to-date"
    assert "recorded before" in client.follow(client.post(page(learner, "/certificate"), entered)).text
    row = session.execute(select(RenewalImport)).scalar_one()
    client.post(page(learner, f"/certificate/{row.id}"), {"reason": "it was forged"})
    assert on(session, learner, today).valid_until is None
    assert "Not valid since" in client.get(f"/report/people/{learner.id}").text
    client.post(page(learner, "/certificate"), entered)
    assert on(session, learner, today).state == "up-to-date"


@pytest.mark.parametrize(
    ("what", "entered", "message"),
    [
        ("extension", {"until": "2020-01-01", "reason": "x"}, "Enter today or a later day"),
        ("extension", {"until": "soon", "reason": "x"}, "Enter a day such as"),
        ("extension", {"until": "", "reason": "x"}, "Enter the last day on which"),
        ("extension", {"until": "2150-12-31", "reason": "x"}, "at most ten years"),
        ("leave", {"since": "2026-05-01", "until": "2026-04-01", "days": "7", "reason": "x"}, "not before the first"),
        ("leave", {"since": "1950-01-01", "days": "7", "reason": "x"}, "from 1990"),
        ("leave", {"since": "2026-05-01", "days": "-1", "reason": "x"}, "from 0 to 90"),
        ("certificate", {"day": "2090-01-01", "issuer": "A", "kind": "initial", "reason": "x"}, "an earlier day"),
        ("certificate", {"day": "2026-01-02", "until": "02/01/2026", "issuer": "A", "kind": "initial", "reason": "x"},
         "after the day of completion"),
        ("certificate", {"day": "2026-01-02", "issuer": "", "kind": "initial", "reason": "x"}, "who issued"),
    ],
)  # fmt: skip
def test_invalid_dates_are_refused_and_stay_in_the_form(
    session: Session, client: Client, learner: Person, what: str, entered: dict[str, str], message: str
) -> None:
    seen = client.post(page(learner, f"/{what}"), entered, 422)
    assert message in seen.text
    assert seen.fields().items() >= entered.items()
    for model in (RenewalExtension, RenewalPause, RenewalImport):
        assert session.execute(select(func.count()).select_from(model)).scalar_one() == 0


def test_only_managers_of_the_team_and_administrators_see_it(session: Session, client: Client, learner: Person) -> None:
    other = make_person(session, "Kim Lee", "kim@example.org", team=make_team(session, "Office"))
    client.get(page(other), 404)
    client.post(page(other, "/extension"), {"until": "2027-01-01", "reason": "x"}, 404)
    client.get(page(learner, "/holiday"), 404)
    assert client.get(page(learner), 301).location == f"/report/people/{learner.id}"


def test_only_an_administrator_can_grant_themselves_an_extension(session: Session, client: Client) -> None:
    manager = make_person(session, "Priya Nair", "priya@example.org", "manager")
    sign_in(client, manager)
    assert "Give more time" not in client.get(f"/report/people/{manager.id}").text
    client.get(page(manager, "/extension"), 404)
    administrator = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    own = f"/report/people/{administrator.id}"
    assert "Give more time" in sign_in(Client(client.app), administrator).get(own).text


def test_learners_see_the_same_about_themselves_without_the_forms(session: Session, client: Client) -> None:
    person = make_person(session, at=now())
    actions.grant_extension(make_context(session, None, NOW), person.id, DAY + timedelta(days=300), "short of staff")
    session.commit()
    sign_in(client, person)
    assert "/renewal/mine" in client.get("/").html
    mine = client.get("/renewal/mine")
    assert "short of staff" in mine.text
    assert "Cancel" not in mine.text
    assert "Give more time" not in mine.text


@pytest.mark.both_engines
def test_a_few_people_have_the_facts_that_they_have_among_everybody(session: Session) -> None:
    people = [make_person(session, f"Person {n}", f"n{n}@example.org", password=None) for n in range(3)]
    context = make_context(session, None, NOW + timedelta(days=9))
    first, renamed, kept = (finish(session, person, DAY) for person in people)
    revoke(context, first.number, "not taken in person")
    revoke(context, reissue(context, renamed.number, "Another Name", "married"), "by mistake")
    session.commit()
    everybody = {one.id: one for one in queries.people(session, ZONE)}
    assert queries.people(session, ZONE, [person.id for person in people]) == [everybody[one.id] for one in people]
    completions = [everybody[one.id].facts.completions[0] for one in people]
    day = DAY + timedelta(days=9)
    assert [(one.revoked, one.revocation_reason) for one in completions] == [
        (day, "not taken in person"), (day, "by mistake"), (None, ""),
    ]  # fmt: skip
    assert kept.completed_on == completions[2].day


@pytest.mark.both_engines
def test_a_revoked_certificate_is_no_longer_valid(session: Session) -> None:
    person = make_person(session)
    issued = finish(session, person, DAY)
    revoke(make_context(session, None, NOW + timedelta(days=30)), issued.number, "not taken in person")
    later = DAY + timedelta(days=30)
    assert on(session, person, later - timedelta(days=1)).state == "up-to-date"
    found = on(session, person, later)
    assert (found.valid_until, found.due) == (None, later + timedelta(days=7))
    assert "not taken in person" in found.because
    kept = session.execute(select(Certificate.valid_until)).scalar_one()
    assert kept == date(2027, 11, 22)


def test_a_returner_gets_the_starter_days_and_the_status_of_earlier_days_stays(session: Session) -> None:
    person = make_person(session)
    left, back = DAY + timedelta(days=30), DAY + timedelta(days=400)
    end_employment(make_context(session, None, NOW + timedelta(days=30)), person.id, left, "moved")
    restart_employment(make_context(session, None, NOW + timedelta(days=400)), person.id, back, "is back")
    assert on(session, person, left).state == "overdue"
    assert on(session, person, left + timedelta(days=1)).state == "not-required"
    assert on(session, person, back).due == back + timedelta(days=28)


@pytest.mark.both_engines
def test_a_pathway_policy_governs_the_people_who_follow_the_pathway(session: Session) -> None:
    chosen, usual, other = (make_person(session, f"P {n}", f"p{n}@example.org") for n in range(3))
    choose_pathway(make_context(session, None, NOW), [chosen.id], "clubs", "volunteer")
    choose_pathway(make_context(session, None, NOW), [other.id], "leaders", "head")
    for way, months in (("clubs", 24), ("school", 6)):
        rule = Policy(DAY, period_months=months, window_days=30, pathway=way, applies="now")
        actions.add_policy_version(make_context(session, None, NOW), rule, "why")
    ends = [finish(session, person, DAY).valid_until for person in (chosen, usual, other)]
    assert ends == [date(2028, 11, 22), date(2027, 5, 22), date(2027, 11, 22)]
    # The organisation's pathway is a dated fact as well: its change moves the due dates of the people who follow it, from
    # its day on.
    later = DAY + timedelta(days=10)
    change_organisation(make_context(session, None, NOW + timedelta(days=10)), "Riverside Trust", "england", "clubs")
    assert on(session, usual, later - timedelta(days=1)).due == date(2027, 5, 22)
    assert on(session, usual, later).due == date(2028, 11, 22)
    assert on(session, other, later).due == date(2027, 11, 22)


@pytest.mark.both_engines
def test_a_pathway_policy_is_previewed_saved_and_ended(session: Session, client: Client) -> None:
    person = make_person(session)
    finish(session, person, DAY)
    choose_pathway(make_context(session, None, NOW), [person.id], "clubs", "volunteer")
    sign_in(client, make_person(session, "Alex Morgan", "alex@example.org", "administrator"))
    address = "/renewal/policy/pathway/clubs"
    refused = client.post(address, {**POLICY, "import_age_months": "soon"}, 422)
    assert refused.title.startswith("Error: The rule for Clubs and volunteers")
    entered = {**POLICY, "import_age_months": "24"}
    seen = client.post(address, entered, 200)
    assert "1 person is affected" in seen.text
    saved = client.follow(client.post(address, {**entered, "confirmed": seen.fields()["confirmed"]}))
    assert "Clubs and volunteersA certificate is valid for 6 months" in saved.text
    assert "at most 24 months old" in saved.text
    assert saved.text.count("Same as everyone.") == 5
    assert session.execute(select(RenewalPolicy.pathway)).scalar_one() == "clubs"
    assert "Same as everyone" in client.get("/renewal/policy/pathway/school").text
    client.get("/renewal/policy/pathway/plumbing", 404)
    end = {**POLICY, "kind": "general", "reason": "one rule for all"}
    mark = client.post(address, end, 200).fields()["confirmed"]
    ended = client.follow(client.post(address, {**end, "confirmed": mark}))
    assert "The rule for everyone applies again." in ended.text
    assert "valid for 12 months" in client.get(address).text


def test_the_guard_lists_nobody_with_pathways_imports_and_revocations(app: Flask, session: Session) -> None:
    people = [make_person(session, f"P {n}", f"p{n}@example.org") for n in range(4)]
    choose_pathway(make_context(session, None, NOW), [people[0].id], "clubs", "")
    rule = Policy(DAY, period_months=24, pathway="clubs", applies="now")
    actions.add_policy_version(make_context(session, None, NOW), rule, "why")
    actions.import_completion(
        make_context(session, None, NOW), people[1].id, ExternalCompletion(date(2020, 1, 1), None, "A", "initial"), "x"
    )
    revoke(make_context(session, None, NOW), finish(session, people[2], DAY).number, "x")
    end_employment(make_context(session, None, NOW), people[3].id, DAY, "x")
    restart_employment(make_context(session, None, NOW), people[3].id, DAY + timedelta(days=9), "x")
    session.commit()
    rules = queries.policies(session, ZONE)
    for days in (0, 1, 9, 400, 4000):
        day = DAY + timedelta(days=days)
        assert [missing_due_date_reason(one.facts, rules, day) for one in queries.people(session, ZONE)] == [None] * 4
    assert app.test_cli_runner().invoke(args=["refreshers", "guard"]).exit_code == 0
