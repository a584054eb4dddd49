"""Erasure: whose data is erased, when, and what remains."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from course.audit import queries as audit
from course.audit.rules import integrity_faults
from course.certificates.models import Certificate
from course.context import make_context
from course.learning.models import Answer, Completion, Enrolment, Reflection
from course.people import actions as staff
from course.people.models import Person, PersonMerge
from course.privacy import actions
from course.privacy.jobs import run_erasure
from course.privacy.models import Erasure
from course.privacy.queries import retention_due, subject_data
from course.privacy.rules.personal_data_map import PERSONAL_DATA_TABLES
from course.privacy.rules.retention_schedule import RetentionSettings
from tests.conftest import NOW
from tests.makers import PASSWORD, make_person, set_password, sign_in
from tests.pages import Client
from tests.privacy.filling import EMAIL, MARK, THEN, count_rows, fill, tables_containing

ZONE = "Europe/London"
PLAN = RetentionSettings(contact_name="Jo Fictional", contact_email="jo@example.org")
ADDED = THEN - timedelta(days=30)


@pytest.fixture
def zebulon(session: Session) -> Person:
    """A person with a row in every table of the personal-data map."""
    person = make_person(session, f"{MARK} Fictional", EMAIL, at=ADDED)
    person.job_role = f"{MARK} keeper"
    fill(session, person)
    return person


def record_leaving(session: Session, person: Person, on: date, at: datetime) -> None:
    assert staff.record_departure(make_context(session, None, at), person.id, on, f"{MARK} moved") is None
    session.commit()


def set_plan(session: Session, plan: RetentionSettings = PLAN) -> None:
    actions.set_schedule(make_context(session, None, NOW), plan, "as advised")
    session.commit()


def erase(app: Flask, session: Session, at: datetime = NOW) -> dict[str, int]:
    with app.app_context():
        done = run_erasure(at)
    session.expire_all()
    return {stage: rows for stage, rows in done.rows.items() if rows}


@pytest.mark.both_engines
def test_subject_access_covers_every_table(session: Session, zebulon: Person) -> None:
    subject = subject_data.read_subject_data(session, zebulon.id, "secret")
    empty = {table for table in PERSONAL_DATA_TABLES if not subject.rows[table]}
    assert empty == {"erasure", "erasure_request"}
    assert all(
        not set(row) & set(PERSONAL_DATA_TABLES[table].excluded_columns)
        for table, rows in subject.rows.items()
        for row in rows
    )
    assert subject.rows["person"][0]["job_role"] == f"{MARK} keeper"
    assert {one.entry.what for one in subject.log} >= {"person.added", "password.set"}


def test_subject_access_excludes_data_about_others(session: Session, zebulon: Person) -> None:
    other = make_person(session, "Sam Okafor", "sam@example.org")
    subject = subject_data.read_subject_data(session, other.id, "secret")
    assert subject.non_empty_tables == {"person", "credential", "enrolment"}
    assert MARK not in repr(subject)
    assert zebulon.id not in {row["person_id"] for row in subject.rows["enrolment"]}


@pytest.mark.both_engines
def test_only_a_number_and_dates_remain_of_a_person_who_left(app: Flask, session: Session, zebulon: Person) -> None:
    set_plan(session)
    record_leaving(session, zebulon, date(2020, 6, 1), NOW)
    number = session.execute(select(Certificate.number)).scalar_one()
    assert set(erase(app, session)) == {"notes", "learning", "mail", "sign_in", "proof"}
    # Rows that other people need contain nothing about the person: the file name of an import, the key of a signature.
    assert tables_containing(session, "zebulon") <= {"bulk_change", "signing_key", "people_import", "registration_link"}
    gone = session.get_one(Person, zebulon.id)
    assert (gone.name, gone.job_role) == (f"Person {zebulon.id}", None)
    remaining = [
        table
        for table in ("membership", "employment", "enrolment", "certificate")
        if count_rows(session, table, zebulon.id)
    ]
    assert remaining == ["membership", "employment", "enrolment", "certificate"]
    page = Client(app).get(f"/verify/{number}")
    assert "Not kept any more" in page.text
    assert "4 May 2020" in page.text
    assert MARK not in page.html
    assert "stays" not in page.text
    assert not list(integrity_faults(audit.all_entries(session)))
    # A second run erases nothing.
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
def test_each_stage_is_erased_when_its_retention_time_is_over(
    app: Flask, session: Session, zebulon: Person, last_day: date, stages: set[str]
) -> None:
    set_plan(session)
    record_leaving(session, zebulon, last_day, NOW)
    assert {one.stage for one in retention_due.preview_erasure(session, PLAN, ZONE, NOW)} == stages
    assert set(erase(app, session)) == stages
    assert not session.execute(select(Reflection)).first()
    assert bool(session.execute(select(Answer)).first()) is ("learning" not in stages)
    person = session.get_one(Person, zebulon.id)
    assert person.name.startswith(MARK)
    assert person.email == (EMAIL if "mail" not in stages else f"person-{zebulon.id}@erased.invalid")
    if "learning" in stages:
        assert tables_containing(session, "zebulon person_change") == {
            "person_change"
        }  # the earlier name, with the proof


def test_without_a_schedule_only_notes_are_erased_automatically(app: Flask, session: Session, zebulon: Person) -> None:
    record_leaving(session, zebulon, date(2020, 6, 1), NOW)
    assert set(erase(app, session)) == {"notes"}


@pytest.mark.both_engines
def test_an_erasure_request_of_current_staff_keeps_their_training_record(
    app: Flask, session: Session, zebulon: Person
) -> None:
    set_plan(session)
    assert erase(app, session) == {}
    actions.request_erasure(make_context(session, None, NOW), zebulon.id, "asked")
    session.commit()
    assert set(erase(app, session)) == {"spare"}
    assert session.execute(select(Reflection)).first()
    assert session.execute(select(Answer)).first()
    assert count_rows(session, "credential", zebulon.id) == 1
    assert not count_rows(session, "registration_request", zebulon.id)
    assert erase(app, session, NOW + timedelta(hours=1)) == {}


@pytest.mark.both_engines
def test_an_erasure_request_of_a_leaver_keeps_only_the_proof(app: Flask, session: Session, zebulon: Person) -> None:
    record_leaving(session, zebulon, date(2026, 11, 20), NOW)
    assert actions.request_erasure(make_context(session, None, NOW), zebulon.id, "asked")
    assert not actions.request_erasure(make_context(session, None, NOW), zebulon.id, "asked again")
    session.commit()
    assert set(erase(app, session)) == {"notes", "learning", "mail", "sign_in"}
    number, name = session.execute(select(Certificate.number, Certificate.name)).one()
    assert name.startswith(MARK)
    assert name in Client(app).get(f"/verify/{number}").text
    rows = {row.stage: row for row in session.execute(select(Erasure)).scalars()}
    assert all(row.request_id for row in rows.values())
    assert rows["learning"].counts["answer"] == 1
    case = retention_due.erasure_case(session, zebulon.id, NOW)
    assert case is not None
    assert case.requested_at is None
    # Years later the schedule erases the rest.
    set_plan(session)
    assert set(erase(app, session, NOW + timedelta(days=7 * 365))) == {"proof"}
    assert session.get_one(Person, zebulon.id).erased_at is not None


def test_an_unfinished_refresher_does_not_count_as_completed_after_erasure(
    app: Flask, session: Session, zebulon: Person
) -> None:
    session.add(Enrolment(person_id=zebulon.id, kind="refresher", opened_at=THEN))
    record_leaving(session, zebulon, date(2026, 11, 20), NOW)
    actions.request_erasure(make_context(session, None, NOW), zebulon.id, "asked")
    session.commit()
    erase(app, session)
    kinds = session.execute(select(Enrolment.kind).where(Enrolment.person_id == zebulon.id)).scalars().all()
    assert kinds == ["initial"]


@pytest.mark.both_engines
def test_a_returning_person_starts_again_and_is_erased_again(app: Flask, session: Session, zebulon: Person) -> None:
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    refresher = Enrolment(person_id=zebulon.id, kind="refresher", opened_at=THEN)
    session.add(refresher)
    session.flush()
    session.add(Completion(enrolment_id=refresher.id, completed_at=THEN, content_version="x", edition="1"))
    record_leaving(session, zebulon, date(2026, 11, 1), NOW)
    actions.request_erasure(make_context(session, None, NOW), zebulon.id, "asked")
    session.commit()
    erase(app, session)
    session.execute(delete(PersonMerge))  # a merged entry cannot return
    session.commit()
    client = sign_in(Client(app), boss)
    form = {"first_day": "2026-11-23", "team": "", "reason": "is back"}
    answer = client.post(f"/people/{zebulon.id}/return", form)
    assert "Correct it, then send the invitation" in client.follow(answer).text
    session.expire_all()
    set_password(session, zebulon.id, PASSWORD)
    session.commit()
    back = sign_in(Client(app), session.get_one(Person, zebulon.id))
    for path in ("/", "/refresher", "/record", "/certificate", "/me/data"):
        back.get(path)
    session.add(Reflection(person_id=zebulon.id, ref="a/b", block="c", text="again", saved_at=NOW))
    record_leaving(session, session.get_one(Person, zebulon.id), date(2026, 11, 24), NOW + timedelta(days=3))
    assert erase(app, session, NOW + timedelta(days=3)) == {"notes": 1}


@pytest.mark.both_engines
def test_a_merged_entry_is_erased_together_with_the_surviving_one(
    app: Flask, session: Session, zebulon: Person
) -> None:
    set_plan(session)
    session.execute(delete(PersonMerge))
    first = make_person(session, "Sam Okafor", "sam@example.org", at=ADDED)
    staff.merge_people(make_context(session, None, NOW), zebulon.id, first.id, False, "twice")
    session.commit()
    later = NOW + timedelta(days=10 * 365)
    assert set(erase(app, session, later)) == {"notes"}
    assert (
        subject_data.merged_person_ids(session, first.id)
        == subject_data.merged_person_ids(session, zebulon.id)
        == sorted([first.id, zebulon.id])
    )
    assert f"{MARK} Fictional" in {
        row["name"] for row in subject_data.read_subject_data(session, first.id, "x").rows["person"]
    }
    record_leaving(session, first, later.date(), later)
    actions.request_erasure(make_context(session, None, later), first.id, "asked")
    session.commit()
    erase(app, session, later + timedelta(days=1))
    assert not session.execute(select(Answer)).first()
    last = later + timedelta(days=6 * 366)
    assert set(erase(app, session, last)) == {"proof"}
    assert tables_containing(session, "zebulon") <= {"bulk_change", "signing_key", "people_import", "registration_link"}


@pytest.mark.both_engines
@pytest.mark.parametrize("asked_first", [True, False])
def test_an_erasure_request_of_a_merged_entry_keeps_the_record_of_who_still_works_here(
    app: Flask, session: Session, zebulon: Person, asked_first: bool
) -> None:
    session.execute(delete(PersonMerge))
    second = make_person(session, "Z. Fictional", "second@example.org", at=ADDED)
    session.commit()
    context = make_context(session, None, NOW)
    deeds: list[Callable[[], object]] = [
        lambda: actions.request_erasure(context, second.id, "asked"),
        lambda: staff.merge_people(context, second.id, zebulon.id, False, "twice"),
    ]
    for deed in deeds if asked_first else deeds[::-1]:
        deed()
    session.commit()
    assert set(erase(app, session, NOW + timedelta(days=1))) <= {"spare", "notes"}
    assert session.execute(select(Answer)).first()
    assert session.get_one(Person, zebulon.id).email == EMAIL
    assert count_rows(session, "credential", zebulon.id) == 1
    assert count_rows(session, "reflection", zebulon.id) == 1
    case = retention_due.erasure_case(session, second.id, NOW)
    assert case is not None
    assert case.requested_at is None


@pytest.mark.both_engines
def test_an_erased_administrator_remains_an_administrator(app: Flask, session: Session) -> None:
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    assert staff.record_departure(make_context(session, None, NOW), boss.id, NOW.date(), "x") is not None
    actions.request_erasure(make_context(session, boss.id, NOW), boss.id, "asked")
    session.commit()
    erase(app, session)
    assert sign_in(Client(app), boss).get("/privacy/report").h1 == "What was erased"
