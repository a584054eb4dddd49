"""Events since a cursor: each once and in order, whoever writes at the same moment; and certificates that expire."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.api.jobs import JOBS
from course.api_tokens.models import ApiToken
from course.audit.models import AuditEntry
from course.clock import now
from course.context import make_context
from course.jobs.rules import Claim, JobRun
from course.people.actions import add_person, merge_people, record_departure
from course.people.models import Person
from course.standings.models import PersonStatus
from course.web.unit_of_work import unit_of_work
from tests.api.makers import Program, make_owner, token_of
from tests.api.world import complete, fill_teams
from tests.makers import make_person, make_team
from tests.support.days import form_day, this_day
from tests.support.racing import at_once


def since_now(reader: Program) -> str:
    """The cursor after all that has happened."""
    answer: dict[str, Any] = reader.read("/events?limit=500")
    while answer["has_more"]:
        answer = reader.read(f"/events?limit=500&cursor={answer['next_cursor']}")
    return str(answer["next_cursor"])


@pytest.mark.both_engines
def test_what_happens_to_somebody_comes_once_and_in_order(app: Flask, session: Session) -> None:
    reader = Program(app, token_of(session, make_owner(session)))
    cursor = since_now(reader)
    quiet = reader.read(f"/events?cursor={cursor}")
    assert (quiet["data"], quiet["has_more"]) == ([], False)
    person = make_person(session, "Cleo Ash", "cleo@example.org", team=make_team(session, "Nursery"), at=now())
    complete(session, person)
    record_departure(make_context(session, None, now()), person.id, this_day(), "moved away")
    session.commit()
    answer = reader.read(f"/events?cursor={cursor}")
    types = [one["type"] for one in answer["data"]]
    assert types == ["joined", "completed", "certified", "left", "team_left"]
    assert {one["person_id"] for one in answer["data"]} == {person.id}
    assert answer["data"][3]["day"] == form_day()
    assert answer["data"][4]["team"] == "Nursery"
    assert "moved away" not in str(answer)
    again, one_by_one = cursor, []
    while True:
        page = reader.read(f"/events?limit=1&cursor={again}")
        one_by_one += page["data"]
        again = page["next_cursor"]
        if not page["has_more"]:
            break
    assert one_by_one == answer["data"]
    assert [one["type"] for one in reader.read(f"/events?type=certified&cursor={cursor}")["data"]] == ["certified"]
    soon = (now() + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert reader.read(f"/events?since={soon}")["data"] == []
    # The second entry of somebody ends, and nobody has left.
    second, first, last = (
        make_person(session, "Dan Fir", f"dan{number}@example.org", at=now()) for number in (1, 2, 3)
    )
    complete(session, second)
    session.commit()
    cursor = since_now(reader)
    assert merge_people(make_context(session, None, now()), second.id, first.id, False, "the same") is None
    session.commit()
    merged = reader.read(f"/events?cursor={cursor}")["data"]
    assert [(one["type"], one["person_id"], one["into_person_id"]) for one in merged] == [
        ("merged", second.id, first.id)
    ]
    # What the entry did is in the lists as that of the entry that goes on, also after another merge.
    assert merge_people(make_context(session, None, now()), first.id, last.id, False, "the same") is None
    session.commit()
    for name in ("completions", "certificates"):
        assert [one["person_id"] for one in reader.read(f"/{name}")["data"]] == [last.id], name


def test_an_event_that_is_committed_late_is_not_missed(committed: Flask) -> None:
    with committed.app_context(), unit_of_work() as session:
        owner = make_owner(session)
        reader = Program(committed, token_of(session, owner))
    cursor = since_now(reader)
    sessions = committed.extensions["course.sessions"]
    is_sqlite = committed.extensions["course"].engine.dialect.name == "sqlite"
    with committed.app_context(), sessions.writing() as slow:
        # It began first, and is committed last. SQLite lets one transaction write at a time, so there is no quick one.
        late = add_person(make_context(slow, None, now()), "Late Person", "late@example.org", None, "learner")
        assert isinstance(late, Person)
        slow.flush()
        if not is_sqlite:
            with unit_of_work() as quick:
                add_person(make_context(quick, None, now()), "Early Person", "early@example.org", None, "learner")
            answer = reader.read(f"/events?type=joined&cursor={cursor}")
            assert len(answer["data"]) == 1
            cursor = answer["next_cursor"]
            assert reader.read(f"/events?cursor={cursor}")["data"] == []
        slow.commit()
        found = reader.read(f"/events?type=joined&cursor={cursor}")["data"]
        assert [one["person_id"] for one in found] == [late.id]


def test_a_program_that_polls_while_many_write_gets_each_event_once(committed: Flask) -> None:
    with committed.app_context(), unit_of_work() as session:
        reader = Program(committed, token_of(session, make_owner(session)))
    cursor, seen = since_now(reader), list[int]()

    def add(number: int) -> Callable[[], int]:
        def run() -> int:
            with committed.app_context(), unit_of_work() as unit:
                added = add_person(
                    make_context(unit, None, now()), f"Person {number}", f"p{number}@example.org", None, "learner"
                )
                assert isinstance(added, Person)
                unit.flush()
                return added.id

        return run

    def poll() -> int:
        nonlocal cursor
        for _ in range(12):
            page = reader.read(f"/events?type=joined&limit=2&cursor={cursor}")
            seen.extend(one["person_id"] for one in page["data"])
            cursor = page["next_cursor"]
        return 0

    added = set(at_once([poll, *(add(number) for number in range(8))])) - {0}
    poll()
    assert len(added) == 8
    assert sorted(seen) == sorted(added)


def run_job(app: Flask) -> None:
    with app.app_context():
        (kind,) = JOBS
        kind.run(JobRun(kind, Claim(1, 1, 1), {}, None, now(), lambda *_: None, now))


def test_a_certificate_that_expires_is_an_event_once_whoever_looks(committed: Flask) -> None:
    with committed.app_context(), unit_of_work() as session:
        owner = make_owner(session)
        teams, inside, _outside = fill_teams(session)
        everyone, office = (Program(committed, token_of(session, owner, team=team)) for team in (None, teams["Office"]))
    cursor = since_now(everyone)
    person = min(inside)
    run_job(committed)
    assert everyone.read(f"/events?cursor={cursor}")["data"] == []
    yesterday = this_day() - timedelta(days=1)
    with committed.app_context(), unit_of_work() as session:
        session.execute(update(PersonStatus).where(PersonStatus.person_id == person).values(valid_until=yesterday))
        session.execute(update(ApiToken).values(made_at=now() - timedelta(days=3)))

    def run() -> int:
        run_job(committed)
        return 1

    assert sum(at_once([run] * 3)) == 3
    (event,) = everyone.read(f"/events?cursor={cursor}")["data"]
    assert (event["type"], event["person_id"], event["day"]) == ("expired", person, yesterday.isoformat())
    with committed.app_context(), unit_of_work() as session:
        noted = (
            session.execute(select(AuditEntry.subject_id).where(AuditEntry.what == "certificate.expired"))
            .scalars()
            .all()
        )
    assert noted == [person]
    assert office.read(f"/events?type=expired&cursor={cursor}")["data"] == []


def test_nothing_is_noted_about_certificates_that_expired_before_there_was_a_token(committed: Flask) -> None:
    with committed.app_context(), unit_of_work() as session:
        owner = make_owner(session)
        _teams, inside, _outside = fill_teams(session)
    run_job(committed)
    with committed.app_context(), unit_of_work() as session:
        reader = Program(committed, token_of(session, owner))
        before = this_day() - timedelta(days=1)
        session.execute(update(PersonStatus).where(PersonStatus.person_id == min(inside)).values(valid_until=before))
    run_job(committed)
    assert reader.read("/events?type=expired")["data"] == []
