"""A long list is written in portions that others can come between, and always to its end. On both engines."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from course.audit.commands import verify_log
from course.audit.models import AuditEntry
from course.clock import now
from course.context import Context, make_context
from course.learning.models import Enrolment
from course.mail.models import OutboxMail
from course.people import actions as people
from course.people.models import Membership, Person, Team
from course.people_import import actions, jobs, queries
from course.people_import.actions.applying import ANOTHER_IMPORT, PERSON_ADDED, PERSON_CHANGED, TEAM_CLOSED
from course.people_import.jobs import LINE_FAILED
from course.people_import.models import ImportRun, PeopleImport
from course.people_import.rules.journal import JournalStep, dump_journal
from course.people_import.rules.preview import load_preview
from course.web.unit_of_work import read_only_session, unit_of_work
from tests.conftest import NOW, SECRET
from tests.makers import make_organisation, make_person, make_team, sign_in
from tests.pages import Client
from tests.people_import.lists import ZONE, look, start
from tests.support.days import this_day
from tests.support.jobs import run_waiting_jobs
from tests.support.racing import at_once, overtaken
from tests.support.rows import count

ROOT = Path(__file__).resolve().parents[2]
HEADINGS = "Email,Name,Team,Employee ID\n"


def row(number: int, team: str | None = None) -> str:
    words = "".join(chr(97 + number // 26**place % 26) for place in range(3))
    return f"p{number}@example.org,Person {words.title()},{team or f'Site {number % 5}'},N{number}\n"


def many(rows: int) -> str:
    return HEADINGS + "".join(map(row, range(rows)))


@pytest.fixture
def office(committed: Flask) -> Iterator[Flask]:
    """An organisation with an administrator, on a database that really commits."""
    with committed.app_context():
        with unit_of_work() as session:
            make_organisation(session)
            make_person(session, "Alex Morgan", "alex@example.org", "administrator")
        yield committed


def begin(text: str, invites: bool = False) -> int:
    """Upload and preview a list, and press the button; nothing is written yet."""
    with unit_of_work() as session:
        import_id, plan = look(session, text, invites)
    with unit_of_work() as session:
        assert actions.begin_apply(make_context(session, None, now()), import_id, plan.fingerprint)
    return import_id


def write_journal(import_id: int) -> Sequence[JournalStep]:
    """Store the journal of a list: from here on it is written to its end."""
    with read_only_session() as session:
        table = queries.stored_table(session, import_id)
        assert table is not None
        choices = queries.import_choices(session, import_id, table)
        draft = queries.draft_import(session, table, choices, ZONE, NOW)
    with unit_of_work() as session:
        start(session, import_id, draft)
    with read_only_session() as session:
        return queries.stored_journal(session, import_id)[0]


def write_some(import_id: int, steps: Sequence[JournalStep]) -> int:
    """Write the first lines that are left."""
    with unit_of_work() as session:
        return actions.apply_portion(Context(session, None, NOW, ZONE), import_id, steps, {}, lambda: True)


def go_on(import_id: int) -> dict[int, str]:
    """Write the rest; the lines that were skipped, and why."""
    return {line.number: line.reason for line in jobs.apply_import(import_id, ZONE, now())}


def resume(app: Flask) -> int:
    """Do what the regular work and a worker do once the leases of lists have ended; returns how many lists were gone on with."""
    with unit_of_work() as session:
        session.execute(update(ImportRun).where(ImportRun.lease_until.is_not(None)).values(lease_until=now()))
    resumed = jobs.resume_interrupted(now())
    run_waiting_jobs(app)
    return len(resumed)


def assert_all_is_there_once(rows: int) -> None:
    with read_only_session() as session:
        assert count(session, Person) == rows + 1
        assert count(session, Membership) == rows
        assert count(session, Enrolment) == rows + 1
        assert count(session, Team) == 5
        added = select(func.count()).select_from(AuditEntry).where(AuditEntry.what == "person.added")
        assert session.execute(added).scalar_one() == rows + 1
    assert verify_log()[1] == 0


@contextmanager
def running_command(app: Flask, file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`flask people import` in a process of its own."""
    url = app.extensions["course"].config.database_url
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "DATABASE_URL": url,
        "SECRET_KEY": SECRET,
    }
    command = [str(Path(sys.executable).with_name("flask")), "people", "import", str(file)]
    with subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        yield process


def page_for(app: Flask, boss: Person, import_id: int) -> str:
    """What the page of a list says, as it is served in another thread."""
    with ThreadPoolExecutor(1) as other:
        return other.submit(lambda: sign_in(Client(app), boss).get(f"/people/import/{import_id}").text).result()


def progress(app: Flask) -> tuple[int, int | None]:
    with app.app_context(), read_only_session() as session:
        rows = select(ImportRun.lines_done, ImportRun.lines_total)
        return tuple(session.execute(rows).one_or_none() or (0, None))  # type: ignore[return-value]


