"""A last day that is recorded beforehand: nothing changes until its end, then they have left, by rule and by the job."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.analytics.queries import answers
from course.auth import queries as auth
from course.context import ZONE_KEY, make_context
from course.dates import start_of_day
from course.jobs.rules import Claim, JobRun
from course.passwords.models import Credential
from course.people import actions, queries
from course.people.actions import Refusal
from course.people.jobs import DEPARTURES
from course.people.models import Employment, Membership, Person, RoleGrant
from course.recertification import queries as recertification
from course.recertification.rules import certification_status
from course.reminders.actions.digests import weekly_digests
from course.reminders.actions.planning import sending_plan
from course.reports.status_cache import StatusCache
from course.standings.rules import is_employed_on
from course.web.unit_of_work import unit_of_work
from tests.analytics.answering import give_answer
from tests.analytics.counting import teams_by_rule, teams_in_database
from tests.conftest import NOW
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.people_import.lists import run
from tests.support.days import this_day

pytestmark = pytest.mark.both_engines
ZONE = "Europe/London"
DAY = timedelta(days=1)
LAST = (NOW + 10 * DAY).date()


def plan(session: Session, person: Person, day: date = LAST, days: int = 0) -> Refusal | None:
    return actions.record_departure(make_context(session, None, NOW + days * DAY), person.id, day, "a new post")


def may_enter(session: Session, person: Person, on: date) -> bool:
    key = session.execute(select(Credential.session_key).where(Credential.person_id == person.id)).scalar()
    return key is not None and auth.viewer(session, person.id, key, on) is not None


def placed(session: Session, at: datetime) -> dict[int, int]:
    """The team in which each person counts in results at that moment, by the rule and by the database; everybody has answered."""
    for person in session.execute(select(Person.id)).scalars().all():
        give_answer(session, person, NOW - DAY)
    found = teams_in_database(session, at)
    assert teams_by_rule(session, at) == found
    return found


def run_departures(days: int) -> None:
    DEPARTURES.run(
        JobRun(DEPARTURES, Claim(1, 1, 1), {}, None, NOW + days * DAY, lambda *_: None, lambda: NOW + days * DAY)
    )


def test_until_the_end_of_the_day_nothing_changes_and_after_it_they_have_left_by_rule(session: Session) -> None:
    team = make_team(session)
    person = make_person(session, team=team)
    assert plan(session, person) is None
    assert person.left_at is None
    assert [may_enter(session, person, LAST + days * DAY) for days in (-1, 0, 1)] == [True, True, False]
    assert auth.known_account(session, person.email or "", LAST) is not None
    assert auth.known_account(session, person.email or "", LAST + DAY) is None
    facts = recertification.people(session, ZONE, [person.id])[0].facts
    assert [is_employed_on(facts, LAST + days * DAY) for days in (-1, 0, 1)] == [True, True, False]
    policies = recertification.policies(session, ZONE)
    states = [certification_status(facts, policies, LAST + days * DAY).state for days in (-1, 0, 1)]
    assert [state == "not-required" for state in states] == [False, False, True]


def test_on_the_last_day_report_and_digest_count_the_same_people(session: Session) -> None:
    team = make_team(session)
    manager = make_person(session, "Priya Nair", "priya@example.org", "manager", team)
    person = make_person(session, team=team)
    assert plan(session, person) is None
    for days, number in ((-1, 2), (0, 2), (1, 1)):  # the manager is in the team, too
        on = LAST + days * DAY
        at = datetime.combine(on, time(10), UTC)
        sending = sending_plan(session, ZONE, at, at)
        assert sending is not None
        told = weekly_digests(sending, on).managers[manager.id].person_count
        listed = [line.id for line in StatusCache().day(session, ZONE, on, on).lines if team.id in line.teams]
        in_results = [person for person, of in placed(session, at).items() if of == team.id]
        assert (told, len(listed), len(in_results)) == (number,) * 3, days
        session.commit()
    # The report of a past day says what it said on the day.
    past = StatusCache().day(session, ZONE, LAST, LAST + 30 * DAY)
    assert person.id in [line.id for line in past.lines]


def test_who_leaves_on_a_last_day_that_was_planned_is_gone_from_that_moment_on(session: Session) -> None:
    team = make_team(session)
    person = make_person(session, team=team)
    assert plan(session, person) is None
    assert plan(session, person, LAST, 10) is None
    assert person.left_at is not None
    facts = recertification.people(session, ZONE, [person.id])[0].facts
    assert [is_employed_on(facts, LAST + days * DAY) for days in (-1, 0)] == [True, False]
    assert placed(session, NOW + 10 * DAY) == {}


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles", ZONE])
def test_team_results_count_them_until_midnight_where_the_organisation_is(session: Session, zone: str) -> None:
    session.info[ZONE_KEY] = zone
    person = make_person(session)
    midnight = start_of_day(LAST + DAY, zone)
    assert plan(session, person) is None
    for at, is_here in ((midnight - timedelta(minutes=1), True), (midnight, False)):
        assert (list(placed(session, at)) == [person.id]) == is_here
        changes = answers._employment_changes(session)[person.id]
        assert [is_employed for moment, is_employed in changes if moment <= at][-1] == is_here


def test_who_stays_longer_after_a_last_day_that_is_over_is_here_for_query_and_rule(session: Session) -> None:
    """The later day was recorded in the night, before the job had ended their roles."""
    person = make_person(session)
    assert plan(session, person) is None
    assert plan(session, person, LAST + 5 * DAY, 11) is None
    changes = answers._employment_changes(session)[person.id]
    for days, is_here in ((9, True), (12, True), (15, True), (16, False)):
        at = NOW + days * DAY
        assert (list(placed(session, at)) == [person.id]) == is_here, days
        assert [is_employed for moment, is_employed in changes if moment <= at][-1] == is_here, days


def test_the_job_ends_roles_and_memberships_the_day_after(committed: Flask) -> None:
    with committed.app_context():
        with unit_of_work() as session:
            team = make_team(session)
            person_id = make_person(session, role="manager", team=team).id
        with unit_of_work() as session:
            assert actions.plan_departure(make_context(session, None, NOW), person_id, LAST, "moves") is None
        for days, left in ((10, False), (11, True), (12, True)):
            run_departures(days)
            with unit_of_work() as session:
                person = session.get_one(Person, person_id)
                open_rows = [
                    session.execute(select(table.id).where(table.person_id == person_id, table.until.is_(None))).all()
                    for table in (Membership, RoleGrant)
                ]
                assert (person.left_at is not None, not any(open_rows)) == (left, left), days
        with unit_of_work() as session:
            person = session.get_one(Person, person_id)
            assert person.left_at is not None
            assert (person.left_at.date(), person.last_day) == (LAST, None)
            ends = session.execute(select(Employment.end).order_by(Employment.id)).scalars().all()
            assert ends == [None, LAST]


def test_a_last_day_is_withdrawn_and_moved_until_it_is_over(session: Session) -> None:
    person = make_person(session)
    assert plan(session, person) is None
    assert plan(session, person, LAST + 5 * DAY, 1) is None
    assert person.last_day == LAST + 5 * DAY
    assert actions.withdraw_planned_departure(make_context(session, None, NOW + 2 * DAY), person.id, "stays")
    assert not actions.withdraw_planned_departure(make_context(session, None, NOW + 2 * DAY), person.id, "stays")
    assert may_enter(session, person, LAST + 20 * DAY)
    facts = recertification.people(session, ZONE, [person.id])[0].facts
    assert is_employed_on(facts, LAST + 20 * DAY)
    assert plan(session, person, LAST, 3) is None
    late = make_context(session, None, NOW + 11 * DAY)
    assert not actions.withdraw_planned_departure(late, person.id, "too late")


def test_somebody_who_leaves_earlier_than_planned_has_left(session: Session) -> None:
    person = make_person(session)
    assert plan(session, person) is None
    assert plan(session, person, (NOW + 2 * DAY).date(), 2) is None
    assert person.left_at is not None
    assert person.last_day is None


def test_an_administrator_who_will_leave_is_not_the_one_who_stays(session: Session) -> None:
    first = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    second = make_person(session, "Kim Else", "kim@example.org", "administrator")
    assert plan(session, first) is None
    assert plan(session, second) == Refusal("last_day", actions.LAST_ADMINISTRATOR)
    assert plan(session, second, NOW.date()) == Refusal("last_day", actions.LAST_ADMINISTRATOR)


@pytest.mark.parametrize(("days", "message"), [(-1, "not before the first"), (367, "within the next 12 months")])
def test_a_day_that_cannot_be_is_refused(session: Session, days: int, message: str) -> None:
    person = make_person(session)
    refused = actions.plan_departure(make_context(session, None, NOW), person.id, (NOW + days * DAY).date(), "x")
    assert refused is not None
    assert message in str(refused.message)


def test_the_team_counts_them_until_their_last_day(session: Session) -> None:
    team = make_team(session)
    person = make_person(session, team=team)
    assert plan(session, person) is None

    teams = [placed(session, NOW + days * DAY) for days in (1, 10, 11)]
    assert [list(found.values()).count(team.id) for found in teams] == [1, 1, 0]


def test_the_pages_say_what_happens_and_take_it_back(session: Session, client: Client) -> None:
    sign_in(client, make_person(session, "Alex Morgan", "alex@example.org", "administrator"))
    team = make_team(session, "Hill School")
    person = make_person(session, role="manager", team=team)
    path = f"/people/{person.id}"
    assert "Hill School will have no manager of its own." in client.get(f"{path}/leave").text
    day = queries.employment_spells(session, person.id)
    assert day == []
    later = this_day() + 30 * DAY
    page = client.follow(client.post(f"{path}/leave", {"last_day": later.isoformat(), "reason": "moves"}))
    assert "Nothing changes for Sam Okafor until the end of" in page.text
    assert "Last day:" in page.text
    page = client.follow(client.post(f"{path}/leave/withdraw", {}))
    assert "stays. Their last day was removed." in page.text
    assert "Last day:" not in page.text
    assert "Nothing has changed." in client.follow(client.post(f"{path}/leave/withdraw", {})).text


def test_a_list_records_last_days_to_come_of_new_and_known_people_once(session: Session) -> None:
    known = make_person(session)
    day = LAST.strftime("%d/%m/%Y")
    text = (
        "Email,Name,Team,Employee ID,Leaving date\n"
        f"sam@example.org,Sam Okafor,Hill,,{day}\nann@example.org,Ann Lee,Hill,,{day}\nbo@example.org,Bo Lee,Hill,,\n"
    )
    assert run(session, text) == ["changed", "added", "added"]
    session.expire_all()
    rows = session.execute(select(Person.email, Person.last_day, Person.left_at).order_by(Person.email)).all()
    assert [tuple(row) for row in rows] == [
        ("ann@example.org", LAST, None), ("bo@example.org", None, None), ("sam@example.org", LAST, None),
    ]  # fmt: skip
    assert run(session, text) == ["unchanged"] * 3
    assert actions.withdraw_planned_departure(make_context(session, None, NOW), known.id, "stays")
