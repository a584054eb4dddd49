"""`flask doctor`: content with a sound database, and each thing that must not be is found and comes with what to do."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from course.clock import now
from course.health import jobs as health_jobs
from course.health import queries
from course.health.queries.violations import STATEMENTS
from course.health.rules import (
    SENTENCES,
    CertificateDates,
    Examination,
    Finding,
    Sentence,
    Violations,
    certificate_mistake,
    examination_lines,
    violation_finding,
)
from course.standings.actions import record_check
from course.standings.jobs import catch_up
from course.web.unit_of_work import unit_of_work
from tests.conftest import PEOPLES_PASSWORD, make_app
from tests.makers import make_person

ADVICE = Sentence("learning", "{count} rows are odd", "row", "Do this.")


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Violations(0, ()), None),
        (Violations(2, (4, 9)), "2 rows are odd (row 4, 9)."),
        (Violations(1200, (1, 2, 3, 4, 5)), "1,200 rows are odd (row 1, 2, 3, 4, 5, …)."),
    ],
)
def test_rows_that_break_a_rule_are_counted_and_the_first_are_named(found: Violations, words: str | None) -> None:
    finding = violation_finding(ADVICE, found)
    assert (finding and finding.words) == words
    assert finding is None or (finding.advice, finding.is_fault) == ("Do this.", True)


@pytest.mark.parametrize(
    ("completed_on", "valid_until", "words"),
    [
        (date(2026, 3, 1), date(2027, 3, 1), None),
        (date(2026, 3, 2), date(2027, 3, 1), None),
        (date(2026, 2, 28), date(2026, 2, 28), None),
        (date(2026, 3, 3), date(2027, 3, 1), "another day"),
        (date(2026, 3, 1), date(2026, 2, 27), "ends before it begins"),
    ],
)
def test_the_days_of_a_certificate(completed_on: date, valid_until: date, words: str | None) -> None:
    mistake = certificate_mistake(
        CertificateDates(7, completed_on, valid_until, datetime(2026, 3, 1, 23, 50, tzinfo=UTC))
    )
    assert mistake is None if words is None else words in (mistake or "")


def test_a_note_is_no_fault() -> None:
    note, fault = Finding("A look.", "Look.", is_fault=False), Finding("Broken.", "Mend.")
    assert Examination("mail", 3, (note,)).is_sound
    assert not Examination("mail", 3, (note, fault)).is_sound
    lines = list(examination_lines([Examination("mail", 3000, (note,)), Examination("jobs", 1, (fault,))]))
    assert lines[:3] == ["note  mail (3,000 looked at)", "      Note: A look.", "      What to do: Look."]
    assert lines[3:] == ["FAULT jobs (1 looked at)", "      Broken.", "      What to do: Mend."]


def test_every_rule_has_a_statement_and_says_what_to_do() -> None:
    assert set(SENTENCES) == set(STATEMENTS)
    for sentence in SENTENCES.values():
        assert "{count}" in sentence.words
        assert sentence.advice.endswith(".")
        assert sentence.area in queries.AREAS


@pytest.mark.both_engines
def test_everything_can_be_looked_at_on_both_engines(app: Flask, session: Session) -> None:
    person = make_person(session)
    with app.app_context():
        found = {one.area: one for one in health_jobs.examine(now())}
    assert list(found) == [
        "database", "references", "counters", "certificates", "learning", "content", "outbox", "jobs", "standings",
        "kept rows", "audit", "clock", "key", "backups", "files",
    ]  # fmt: skip
    assert found["references"].looked_at > 100
    assert [one.area for one in found.values() if not one.is_sound] == []
    assert found["standings"].looked_at == 1
    assert person.id


def test_rows_that_were_kept_otherwise_than_they_are_are_a_fault(app: Flask, session: Session) -> None:
    make_person(session)
    session.commit()
    with app.app_context():
        assert "not been compared yet" in health_jobs._kept_rows(session, now()).findings[0].words
        catch_up(now())
        for differing, checked_at, is_sound, notes in ((0, now(), True, 0), (0, now() - timedelta(days=4), True, 1),
                                                       (2, now(), False, 1)):  # fmt: skip
            record_check(session, checked_at, 1000, differing)
            session.commit()
            found = health_jobs._kept_rows(session, now())
            assert (found.looked_at, found.is_sound, len(found.findings)) == (1000, is_sound, notes)


@pytest.mark.both_engines
def test_a_counter_that_is_behind_is_found(session: Session) -> None:
    if session.get_bind().dialect.name == "sqlite":
        assert queries.counters_behind(session) == (0, [])
        return
    make_person(session)
    looked_at, behind = queries.counters_behind(session)
    assert looked_at > 50
    assert behind == []
    session.execute(
        text(
            "insert into backup (id, file, size, made_at) select coalesce(max(id), 0) + 5000, 'x', 1, now() from backup"
        )
    )
    assert [table for table, _ in queries.counters_behind(session)[1]] == ["backup"]


@pytest.fixture(scope="module")
def patient(demo_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The demonstration, in which each test breaks something that is mended afterwards."""
    file = Path(shutil.copy(demo_file, tmp_path_factory.mktemp("patient") / "patient.db"))
    file.chmod(0o600)
    app = make_app(f"sqlite:///{file}", DEMO_PASSWORD=PEOPLES_PASSWORD)
    app.extensions["course"].engine.connect().close()
    yield app
    app.extensions["course"].engine.dispose()