def test_a_list_that_is_killed_in_the_middle_is_written_to_its_end_by_the_worker(office: Flask, tmp_path: Path) -> None:
    rows, file = 2_000, tmp_path / "staff.csv"
    file.write_text(many(rows), encoding="utf-8")
    with running_command(office, file) as process:
        until = time.monotonic() + 120
        while progress(office)[0] == 0 and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    done, total = progress(office)
    assert 0 < done < (total or 0) == rows
    with read_only_session() as session:
        assert count(session, Person) == done + 1
    # While its lease goes on, nobody else takes the work.
    assert jobs.resume_interrupted(now()) == []
    assert resume(office) == 1
    assert_all_is_there_once(rows)
    with read_only_session() as session:
        job = session.execute(select(PeopleImport)).scalar_one()
        assert job.applied_at is not None
        assert (job.journal, job.content) == (None, None)
        assert session.get_one(ImportRun, job.id).lease_until is None


def test_a_list_that_is_cut_off_before_anything_is_written_has_done_nothing(office: Flask) -> None:
    import_id = begin(many(30))
    assert resume(office) == 0
    with unit_of_work() as session:
        assert count(session, Person) == 1
        job = session.get_one(PeopleImport, import_id)
        assert actions.begin_apply(make_context(session, None, now() + actions.LEASE), import_id, job.mark or "")
    assert go_on(import_id) == {}
    assert_all_is_there_once(30)


def test_others_write_between_the_portions_of_five_thousand_rows(office: Flask) -> None:
    # Only SQLite has one lock for all who write.
    rows = 5_000 if office.extensions["course"].engine.dialect.name == "sqlite" else 500
    import_id, waits, ended = begin(many(rows)), list[float](), threading.Event()

    def write_beside() -> None:
        with office.app_context():
            while not ended.is_set():
                began = time.monotonic()
                with unit_of_work() as session:
                    session.execute(update(Person).where(Person.email == "alex@example.org").values(created_at=now()))
                waits.append(time.monotonic() - began)
                time.sleep(0.02)

    beside = threading.Thread(target=write_beside)
    beside.start()
    began = time.monotonic()
    try:
        skipped = go_on(import_id)
    finally:
        ended.set()
        beside.join()
    assert skipped == {}
    # Against the whole time of the same run, since a busy machine stretches both; tests/bench/imports.py has the seconds.
    assert len(waits) > 10
    assert max(waits) < (time.monotonic() - began) / 3
    with read_only_session() as session:
        assert count(session, Person) == rows + 1


def test_several_who_go_on_with_one_list_do_each_row_once(office: Flask) -> None:
    rows, import_id = 200, begin(many(200))
    write_some(import_id, write_journal(import_id))

    def go_on_in_thread() -> int:
        with office.app_context():
            return len(jobs.apply_import(import_id, ZONE, now()))

    assert at_once([go_on_in_thread] * 3) == [0, 0, 0]
    assert_all_is_there_once(rows)
    with read_only_session() as session:
        imported = select(func.count()).select_from(AuditEntry).where(AuditEntry.what == "person.imported")
        assert session.execute(imported).scalar_one() == 1


@pytest.mark.usefixtures("office")
def test_a_second_list_waits_until_the_first_is_written() -> None:
    first, second = begin(many(60)), begin(HEADINGS + row(900, "Site 1"))
    write_some(first, write_journal(first))
    with pytest.raises(actions.AnotherImportError) as refused:
        jobs.apply_import(second, ZONE, now())
    assert str(refused.value) == ANOTHER_IMPORT
    assert go_on(first) == {}
    with unit_of_work() as session:
        actions.record_failure(session, second, ANOTHER_IMPORT)
        assert count(session, Person) == 61
        # Who is here has changed, so it is worked out again.
        import_id, plan = look(session, HEADINGS + row(900, "Site 1"))
        assert actions.begin_apply(make_context(session, None, now()), import_id, plan.fingerprint)
    assert go_on(import_id) == {}
    assert_all_is_there_once(61)


def test_what_somebody_changes_between_two_portions_is_kept_and_said(office: Flask) -> None:
    assert go_on(begin(many(40))) == {}
    moved = HEADINGS + "".join(row(number, "New site") for number in range(40)) + row(50, "Site 2") + row(51, "Site 4")
    import_id = begin(moved)
    steps = write_journal(import_id)
    # New people come first: lines 42 and 43 are written, and those of the first 23 people.
    assert write_some(import_id, steps) == 25
    with unit_of_work() as session:
        late = session.execute(select(Person).where(Person.email == "p35@example.org")).scalar_one()
        corrected = people.correct_identity(
            make_context(session, None, NOW), late.id, "Robin Changed", "robin@example.org", "N35", "a name"
        )
        assert corrected is None
        gone = session.execute(select(Person.id).where(Person.email == "p36@example.org")).scalar_one()
        assert people.record_departure(make_context(session, None, now()), gone, this_day(), "left") is None
    assert go_on(import_id) == {37: PERSON_CHANGED, 38: PERSON_CHANGED}
    with read_only_session() as session:
        late = session.get_one(Person, late.id)
        assert (late.name, late.email) == ("Robin Changed", "robin@example.org")
        there = select(Team.name).join(Membership, Membership.team_id == Team.id)
        assert session.execute(there.where(Membership.person_id == late.id)).scalars().all() == ["Site 0"]
        assert count(session, Person) == 43
        job = session.get_one(PeopleImport, import_id)
        assert load_preview(job.preview or "").counts == {"refused": 2, "added": 2, "changed": 38}
        boss = session.execute(select(Person).where(Person.email == "alex@example.org")).scalar_one()
    page = page_for(office, boss, import_id)
    assert "Applied on" in page
    assert PERSON_CHANGED in page


