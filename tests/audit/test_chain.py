"""The audit log: written with the action, in one hash chain, and every fault of the chain is found."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from course import schema_upgrade
from course.audit import queries
from course.audit.actions import record_event
from course.audit.rules import INITIAL_HASH, AuditLogEntry, canonical_json, changed_values, entry_hash, integrity_faults
from course.context import Context
from course.db import make_engine
from tests.conftest import NOW

pytestmark = pytest.mark.both_engines

SUBJECT = ("team", 7)


def write(session: Session, *reasons: str) -> None:
    """Record an event for each reason, in one transaction."""
    for reason in reasons:
        record_event(
            Context(session, 3, NOW, "Europe/London"),
            "extension.granted",
            SUBJECT,
            {"until": date(2027, 2, 12), "reason": reason},
        )
    session.commit()


def log(session: Session) -> list[AuditLogEntry]:
    return list(queries.all_entries(session))


def reasons(session: Session) -> list[str]:
    return [entry.details.partition('"reason":"')[2].partition('"')[0] for entry in log(session)]


def chain(length: int = 5) -> list[AuditLogEntry]:
    """Entries as the course would write them."""
    entries: list[AuditLogEntry] = []
    for number in range(1, length + 1):
        previous = entries[-1].hash if entries else INITIAL_HASH
        digest = entry_hash(number, NOW, 3, "person.added", SUBJECT, "{}", previous)
        entries.append(AuditLogEntry(number, NOW, 3, "person.added", *SUBJECT, "{}", previous, digest))
    return entries


def rehashed(entry: AuditLogEntry, **changed: object) -> AuditLogEntry:
    """The entry with some changed fields, and a hash that matches."""
    changed_entry = replace(entry, **changed)  # type: ignore[arg-type]
    kind = None if changed_entry.subject_kind is None else (changed_entry.subject_kind, changed_entry.subject_id or 0)
    digest = entry_hash(
        changed_entry.number,
        changed_entry.at,
        changed_entry.actor_id,
        changed_entry.what,
        kind,
        changed_entry.details,
        changed_entry.previous,
    )
    return replace(changed_entry, hash=digest)


INTACT = chain()
HEAD = (5, INTACT[-1].hash)
SWAPPED = [INTACT[0], replace(INTACT[2], number=2), replace(INTACT[1], number=3), *INTACT[3:]]
REWRITTEN = [rehashed(INTACT[0], actor_id=9)]
for _old in INTACT[1:]:
    REWRITTEN.append(rehashed(_old, previous=REWRITTEN[-1].hash))
BROKEN = [
    ("as written", INTACT, []),
    ("empty", [], ["The log ends with entry 0, but there was an entry 5"]),
    ("details", [*INTACT[:2], replace(INTACT[2], details='{"a":1}'), *INTACT[3:]], ["Entry 3 was changed"]),
    ("actor", [*INTACT[:4], replace(INTACT[4], actor_id=None)], ["Entry 5 was changed"]),
    ("half a subject", [*INTACT[:4], replace(INTACT[4], subject_id=None)], ["Entry 5 was changed"]),
    ("with its hash", [*INTACT[:2], rehashed(INTACT[2], actor_id=9), *INTACT[3:]], ["Entry 4 does not follow entry 3"]),
    ("one removed", [*INTACT[:2], *INTACT[3:]], ["Entry 3 is missing."]),
    ("two removed", [INTACT[0], *INTACT[3:]], ["Entries 2 to 3 are missing."]),
    ("first removed", INTACT[1:], ["Entry 1 is missing."]),
    ("put in before", [rehashed(INTACT[0], number=0), *INTACT], ["Entry 0 was put in before the first one.",
                                                                     "Entry 1 does not follow entry 0"]),
    ("end removed", INTACT[:3], ["The log ends with entry 3, but there was an entry 5"]),
    ("swapped", SWAPPED, ["Entry 2 does not follow entry 1", "Entry 2 was changed", "Entry 3 does not follow entry 2",
                          "Entry 3 was changed", "Entry 4 does not follow entry 3"]),
    ("written anew", REWRITTEN, ["Entry 5 is not the one that was once the newest"]),
]  # fmt: skip


@pytest.mark.parametrize(("entries", "faults"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_every_fault_of_the_chain_is_named(entries: list[AuditLogEntry], faults: list[str]) -> None:
    found = list(integrity_faults(entries, [HEAD]))
    assert len(found) == len(faults), found
    assert all(one.startswith(words) for one, words in zip(found, faults, strict=True)), found


def test_without_the_head_a_missing_end_cannot_be_detected() -> None:
    assert not list(integrity_faults(INTACT[:3]))


def test_written_entries_are_read_back_and_match(session: Session) -> None:
    write(session, "ill", "Grüße – “q”")
    write(session, "third")
    first, second, third = log(session)
    assert (first.number, first.previous, first.at) == (1, INITIAL_HASH, NOW)
    assert first.details == '{"reason":"ill","until":"2027-02-12"}'
    assert (second.previous, third.previous) == (first.hash, second.hash)
    assert queries.log_head(session) == (3, third.hash)
    assert not list(integrity_faults(log(session), [(3, third.hash)]))


def test_an_event_that_is_rolled_back_is_not_in_the_log(session: Session) -> None:
    record_event(Context(session, None, NOW, "Europe/London"), "person.added", SUBJECT, {})
    session.rollback()
    write(session, "kept")
    assert reasons(session) == ["kept"]


def test_events_of_a_savepoint_that_is_rolled_back_are_discarded(session: Session) -> None:
    record_event(Context(session, None, NOW, "Europe/London"), "extension.granted", SUBJECT, {"reason": "before"})
    outer = session.begin_nested()
    record_event(Context(session, None, NOW, "Europe/London"), "extension.granted", SUBJECT, {"reason": "undone"})
    with session.begin_nested():
        record_event(
            Context(session, None, NOW, "Europe/London"),
            "extension.granted",
            SUBJECT,
            {"reason": "undone with the outer one"},
        )
    outer.rollback()
    with session.begin_nested():
        record_event(Context(session, None, NOW, "Europe/London"), "extension.granted", SUBJECT, {"reason": "kept"})
    session.commit()
    assert reasons(session) == ["before", "kept"]


def test_a_deed_without_words_is_refused(session: Session) -> None:
    with pytest.raises(ValueError, match="no feature declares"):
        record_event(Context(session, None, NOW, "Europe/London"), "person.painted", SUBJECT, {})


def test_only_what_differs_counts_as_a_change() -> None:
    assert changed_values({"name": "A", "nation": "wales"}, {"name": "B", "nation": "wales"}) == {"name": ["A", "B"]}


def test_details_are_the_same_for_the_same_values() -> None:
    assert canonical_json({"b": 1, "a": date(2026, 1, 2)}) == canonical_json({"a": date(2026, 1, 2), "b": 1})
    with pytest.raises(TypeError):
        canonical_json({"a": object()})


CHANGES = (
    "update audit_entry set actor_id = 9 where number = 1",
    "delete from audit_entry where number = 2",
    "delete from audit_entry",
    "insert into audit_entry (number, at, what, details, previous, hash) "
    "select number + 7, at, what, details, previous, hash from audit_entry where number = 1",
    "insert into audit_entry (number, at, what, details, previous, hash) "
    "select number - 1, at, what, details, previous, hash from audit_entry where number = 1",
)


@pytest.mark.parametrize("statement", CHANGES)
def test_the_database_refuses_to_change_or_remove_an_entry(session: Session, statement: str) -> None:
    write(session, "one", "two")
    with pytest.raises(DBAPIError, match="only ever added to"):
        session.execute(text(statement))
    session.rollback()
    assert reasons(session) == ["one", "two"]


def test_an_entry_cannot_be_replaced_or_all_be_emptied(session: Session) -> None:
    write(session, "one", "two")
    statement = (
        "insert or replace into audit_entry (number, at, what, details, previous, hash) "
        "select number, at, what, '{}', previous, hash from audit_entry where number = 1"
        if session.get_bind().dialect.name == "sqlite"
        else "truncate audit_entry"
    )
    with pytest.raises(DBAPIError, match="only ever added to"):
        session.execute(text(statement))


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A separate database with real commits."""
    if request.param == "sqlite":
        created = make_engine(f"sqlite:///{tmp_path_factory.mktemp('chain') / 'course.db'}")
    else:
        url = make_url(request.getfixturevalue("postgres_url"))
        admin = create_engine(url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text("drop database if exists audit_chain"))
            connection.execute(text("create database audit_chain"))
        admin.dispose()
        created = make_engine(url.set(database="audit_chain").render_as_string(hide_password=False))
    schema_upgrade.upgrade(created)
    yield created
    created.dispose()