# What is done to the demonstration, and which rule is broken by it. One row is concerned where no number is given.
INJURIES = [
    ("update certificate set completion_id = null where false; delete from signed_credential where certificate_id = {c}; "
     "delete from certificate where id = {c}", "completion_without_certificate"),
    ("update certificate set person_id = person_id + 1 where id = {c}", "certificate_of_somebody_else"),
    ("update certificate set replaces = (select max(id) from certificate where id <> {c}) where id = {c}",
     "replacement_not_recorded"),
    ("insert into certificate_change (certificate_id, kind, reason, changed_at) values ({c}, 'replaced', 'x', '2026-01-01')",
     "replaced_by_nothing revocation_not_published"),
    ("insert into certificate_change (certificate_id, kind, reason, changed_at) values ({c}, 'revoked', 'x', '2026-01-01')",
     "revocation_not_published"),
    ("delete from signed_credential where certificate_id = {c}", "certificate_without_signature"),
    ("delete from answer where item_id = (select max(i.id) from attempt_item i join attempt_outcome o "
     "on o.attempt_id = i.attempt_id)", "outcome_without_all_answers"),
    ("delete from attempt_outcome where attempt_id = (select max(o.attempt_id) from attempt_outcome o join attempt a "
     "on a.id = o.attempt_id where a.kind = 'check')", "answers_without_outcome"),
    ("delete from decision where run_id = (select max(run_id) from run_outcome)", "ending_without_decision"),
    ("update attempt_outcome set passed = 0 where attempt_id in (select id from attempt where kind = 'final' and "
     "enrolment_id = {e})", "completion_without_passing"),
    ("update enrolment set opened_at = '2030-01-01 00:00:00.000000' where id = {e}", "completion_before_enrolment"),
    ("update attempt_item set version = 'gone' where id = (select max(item_id) from answer)", "question_not_archived"),
    ("update scenario_run set version = 'gone' where id = (select max(id) from scenario_run)", "story_not_archived"),
    ("update page_read set version = 'gone' where id = (select max(id) from page_read)", "page_not_archived"),
    ("{mail} '2026-01-01', '2026-01-01', 0, null, null, null)", "mail_stuck mail_for_ever"),
    ("{mail} '2026-01-01', null, 3, '2026-01-02', null, null)", "mail_without_result"),
    ("{job} 'running', '2026-01-01', null, '2026-01-01')", "job_without_worker"),
    ("{job} 'waiting', '2026-01-01', null, null)", "job_not_begun"),
]  # fmt: skip
MAIL = (
    "insert into outbox_mail (key, mark, recipient, subject, text, queued_at, next_try_at, tries, claimed_at, sent_at, "
    "withheld) values ('k', 'm', 'sam@example.org', 's', 't',"
)
JOB = (
    "insert into job (kind, lane, arguments, stage, done, total, attempts, claims, created_at, state, not_before, "
    "ended_at, lease_until) values ('mail.send', 'mail', '{}', '', 0, 1, 0, 0, '2026-01-01',"
)


def broken_rules(session: Session, at: datetime) -> dict[str, int]:
    found = {name: queries.violations(session, name, at).count for name in STATEMENTS}
    return {name: count for name, count in found.items() if count}


