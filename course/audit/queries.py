"""Reading the audit log: all of it in order, or the entries that match a search, newest first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, column, func, or_, select, table
from sqlalchemy.orm import Session

from course.audit.catalogue import event_kind
from course.audit.models import AuditEntry, AuditHead
from course.audit.rules import INITIAL_HASH, AuditLogEntry, details_in_words, event_sentence
from course.text import search_key

_log = AuditEntry.__table__
# The features that write audit events are built on top of the log, so their tables are named here and not imported.
_person = table("person", column("id"), column("name"), column("email"), column("name_key"))
_team = table("team", column("id"), column("name"))
FETCH_SIZE = 2000  # rows per fetch when all are read


@dataclass(frozen=True)
class AuditFilter:
    """A search: `person_ids` as actor or subject, `kinds` of event, `since` and before `until`, and a `text` in the
    details.

    None means no restriction.
    """

    person_ids: tuple[int, ...] | None = None
    kinds: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None


@dataclass(frozen=True)
class AuditEntryView:
    """An entry with the current names: the name of the actor, its `sentence`, and its `details` as pairs for
    display."""

    entry: AuditLogEntry
    actor: str | None
    sentence: str
    details: list[tuple[str, str]]


def set_read_only(session: Session) -> None:
    """Make the session read-only, before any other statement: reading the whole log must not block writers."""
    session.connection(execution_options={"writes": False})


def recorded_head(session: Session) -> tuple[int, str] | None:
    """Number and hash of the entry that was written last, even if it was removed since; (0, INITIAL_HASH) before the
    first.

    None if that record was removed as well.
    """
    row = session.execute(select(AuditHead.number, AuditHead.hash)).one_or_none()
    return (row.number, row.hash) if row else None


def log_head(session: Session) -> tuple[int, str]:
    """Number and hash of the newest entry; (0, INITIAL_HASH) before the first."""
    row = session.execute(select(_log.c.number, _log.c.hash).order_by(_log.c.number.desc()).limit(1)).first()
    return (row.number, row.hash) if row else (0, INITIAL_HASH)


def all_entries(session: Session) -> Iterator[AuditLogEntry]:
    """Every entry in the order of the numbers, read in parts: the log may be larger than the memory."""
    rows = session.execute(select(_log).order_by(_log.c.number), execution_options={"yield_per": FETCH_SIZE})
    return (AuditLogEntry(*row) for row in rows)


def people_matching(session: Session, text: str, limit: int = 200) -> tuple[int, ...]:
    """The ids of people whose name or address contains these words, in any capitals."""
    key = search_key(text)
    matches = _person.c.email.icontains(text, autoescape=True)
    matches = or_(_person.c.name_key.contains(key, autoescape=True), matches) if key else matches
    return tuple(session.execute(select(_person.c.id).where(matches).order_by(_person.c.id).limit(limit)).scalars())


def search_entries(
    session: Session, search: AuditFilter, limit: int, before: int | None = None
) -> list[AuditEntryView]:
    """The newest entries that match, below the number `before`, newest first. One query."""
    actor, person = _person.alias(), _person.alias()
    rows = session.execute(
        select(_log, actor.c.name.label("actor"), func.coalesce(person.c.name, _team.c.name).label("subject_name"))
        .outerjoin(actor, actor.c.id == _log.c.actor_id)
        .outerjoin(person, and_(_log.c.subject_kind == "person", person.c.id == _log.c.subject_id))
        .outerjoin(_team, and_(_log.c.subject_kind == "team", _team.c.id == _log.c.subject_id))
        .where(*_filter_terms(search), *([_log.c.number < before] if before else []))
        .order_by(_log.c.number.desc())
        .limit(limit)
    )
    return [_entry_view(AuditLogEntry(*row[:-2]), row.actor, row.subject_name) for row in rows]


def _filter_terms(search: AuditFilter) -> list[ColumnElement[bool]]:
    terms: list[ColumnElement[bool]] = []
    if search.person_ids is not None:
        is_subject = and_(_log.c.subject_kind == "person", _log.c.subject_id.in_(search.person_ids))
        terms.append(or_(_log.c.actor_id.in_(search.person_ids), is_subject))
    if search.kinds is not None:
        terms.append(_log.c.what.in_(search.kinds))
    if search.since is not None:
        terms.append(_log.c.at >= search.since)
    if search.until is not None:
        terms.append(_log.c.at < search.until)
    if search.text is not None:
        terms.append(_log.c.details.icontains(search.text, autoescape=True))
    return terms


def _entry_view(entry: AuditLogEntry, actor: str | None, subject_name: str | None) -> AuditEntryView:
    details = json.loads(entry.details)
    # A deleted person still has an id: only the name is gone.
    actor_name = actor or (f"person {entry.actor_id}" if entry.actor_id is not None else None)
    name = subject_name or (f"{entry.subject_kind} {entry.subject_id}" if entry.subject_kind else None)
    is_self = entry.subject_kind == "person" and entry.subject_id == entry.actor_id
    sentence = event_sentence(event_kind(entry.what) or entry.what, actor_name, name, is_self, details)
    return AuditEntryView(entry, actor_name, sentence[:1].upper() + sentence[1:], details_in_words(details))
