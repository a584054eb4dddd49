"""Reading the log: the whole of it in order, or what somebody looks for, newest first."""

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
# The features that write to the log are built on top of it, so their tables are named here and not imported.
_person = table("person", column("id"), column("name"), column("email"), column("name_key"))
_team = table("team", column("id"), column("name"))
FETCH_SIZE = 2000  # rows that are fetched together when all are read


@dataclass(frozen=True)
class AuditFilter:
    """What somebody looks for: `people` by id as actor or subject, some `deeds`, from `since` on and before
    `until`, and a `text` in the details. None means all."""

    people: tuple[int, ...] | None = None
    deeds: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None


@dataclass(frozen=True)
class AuditEntryView:
    """An entry with the names of today: `words` is its sentence, `told` its details in words."""

    entry: AuditLogEntry
    actor: str | None
    words: str
    told: list[tuple[str, str]]


def set_read_only(session: Session) -> None:
    """Said before anything else in a session: reading all of the log must not hold up those who write."""
    session.connection(execution_options={"writes": False})


def recorded_head(session: Session) -> tuple[int, str] | None:
    """Number and hash of the entry that was written last, also if it was removed since; (0, START) before the first.
    None if somebody has removed that note as well."""
    row = session.execute(select(AuditHead.number, AuditHead.hash)).one_or_none()
    return (row.number, row.hash) if row else None


def log_head(session: Session) -> tuple[int, str]:
    """The number and the hash of the newest entry; (0, START) before the first."""
    row = session.execute(select(_log.c.number, _log.c.hash).order_by(_log.c.number.desc()).limit(1)).first()
    return (row.number, row.hash) if row else (0, INITIAL_HASH)


def all_entries(session: Session) -> Iterator[AuditLogEntry]:
    """Every entry in the order of the numbers, without ever holding all of them."""
    rows = session.execute(select(_log).order_by(_log.c.number), execution_options={"yield_per": FETCH_SIZE})
    return (AuditLogEntry(*row) for row in rows)


def people_matching(session: Session, words: str, limit: int = 200) -> tuple[int, ...]:
    """The ids of people whose name or address holds these words, in any spelling of their capitals."""
    key = search_key(words)
    fits = _person.c.email.icontains(words, autoescape=True)
    fits = or_(_person.c.name_key.contains(key, autoescape=True), fits) if key else fits
    return tuple(session.execute(select(_person.c.id).where(fits).order_by(_person.c.id).limit(limit)).scalars())


def search_entries(
    session: Session, wanted: AuditFilter, limit: int, before: int | None = None
) -> list[AuditEntryView]:
    """The newest entries that fit, below the number `before`, newest first; one query."""
    actor, person = _person.alias(), _person.alias()
    rows = session.execute(
        select(_log, actor.c.name.label("actor"), func.coalesce(person.c.name, _team.c.name).label("whom"))
        .outerjoin(actor, actor.c.id == _log.c.actor_id)
        .outerjoin(person, and_(_log.c.subject_kind == "person", person.c.id == _log.c.subject_id))
        .outerjoin(_team, and_(_log.c.subject_kind == "team", _team.c.id == _log.c.subject_id))
        .where(*_filter_terms(wanted), *([_log.c.number < before] if before else []))
        .order_by(_log.c.number.desc())
        .limit(limit)
    )
    return [_entry_view(AuditLogEntry(*row[:-2]), row.actor, row.whom) for row in rows]


def _filter_terms(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    terms: list[ColumnElement[bool]] = []
    if wanted.people is not None:
        about = and_(_log.c.subject_kind == "person", _log.c.subject_id.in_(wanted.people))
        terms.append(or_(_log.c.actor_id.in_(wanted.people), about))
    if wanted.deeds is not None:
        terms.append(_log.c.what.in_(wanted.deeds))
    if wanted.since is not None:
        terms.append(_log.c.at >= wanted.since)
    if wanted.until is not None:
        terms.append(_log.c.at < wanted.until)
    if wanted.text is not None:
        terms.append(_log.c.details.icontains(wanted.text, autoescape=True))
    return terms


def _entry_view(entry: AuditLogEntry, actor: str | None, whom: str | None) -> AuditEntryView:
    details = json.loads(entry.details)
    # Somebody who is not there any more is still somebody: only their name is gone.
    who = actor or (f"person {entry.actor_id}" if entry.actor_id is not None else None)
    name = whom or (f"{entry.subject_kind} {entry.subject_id}" if entry.subject_kind else None)
    own = entry.subject_kind == "person" and entry.subject_id == entry.actor_id
    words = event_sentence(event_kind(entry.what) or entry.what, who, name, own, details)
    return AuditEntryView(entry, who, words[:1].upper() + words[1:], details_in_words(details))