def test_concurrent_transactions_write_one_chain(engine: Engine) -> None:
    """Each transaction has read something before, as a request does."""
    # On SQLite the first one to begin holds the only lock, so the threads cannot wait for each other there.
    ready = threading.Barrier(1 if engine.dialect.name == "sqlite" else 6)
    errors: list[Exception] = []

    def work(worker: int) -> None:
        try:
            for turn in range(10):
                with Session(engine) as session:
                    session.execute(text("select count(*) from person"))
                    if turn == 0:
                        ready.wait()
                    write(session, f"{worker}.{turn}a", f"{worker}.{turn}b")
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    with Session(engine) as session:
        entries = log(session)
        assert len(entries) == 120
        assert queries.recorded_head(session) == queries.log_head(session)
        assert not list(integrity_faults(entries, [queries.log_head(session)]))
        for n in range(6):
            mine = [reason for reason in reasons(session) if reason.startswith(f"{n}.")]
            assert mine == [f"{n}.{turn}{half}" for turn in range(10) for half in "ab"]


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_long_transaction_does_not_block_others(engine: Engine) -> None:
    """An import that has recorded events, but is not finished yet. (SQLite has only one writer anyway.)"""
    with Session(engine) as slow, Session(engine) as quick:
        record_event(Context(slow, None, NOW, "Europe/London"), "extension.granted", SUBJECT, {"reason": "slow"})
        slow.execute(text("select 1"))
        quick.execute(text("set lock_timeout = '2s'"))
        write(quick, "quick")
        slow.commit()
        assert reasons(quick) == ["quick", "slow"]


def test_a_reason_about_a_person_stays_out_of_the_log(session: Session) -> None:
    """The reason is stored with the fact, where it can be erased."""
    details = {"reason": "an operation", "until": date(2027, 2, 12)}
    record_event(Context(session, None, NOW, "Europe/London"), "extension.granted", ("person", 7), details)
    record_event(
        Context(session, None, NOW, "Europe/London"), "team.closed", ("team", 7), {"reason": "the house was sold"}
    )
    session.commit()
    assert [entry.details for entry in log(session)] == ['{"until":"2027-02-12"}', '{"reason":"the house was sold"}']
