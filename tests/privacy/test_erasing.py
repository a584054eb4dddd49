"""Who is erased, when, and what is left of them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from course.audit import queries as audit
from course.audit.rules import integrity_faults
from course.certificates.models import Certificate
from course.learning.models import Answer, Completion, Enrolment, Reflection
from course.people.models import Person
from course.privacy import actions
from course.privacy.commands import run
from course.privacy.models import Erasure
from course.privacy.queries import retention_due, subject_data
from course.privacy.rules.personal_data_map import PLACES
from course.privacy.rules.retention_schedule import Schedule
from course.staff import actions as staff
from course.staff.models import PersonMerge
from tests.conftest import NOW
from tests.makers import PASSWORD, make_person, set_password, sign_in
from tests.pages import Client
from tests.privacy.filling import EMAIL, MARK, THEN, count, everywhere, fill

ZONE = "Europe/London"
PLAN = Schedule(contact_name="Jo Fictional", contact_email="jo@example.org")
ADDED = THEN - timedelta(days=30)


@pytest.fixture
def zebulon(session: Session) -> Person:
    """Somebody of whom there is a row in every place."""
    made = make_person(session, f"{MARK} Fictional", EMAIL, at=ADDED)
    fill(session, made)
    return made


def gone(session: Session, person: Person, on: date, at: datetime) -> None:
    assert staff.record_departure(session, person.id, on, f"{MARK} moved", ZONE, None, at) is None
    session.commit()


def set_plan(session: Session, plan: Schedule = PLAN) -> None:
    actions.set_schedule(session, plan, "as advised", None, NOW)
    session.commit()


def erase(app: Flask, session: Session, at: datetime = NOW) -> dict[str, int]:
    with app.app_context():
        done = run(at)
    session.expire_all()
    return {stage: rows for stage, rows in done.rows.items() if rows}


def test_everything_about_somebody_is_in_what_they_get(session: Session, zebulon: Person) -> None:
    found = subject_data.holding(session, zebulon.id, "secret")
    empty = {table for table in PLACES if not found.rows[table]}
    assert empty == {"erasure", "erasure_request"}
    assert all(not set(row) & set(PLACES[table].secret) for table, rows in found.rows.items() for row in rows)
    assert {one.entry.what for one in found.log} >= {"person.added", "password.set"}


def test_nobody_gets_what_is_about_another(session: Session, zebulon: Person) -> None:
    other = make_person(session, "Sam Okafor", "sam@example.org")
    found = subject_data.holding(session, other.id, "secret")
    assert found.filled == {"person", "credential", "enrolment"}
    assert MARK not in repr(found)
    assert zebulon.id not in {row["person_id"] for row in found.rows["enrolment"]}


def test_nothing_of_who_left_is_left_but_a_number_with_dates(app: Flask, session: Session, zebulon: Person) -> None:
    set_plan(session)
    gone(session, zebulon, date(2020, 6, 1), NOW)
    number = session.execute(select(Certificate.number)).scalar_one()
    assert set(erase(app, session)) == {"notes", "learning", "mail", "sign_in", "proof"}
    # What stands in rows that others need is about nobody: the file's name of a list, the key of a signature.
    assert everywhere(session, "zebulon") <= {"signing_key", "people_import", "registration_link"}
    assert session.get_one(Person, zebulon.id).name == f"Person {zebulon.id}"
    kept = [
        table for table in ("membership", "employment", "enrolment", "certificate") if count(session, table, zebulon.id)
    ]
    assert kept == ["membership", "employment", "enrolment", "certificate"]
    page = Client(app).get(f"/verify/{number}")
    assert "Not kept any more" in page.text
    assert "4 May 2020" in page.text
    assert MARK not in page.html
    assert "stays" not in page.text
    assert not list(integrity_faults(audit.all_entries(session)))
    # Once more, nothing.
    before = session.execute(select(func.count(Erasure.id))).scalar_one()
    assert erase(app, session, NOW + timedelta(hours=1)) == {}
    assert session.execute(select(func.count(Erasure.id))).scalar_one() == before


@pytest.mark.parametrize(
    ("last_day", "stages"),
    [
        (date(2026, 11, 20), {"notes"}),
        (date(2026, 8, 23), {"notes", "sign_in"}),  # 91 days ago
        (date(2025, 11, 22), {"notes", "sign_in"}),  # today is the last day of the year
        (date(2025, 11, 21), {"notes", "sign_in", "learning", "mail"}),
    ],
)
def test_each_kind_goes_when_its_time_has_run_out(
    app: Flask, session: Session, zebulon: Person, last_day: date, stages: set[str]
) -> None:
    set_plan(session)
    gone(session, zebulon, last_day, NOW)
    assert {one.stage for one in retention_due.effects(session, PLAN, ZONE, NOW)} == stages
    assert set(erase(app, session)) == stages
    assert not session.execute(select(Reflection)).first()
    assert bool(session.execute(select(Answer)).first()) is ("learning" not in stages)
    person = session.get_one(Person, zebulon.id)
    assert person.name.startswith(MARK)
    assert person.email == (EMAIL if "mail" not in stages else f"person-{zebulon.id}@erased.invalid")
    if "learning" in stages:
        assert everywhere(session, "zebulon person_change") == {"person_change"}  # the earlier name, with the proof


def test_without_a_schedule_only_notes_go_by_themselves(app: Flask, session: Session, zebulon: Person) -> None:
    gone(session, zebulon, date(2020, 6, 1), NOW)
    assert set(erase(app, session)) == {"notes"}


def test_who_works_here_keeps_what_their_training_rests_on(app: Flask, session: Session, zebulon: Person) -> None:
    set_plan(session)
    assert erase(app, session) == {}
    actions.ask(session, zebulon.id, "asked", None, NOW)
    session.commit()
    assert set(erase(app, session)) == {"spare"}
    assert session.execute(select(Reflection)).first()
    assert session.execute(select(Answer)).first()
    assert count(session, "credential", zebulon.id) == 1
    assert not count(session, "registration_request", zebulon.id)
    assert erase(app, session, NOW + timedelta(hours=1)) == {}


def test_who_left_and_asks_keeps_the_proof_only(app: Flask, session: Session, zebulon: Person) -> None:
    gone(session, zebulon, date(2026, 11, 20), NOW)
    assert actions.ask(session, zebulon.id, "asked", None, NOW)
    assert not actions.ask(session, zebulon.id, "asked again", None, NOW)
    session.commit()
    assert set(erase(app, session)) == {"notes", "learning", "mail", "sign_in"}
    number, name = session.execute(select(Certificate.number, Certificate.name)).one()
    assert name.startswith(MARK)
    assert name in Client(app).get(f"/verify/{number}").text
    rows = {row.stage: row for row in session.execute(select(Erasure)).scalars()}
    assert all(row.request_id for row in rows.values())
    assert rows["learning"].counts["answer"] == 1
    case = retention_due.case(session, zebulon.id, NOW)
    assert case is not None
    assert case.waiting is None
    # Years later the schedule takes the rest.
    set_plan(session)
    assert set(erase(app, session, NOW + timedelta(days=7 * 365))) == {"proof"}
    assert session.get_one(Person, zebulon.id).erased_at is not None


def test_a_refresher_that_was_not_finished_does_not_count_as_done_without_its_parts(
    app: Flask, session: Session, zebulon: Person
) -> None:
    session.add(Enrolment(person_id=zebulon.id, kind="refresher", opened_at=THEN))
    gone(session, zebulon, date(2026, 11, 20), NOW)
    actions.ask(session, zebulon.id, "asked", None, NOW)
    session.commit()
    erase(app, session)
    kinds = session.execute(select(Enrolment.kind).where(Enrolment.person_id == zebulon.id)).scalars().all()
    assert kinds == ["initial"]


def test_who_comes_back_begins_anew_and_loses_it_again(app: Flask, session: Session, zebulon: Person) -> None:
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    refresher = Enrolment(person_id=zebulon.id, kind="refresher", opened_at=THEN)
    session.add(refresher)
    session.flush()
    session.add(Completion(enrolment_id=refresher.id, completed_at=THEN, content_version="x", edition="1"))
    gone(session, zebulon, date(2026, 11, 1), NOW)
    actions.ask(session, zebulon.id, "asked", None, NOW)
    session.commit()
    erase(app, session)
    session.execute(delete(PersonMerge))  # who became part of somebody else does not come back by themselves
    session.commit()
    client = sign_in(Client(app), boss)
    form = {"first_day": "2026-11-23", "team": "", "reason": "is back"}
    answer = client.post(f"/people/{zebulon.id}/return", form)
    assert "correct it, then send the invitation" in client.follow(answer).text
    session.expire_all()
    set_password(session, zebulon.id, PASSWORD)
    session.commit()
    back = sign_in(Client(app), session.get_one(Person, zebulon.id))
    for path in ("/", "/refresher", "/record", "/certificate", "/me/data"):
        back.get(path)
    session.add(Reflection(person_id=zebulon.id, ref="a/b", block="c", text="again", saved_at=NOW))
    gone(session, session.get_one(Person, zebulon.id), date(2026, 11, 24), NOW + timedelta(days=3))
    assert erase(app, session, NOW + timedelta(days=3)) == {"notes": 1}


def test_of_two_entries_the_earlier_one_waits_for_the_other(app: Flask, session: Session, zebulon: Person) -> None:
    set_plan(session)
    session.execute(delete(PersonMerge))
    first = make_person(session, "Sam Okafor", "sam@example.org", at=ADDED)
    staff.merge_people(session, zebulon.id, first.id, False, "twice", ZONE, None, NOW)
    session.commit()
    later = NOW + timedelta(days=10 * 365)
    assert set(erase(app, session, later)) == {"notes"}
    assert (
        subject_data.entries_of(session, first.id)
        == subject_data.entries_of(session, zebulon.id)
        == sorted([first.id, zebulon.id])
    )
    assert f"{MARK} Fictional" in {row["name"] for row in subject_data.holding(session, first.id, "x").rows["person"]}
    gone(session, first, later.date(), later)
    actions.ask(session, first.id, "asked", None, later)
    session.commit()
    erase(app, session, later + timedelta(days=1))
    assert not session.execute(select(Answer)).first()
    last = later + timedelta(days=6 * 366)
    assert set(erase(app, session, last)) == {"proof"}
    assert everywhere(session, "zebulon") <= {"signing_key", "people_import", "registration_link"}


def test_an_administrator_who_is_erased_stays_one(app: Flask, session: Session) -> None:
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    assert staff.record_departure(session, boss.id, NOW.date(), "x", ZONE, None, NOW) is not None
    actions.ask(session, boss.id, "asked", boss.id, NOW)
    session.commit()
    erase(app, session)
    assert sign_in(Client(app), boss).get("/privacy/report").h1 == "What was erased"