def test_the_demonstration_breaks_no_rule(patient: Flask) -> None:
    with Session(patient.extensions["course"].engine) as session:
        assert broken_rules(session, now()) == {}
        assert queries.dangling_references(session)[1] == []
        assert [one for one in queries.certificate_dates(session) if certificate_mistake(one)] == []


@pytest.mark.parametrize(("injury", "expected"), INJURIES, ids=[names for _, names in INJURIES])
def test_each_injury_is_found(patient: Flask, injury: str, expected: str) -> None:
    with Session(patient.extensions["course"].engine) as session:
        certificate, enrolment = session.execute(
            text(
                "select c.id, p.enrolment_id from certificate c join completion p on p.id = c.completion_id join attempt a "
                "on a.enrolment_id = p.enrolment_id and a.kind = 'final' where c.kind = 'initial' order by c.id limit 1"
            )
        ).one()
        for statement in injury.split("; "):
            words = statement.replace("{c}", str(certificate)).replace("{e}", str(enrolment))
            session.connection().exec_driver_sql(words.replace("{mail}", MAIL).replace("{job}", JOB))
        assert set(broken_rules(session, now())) == set(expected.split())
        session.rollback()


def test_rows_dated_ahead_are_found(patient: Flask) -> None:
    with Session(patient.extensions["course"].engine) as session:
        assert queries.moments_ahead(session, now())[1].count == 0
        looked_at, ahead = queries.moments_ahead(session, datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=1))
    assert 0 < ahead.count <= looked_at


def doctor(app: Flask, *options: str) -> Result:
    return app.test_cli_runner().invoke(args=["doctor", *options])


@pytest.fixture
def copied(demo_file: Path, tmp_path: Path) -> Path:
    """A copy of the demonstration that may be broken."""
    file = tmp_path / "course.db"
    shutil.copy(demo_file, file)
    file.chmod(0o600)
    return file


def test_the_command_is_content_with_a_sound_database_and_changes_nothing(copied: Path) -> None:
    app = make_app(f"sqlite:///{copied}")
    before = dump(copied)
    done = doctor(app)
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "There is no fault."), done.output
    found = json.loads(doctor(app, "--json").stdout)
    assert found["sound"] is True
    assert [one["area"] for one in found["examined"] if any(f["is_fault"] for f in one["findings"])] == []
    assert dump(copied) == before


def dump(file: Path) -> list[tuple[str, int]]:
    """How many rows each table has."""
    with closing(sqlite3.connect(file)) as database:
        names = [
            name for (name,) in database.execute("select name from sqlite_master where type = 'table' order by name")
        ]
        return [(name, database.execute(f'select count(*) from "{name}"').fetchone()[0]) for name in names]


def test_the_command_finds_missing_rows_a_changed_log_and_open_files_and_ends_with_1(copied: Path) -> None:
    with closing(sqlite3.connect(copied)) as database:
        database.execute("delete from attempt where id = (select min(id) from attempt)")
        triggers = database.execute(
            "select name from sqlite_master where type = 'trigger' and tbl_name = 'audit_entry'"
        )
        for (name,) in triggers.fetchall():
            database.execute(f'drop trigger "{name}"')
        database.execute("update audit_entry set actor_id = 99 where number = 5")
        database.commit()
    copied.chmod(0o644)
    app = make_app(f"sqlite:///{copied}")
    done = doctor(app, "--json")
    assert done.exit_code == 1
    found = {one["area"]: one["findings"] for one in json.loads(done.stdout)["examined"]}
    assert any(
        "rows of attempt_item refer to a row of attempt that is missing" in f["words"] for f in found["references"]
    )
    assert "Entry 5" in found["audit"][0]["words"]
    assert found["files"][0]["advice"] == f"Run: chmod 600 {copied}"
    assert "@" not in done.stdout  # people are named by their numbers


def test_another_secret_key_is_found(fresh_app: Flask, tmp_path: Path) -> None:
    from course.server.actions import check_secret_key  # noqa: PLC0415

    with fresh_app.app_context(), unit_of_work() as session:
        check_secret_key(session, "another key than the one of the tests 0123456789", now())
    (tmp_path / "fresh.db").chmod(0o600)
    done = doctor(fresh_app)
    assert done.exit_code == 1
    assert "SECRET_KEY is not the one of this database." in done.stdout
