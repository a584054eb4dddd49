"""A row in every place that is about somebody, whatever places there are."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Date, Integer, Table, insert, select
from sqlalchemy.orm import Session

from course.db import Base, UtcDateTime
from course.people.models import Person
from course.privacy.queries.subject_data import TABLES
from course.privacy.rules.personal_data_map import PERSONAL_DATA_TABLES
from tests.makers import make_team

MARK = "Zebulon"  # stands in every text about them
EMAIL = "zebulon@example.org"
THEN = datetime(2020, 5, 4, 12, tzinfo=UTC)
# Where only some words are allowed.
WORDS: dict[str, Any] = {
    "address_fault.kind": "bounced",
    "answer.given": "[0]",
    "answer.sureness": "sure",
    "attempt.kind": "check",
    "calendar_feed.scope": "own",
    "calendar_feed_end.reason": "revoked",
    "certificate.content_version": "x",
    "certificate.course": "A course",
    "certificate.edition": "1",
    "certificate.kind": "initial",
    "certificate.number": "K7QM-2FXA-9TRC",
    "certificate.organisation": "Riverside Trust",
    "certificate.pathway": "clubs",
    "certificate.replaces": None,
    "certificate_change.kind": "revoked",
    "certificate.sections": "Responding",
    "completion.content_version": "x",
    "completion.edition": "1",
    "contact.email": "",
    "contact.kind": "deputy",
    "contact.name": "Whoever is on duty",
    "contact.phone": "01632 960101",
    "enrolment.kind": "initial",
    "erasure.counts": {},
    "erasure.stage": "spare",
    "mail_choice.kind": "booster",
    "outbox_mail.next_try_at": None,
    "outbox_mail.headers": None,
    "pathway_choice.pathway": "clubs",
    "record_view.day": None,
    "record_view.what": "export",
    "refresher_part.kind": "point",
    "reminder.kind": "learner",
    "renewal_import.kind": "initial",
    "renewal_import.valid_until": date(2021, 5, 4),
    "renewal_import.withdrawn": None,
    "renewal_pause.until": None,
    "report_bulletin.counts": {},
    "report_subscription.ended_at": None,
    "report_subscription.every": "week",
    "role_grant.role": "manager",
}
_NEEDED = ("signing_key", "people_import", "registration_link")  # rows of others, which those in places name
_THERE = ("credential", "enrolment")  # made together with the person
_LATER = ("person", "erasure", "erasure_request")


def fill(session: Session, person: Person) -> dict[str, dict[str, Any]]:
    """Make a row in each place; gives the values by table. Rows of other people that they need are made as well."""
    made: dict[str, dict[str, Any]] = {"person": {"id": person.id}}
    team = make_team(session, "Night staff").id
    for table in Base.metadata.sorted_tables:
        if table.name not in (*PERSONAL_DATA_TABLES, *_NEEDED) or table.name in _LATER:
            continue
        if table.name in _THERE:
            mine = select(table).where(table.c.person_id == person.id)
            made[table.name] = dict(session.execute(mine).mappings().one())
            continue
        values = {
            column.name: _value(table, column, made, team) for column in table.columns if not _counts(table, column)
        }
        row = session.execute(insert(table).values(values).returning(table)).mappings().one()
        made[table.name] = dict(row)
    session.commit()
    return made


def _counts(table: Table, column: Column[Any]) -> bool:
    """Whether the database numbers the rows itself."""
    return (
        column.primary_key
        and not column.foreign_keys
        and isinstance(column.type, Integer)
        and len(table.primary_key) == 1
    )


def _value(table: Table, column: Column[Any], made: dict[str, dict[str, Any]], team: int) -> Any:
    name = f"{table.name}.{column.name}"
    if name in WORDS:
        return WORDS[name]
    for key in column.foreign_keys:
        target = key.column.table.name
        return team if target == "team" else made[target].get(key.column.name)
    return _plain(name, column)


def _plain(name: str, column: Column[Any]) -> Any:
    if column.name in ("recipient", "address", "email"):
        return EMAIL
    if isinstance(column.type, UtcDateTime):
        return THEN
    if isinstance(column.type, Date):
        return date(2020, 5, 4)
    if isinstance(column.type, Boolean):
        return True
    if isinstance(column.type, Integer):
        return 1
    if isinstance(column.type, JSON):
        return []
    if name.endswith((".public", ".locked", ".content")):
        return b"x"
    length = getattr(column.type, "length", None) or 60
    return f"{MARK} {name}"[:length]


def everywhere(session: Session, words: str) -> set[str]:
    """The tables in which these words stand anywhere; the log is left out, which is never changed."""
    found = set()
    for table in TABLES.values():
        if table.name != "audit_entry":
            rows = session.execute(select(table)).all()
            found |= {table.name for row in rows if words.casefold() in repr(tuple(row)).casefold()}
    return found


def count(session: Session, table: str, person_id: int) -> int:
    """How many rows of a table with a column of its own are about somebody."""
    rows = TABLES[table]
    return len(session.execute(select(rows).where(rows.c.person_id == person_id)).all())