@pytest.mark.usefixtures("office")
def test_an_address_that_is_taken_and_a_team_that_is_closed_between_two_portions_are_said() -> None:
    with unit_of_work() as session:
        closing = people.add_team(make_context(session, None, NOW), "Closing", None)
    list_of_60 = HEADINGS + "".join(row(number) for number in range(58)) + row(58, "Closing") + row(59)
    import_id = begin(list_of_60)
    write_some(import_id, write_journal(import_id))
    with unit_of_work() as session:
        assert not isinstance(
            people.add_person(make_context(session, None, NOW), "Kim Else", "p59@example.org", None, "learner"),
            people.Refusal,
        )
        assert people.close_team(make_context(session, None, now()), closing.id, "no longer") is None
    assert go_on(import_id) == {60: TEAM_CLOSED, 61: PERSON_ADDED}
    with read_only_session() as session:
        name = select(Person.name).where(Person.email == "p59@example.org")
        assert session.execute(name).scalar_one() == "Kim Else"
        assert count(session, Person) == 1 + 58 + 1


@pytest.mark.usefixtures("office")
def test_one_row_that_cannot_be_written_does_not_keep_the_others_from_it() -> None:
    assert go_on(begin(many(40))) == {}
    import_id = begin(HEADINGS + "".join(row(number, "New site") for number in range(40)))
    steps = list(write_journal(import_id))
    broken = replace(steps[30], changes=frozenset({"pathway"}), row_data=replace(steps[30].row_data, pathway="nowhere"))
    with unit_of_work() as session:
        session.get_one(PeopleImport, import_id).journal = dump_journal([*steps[:30], broken, *steps[31:]])
    assert go_on(import_id) == {32: LINE_FAILED}
    with read_only_session() as session:
        there = select(func.count()).select_from(Membership).join(Team, Team.id == Membership.team_id)
        assert session.execute(there.where(Team.name == "New site", Membership.until.is_(None))).scalar_one() == 39


def test_invitations_that_were_not_mailed_before_a_kill_are_mailed_once(office: Flask) -> None:
    import_id = begin(many(30), invites=True)
    jobs.apply_import(import_id, ZONE, now())
    with unit_of_work() as session:
        invitees, by = queries.import_invitees(session, import_id)
        assert (len(invitees), by) == (30, None)
    assert resume(office) == 1
    assert resume(office) == 0
    with read_only_session() as session:
        assert count(session, OutboxMail) == 30
        assert session.get_one(PeopleImport, import_id).journal is None


def test_the_preview_of_a_list_that_is_being_written_cannot_be_changed(office: Flask) -> None:
    import_id = begin(many(30))
    write_some(import_id, write_journal(import_id))
    with read_only_session() as session:
        table = queries.stored_table(session, import_id)
        assert table is not None
        choices = queries.import_choices(session, import_id, table)
        assert not jobs.build_preview(Context(session, None, now(), ZONE), import_id, table, choices)
        boss = session.execute(select(Person).where(Person.email == "alex@example.org")).scalar_one()
    assert "25 of 30 rows" in page_for(office, boss, import_id)
    with unit_of_work() as session:
        session.get_one(ImportRun, import_id).lease_until = now()
    assert "It will continue within a few minutes" in page_for(office, boss, import_id)


@pytest.mark.parametrize("committed", ["postgresql"], indirect=True)
def test_a_list_moves_somebody_while_their_team_is_merged_into_another(office: Flask) -> None:
    with unit_of_work() as session:
        harbour, quay = make_team(session, "Harbour").id, make_team(session, "Quay").id
        make_team(session, "Pier")
        make_person(session, "Sam Okafor", "sam@example.org", team=session.get_one(Team, harbour))
        boss = session.execute(select(Person.id).where(Person.email == "alex@example.org")).scalar_one()
    import_id = begin(HEADINGS + "sam@example.org,Sam Okafor,Pier,\n")
    steps = write_journal(import_id)

    def merge() -> int:
        with office.app_context(), unit_of_work() as session:
            return people.merge_teams(make_context(session, boss, now()), harbour, quay, "one now") is None

    def write() -> int:
        with office.app_context():
            return write_some(import_id, steps)

    # Each waited for the other: the list held Sam and wanted the team Pier, the merge all teams and wanted Sam.
    assert overtaken(office.extensions["course"].engine, write, "SELECT membership", merge) == [1, 1]
