"""The rows that reports read say at every moment what the facts say, and what cannot be said at once is said to be late."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import given, settings
from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from course import schema_upgrade
from course.audit.actions import record_event
from course.clock import now
from course.content.library import Library
from course.content.schema import Module, Page
from course.context import make_context
from course.events import publish
from course.jobs.rules import Claim, JobRun
from course.learning.actions import record_page_read
from course.learning.events import StepEnded
from course.learning.models import Enrolment, PageRead
from course.organisation.models import Organisation
from course.people.actions import end_employment, merge_people, set_teams
from course.recertification.actions import add_policy_version, grant_extension
from course.recertification.rules.policy import Policy
from course.server.jobs import REGISTRY
from course.standings import jobs
from course.standings.actions import write_standings
from course.standings.jobs import catch_up, check_standings, refresh_standings
from course.standings.models import PersonStatus, StandingChange, StandingCount, StandingsMark
from course.standings.queries.changes import standings_state
from course.standings.queries.rows import newest_check
from tests.conftest import undone
from tests.learning.finishing import make_nearly_complete
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.refreshers.makers import complete, make_completed
from tests.reports import random_histories
from tests.reports.random_histories import HistoryRecorder
from tests.standings.makers import assert_rows_say_what_facts_say
from tests.support.days import this_day
from tests.support.racing import at_once

pytestmark = pytest.mark.both_engines
PAST = now() - timedelta(days=500)


def _first_page(library: Library) -> tuple[Module, Page]:
    module = next(iter(library.modules.values()))
    return module, next(iter(module.pages.values()))


def state_of(session: Session, person_id: int) -> str | None:
    session.commit()
    return session.execute(select(PersonStatus.state).where(PersonStatus.person_id == person_id)).scalar()


@settings(max_examples=8)
@given(random_histories.people, random_histories.rules)
def test_rows_of_random_histories_are_those_that_are_derived(
    prepared: Flask, lives: random_histories.Lives, versions: random_histories.Rules
) -> None:
    with undone(prepared) as app, app.extensions["course.sessions"].writing() as session:
        HistoryRecorder(session, this_day() - timedelta(days=1)).record(lives, versions)
        assert_rows_say_what_facts_say(app, session)


def test_time_alone_changes_a_row_on_its_day(app: Flask, session: Session) -> None:
    library = app.extensions["course"].library.for_("school", "england")
    done = make_completed(session, library, timedelta(days=300), email="done@example.org")
    make_person(session, "New Here", "new@example.org", at=now())
    assert_rows_say_what_facts_say(app, session)
    seen = set()
    for days in (0, 6, 7, 8, 30, 31, 64, 65, 66, 67, 94, 95, 100, 430, 431, 800):
        assert_rows_say_what_facts_say(app, session, now() + timedelta(days=days))
        seen.add(state_of(session, done.id))
    assert {"up-to-date", "due-soon", "expired"} <= seen
    assert_rows_say_what_facts_say(app, session)  # the clock was set back


def test_what_people_did_is_in_the_rows_at_once(app: Flask, session: Session) -> None:
    library = app.extensions["course"].library.for_("school", "england")
    sam = make_person(session, at=PAST)
    assert_rows_say_what_facts_say(app, session)
    record_page_read(make_context(session, sam.id, now()), *_first_page(library))
    assert_rows_say_what_facts_say(app, session)
    started = session.execute(select(PersonStatus.started, PersonStatus.modules_done)).one()
    assert tuple(started) == (this_day(), 0)
    complete(session, library, sam, now())
    assert_rows_say_what_facts_say(app, session)
    assert state_of(session, sam.id) == "up-to-date"


def test_a_step_that_ends_is_noted_and_its_module_counted_with_the_next_refresh(app: Flask, session: Session) -> None:
    library = app.extensions["course"].library.for_("school", "england")
    sam = make_person(session, at=now())
    record_page_read(make_context(session, sam.id, now()), *_first_page(library))
    assert_rows_say_what_facts_say(app, session)
    enrolment = session.execute(select(Enrolment.id)).scalar_one()
    publish(session, StepEnded(sam.id, enrolment, library, this_day(), now()))
    session.commit()
    assert session.execute(select(StandingChange.person_id)).scalars().all() == [sam.id]
    session.execute(update(PersonStatus).values(modules_done=None))
    assert_rows_say_what_facts_say(app, session)
    assert session.execute(select(PersonStatus.modules_done)).scalar_one() == 0
    assert session.execute(select(func.count()).select_from(StandingChange)).scalar() == 0


def test_people_who_leave_are_erased_or_merged_are_in_no_row_with_a_name(app: Flask, session: Session) -> None:
    team, other = make_team(session, "Care"), make_team(session, "Office")
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator", at=PAST)
    kim = make_person(session, "Kim Else", "kim@example.org", team=team, at=PAST)
    twin = make_person(session, "Kim Elsewhere", "kim.else@example.org", team=other, at=PAST)
    gone = make_person(session, "Gone Long", "gone@example.org", team=team, at=PAST)
    assert_rows_say_what_facts_say(app, session)
    context = make_context(session, boss.id, now())
    set_teams(context, kim.id, [team.id, other.id])
    assert_rows_say_what_facts_say(app, session)
    assert merge_people(context, twin.id, kim.id, False, "the same person") is None
    end_employment(context, gone.id, this_day(), "moved")
    assert_rows_say_what_facts_say(app, session)
    names = set(session.execute(select(PersonStatus.name)).scalars())
    assert names - {""} == {"Alex Morgan", "Kim Else"}


def test_a_new_policy_concerns_everybody(app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    library = app.extensions["course"].library.for_("school", "england")
    people = [
        make_completed(session, library, timedelta(days=300), email=f"p{number}@example.org") for number in range(5)
    ]
    session.execute(update(Organisation).values(set_up_at=PAST))
    monkeypatch.setattr(jobs, "PORTION", 2)
    assert_rows_say_what_facts_say(app, session)
    add_policy_version(
        make_context(session, None, now()), Policy(this_day(), period_months=6, recorded=this_day()), "stricter"
    )
    session.commit()
    monkeypatch.setattr(jobs, "MAX_WHILE_READING", 3)
    with app.app_context():
        late = refresh_standings(now())
        # Nobody waits at a page for so many, and what one person did is derived again with the rest.
        assert (late.current, late.rebuilding) == (False, True)
        grant_extension(make_context(session, None, now()), people[0].id, this_day() + timedelta(days=90), "ill")
        session.commit()
        assert catch_up(now()) >= len(people)
    monkeypatch.setattr(jobs, "MAX_WHILE_READING", 2000)
    assert_rows_say_what_facts_say(app, session)


@pytest.mark.parametrize(
    ("what", "subject"),
    [
        *((f"supervised.{name}", None) for name in ("planned", "codes_printed", "room_opened", "closed")),
        *((f"scim.{name}", ("scim", 1)) for name in ("connection_added", "token_made", "token_revoked", "rule_added")),
        ("provider.changed", None),
        ("factor.required", None),
    ],
)
def test_planning_a_session_or_setting_up_a_sign_in_derives_nobody_anew(
    app: Flask, session: Session, what: str, subject: tuple[str, int] | None
) -> None:
    make_person(session, at=PAST)
    session.commit()
    with app.app_context():
        catch_up(now())
        record_event(make_context(session, None, now()), what, subject, {})
        session.commit()
        assert catch_up(now()) == 0


def test_another_time_zone_or_another_course_derives_everybody_anew(app: Flask, session: Session) -> None:
    make_person(session, at=PAST)
    assert_rows_say_what_facts_say(app, session)
    session.execute(update(StandingsMark).values(zone="Pacific/Auckland"))
    session.execute(update(PersonStatus).values(pathway="nonsense"))
    assert_rows_say_what_facts_say(app, session)
    session.execute(update(StandingsMark).values(content="older"))
    session.execute(update(PersonStatus).values(modules_done=7))
    assert_rows_say_what_facts_say(app, session)


def test_a_row_that_becomes_visible_late_is_found(app: Flask, session: Session) -> None:
    """On PostgreSQL a transaction with a lower number may commit after one with a higher number."""
    sam = make_person(session, at=PAST)
    enrolment = session.execute(select(Enrolment.id)).scalar_one()
    values = {"enrolment_id": enrolment, "version": "1", "read_at": now()}
    session.execute(insert(PageRead), [{"id": 50, "ref": "a/b", **values, "read_at": now() - timedelta(days=1)}])
    assert_rows_say_what_facts_say(app, session)
    session.execute(insert(PageRead), [{"id": 40, "ref": "a/c", **values, "read_at": now() - timedelta(days=3)}])
    assert_rows_say_what_facts_say(app, session)
    started = session.execute(select(PersonStatus.started).where(PersonStatus.person_id == sam.id)).scalar_one()
    assert started == this_day() - timedelta(days=3)


def test_the_check_names_what_differs_and_a_rebuild_mends_it(app: Flask, session: Session) -> None:
    team = make_team(session, "Care")
    kim = make_person(session, "Kim Else", "kim@example.org", team=team, at=PAST)
    assert_rows_say_what_facts_say(app, session)
    session.execute(update(PersonStatus).values(state="paused", name="Somebody"))
    session.execute(update(StandingCount).values(people=7))
    session.commit()
    run = app.test_cli_runner()
    found = run.invoke(args=["standings", "check", "--all"])
    assert found.exit_code == 1
    assert f"person {kim.id}: name, state" in found.output
    assert "1 counts differ" in found.output
    made = run.invoke(args=["standings", "rebuild"])
    assert (made.exit_code, "1 people were derived" in made.output) == (0, True), made.output
    assert run.invoke(args=["standings", "check", "--sample", "5"]).exit_code == 0
    assert_rows_say_what_facts_say(app, session)


def test_two_processes_that_catch_up_at_once_write_each_row_once(committed: Flask) -> None:
    app = committed
    with app.extensions["course.sessions"].writing() as session:
        team = make_team(session, "Care")
        for number in range(30):
            make_person(session, f"P {number}", f"p{number}@example.org", team=team, password=None, at=PAST)

    def act() -> int:
        with app.app_context():
            return catch_up(now())

    assert sum(at_once([act] * 4)) == 30
    with app.extensions["course.sessions"].writing() as session:
        assert session.execute(select(func.sum(StandingCount.people))).scalar() == 30
        assert_rows_say_what_facts_say(app, session)
        first = session.execute(select(PersonStatus.person_id)).scalars().first()
        assert first is not None
        for _round in range(3):
            grant_extension(make_context(session, None, now()), first, this_day() + timedelta(days=90 + _round), "ill")
            session.commit()
            at_once([act] * 3)
            assert_rows_say_what_facts_say(app, session)


def test_a_busy_database_gives_the_rows_of_before_and_says_so(committed: Flask) -> None:
    app = committed
    with app.extensions["course.sessions"].writing() as session:
        boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator", at=PAST)
        client = sign_in(Client(app), boss)
        assert "The figures are those of" not in client.get("/report").text
        make_person(session, "Kim Else", "kim@example.org", password=None, at=PAST)
        session.commit()
        # Another writer: on SQLite any transaction that writes, on PostgreSQL one that writes rows.
        session.execute(update(StandingsMark).values(checked_people=7))
        session.execute(update(Organisation).values(nation="england"))
        page = client.get("/report")
        assert "The figures are those of" in page.text
        assert "Kim Else" not in page.text
        session.rollback()
        assert "Kim Else" in client.get("/report").text


def run_check(app: Flask) -> None:
    kind = REGISTRY.by_name["standings.check"]
    with app.app_context():
        kind.run(JobRun(kind, Claim(1, 1, 1), {}, None, now(), lambda *_: None, now))


def test_the_nightly_check_is_recorded_and_finds_what_is_wrong(app: Flask, session: Session) -> None:
    make_person(session, at=PAST)
    assert_rows_say_what_facts_say(app, session)
    assert newest_check(session) is None
    run_check(app)
    at, people, differing = newest_check(session) or (None, 0, 0)
    assert (at is not None, people >= 1, differing) == (True, True, 0)
    session.execute(update(PersonStatus).values(email="other@example.org"))
    session.commit()
    run_check(app)
    assert (newest_check(session) or (None, 0, 0))[2] >= 1


def test_what_is_committed_while_changes_are_read_is_found_by_the_next_refresh(app: Flask, session: Session) -> None:
    """On PostgreSQL each statement sees what is committed by then: here a page is read after the state was."""
    library = app.extensions["course"].library.for_("school", "england")
    sam, kim = (make_person(session, name, f"{name}@example.org", at=PAST) for name in ("sam", "kim"))
    assert_rows_say_what_facts_say(app, session)
    grant_extension(make_context(session, None, now()), kim.id, this_day() + timedelta(days=90), "ill")
    session.commit()
    state = standings_state(session, this_day())
    record_page_read(make_context(session, sam.id, now()), *_first_page(library))
    session.commit()
    with app.app_context():
        step = jobs._plan(session, state, jobs._now(now()))
    assert step is not None
    assert list(step.ids) == [kim.id]
    assert write_standings(session, step)
    assert_rows_say_what_facts_say(app, session)
    started = session.execute(select(PersonStatus.started).where(PersonStatus.person_id == sam.id)).scalar_one()
    assert started == this_day()


def _learn_nearly_all(session: Session, library: Library, *people: int) -> None:
    for person in people:
        make_nearly_complete(session, library, person, now())
        session.commit()


def test_what_is_recorded_after_a_catch_up_has_begun_is_in_the_row_or_found_by_the_next_one(
    app: Flask, session: Session
) -> None:
    """A catch-up reads the clock once, and goes on until nothing is new."""
    library = app.extensions["course"].library.for_("school", "england")
    sam = make_person(session, at=PAST)
    assert_rows_say_what_facts_say(app, session)
    began = now()
    _learn_nearly_all(session, library, sam.id)
    with app.app_context():
        assert catch_up(began) == 1
    assert_rows_say_what_facts_say(app, session)
    assert (session.execute(select(PersonStatus.modules_done)).scalar() or 0) > 0


def test_a_row_that_an_earlier_release_left_behind_is_derived_anew_after_the_upgrade(committed: Flask) -> None:
    app, engine = committed, committed.extensions["course"].engine
    library = app.extensions["course"].library.for_("school", "england")
    with app.extensions["course.sessions"].writing() as session:
        sam = make_person(session, at=PAST)
        _learn_nearly_all(session, library, sam.id)
        assert_rows_say_what_facts_say(app, session)
        session.execute(update(PersonStatus).values(modules_done=1))
        session.commit()
    schema_upgrade.downgrade(engine, "0069")
    schema_upgrade.upgrade(engine)
    with app.extensions["course.sessions"].writing() as session:
        assert_rows_say_what_facts_say(app, session)
        assert (session.execute(select(PersonStatus.modules_done)).scalar() or 0) > 1


def test_the_check_takes_nothing_for_a_difference_that_was_recorded_after_it_had_begun(
    app: Flask, session: Session
) -> None:
    library = app.extensions["course"].library.for_("school", "england")
    sam, kim = (make_person(session, name, f"{name}@example.org", at=PAST) for name in ("sam", "kim"))
    assert_rows_say_what_facts_say(app, session)
    began = now()
    _learn_nearly_all(session, library, sam.id, kim.id)
    with app.app_context():
        catch_up(now())
        found = check_standings(began, None)
    assert (found.people, found.differences, found.cells) == (2, {}, 0)


def test_the_check_finds_nothing_wrong_while_people_learn(committed: Flask) -> None:
    app = committed
    library = app.extensions["course"].library.for_("school", "england")
    with app.extensions["course.sessions"].writing() as session:
        people = [make_person(session, f"P {n}", f"p{n}@example.org", password=None, at=PAST).id for n in range(12)]
        session.commit()
    left = list(people)

    def learn() -> int:
        done = 0
        while left:
            person = left.pop()
            with app.app_context(), app.extensions["course.sessions"].writing() as session:
                _learn_nearly_all(session, library, person)
            done += 1
        return done

    def check() -> int:
        differing = 0
        while left:
            with app.app_context():
                differing += check_standings(now(), None).differing
        return differing

    learnt, *differing = at_once([learn, check, check])
    assert (learnt, differing) == (12, [0, 0])
    with app.extensions["course.sessions"].writing() as session:
        assert_rows_say_what_facts_say(app, session)
