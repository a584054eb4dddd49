"""The entries of the audit log that match a search, newest first, with the names of people and teams."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from course.audit.catalogue import event_kind
from course.audit.models import AuditEntry
from course.audit.rules import AuditLogEntry, details_in_words, event_sentence
from course.people.models import Person, Team
from course.people.queries import names_told_apart
from course.text import search_key

_log = AuditEntry.__table__


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


def people_matching(session: Session, text: str, limit: int = 200) -> tuple[int, ...]:
    """The ids of people whose name or address contains these words, in any capitals."""
    key = search_key(text)
    matches = Person.email.icontains(text, autoescape=True)
    matches = or_(Person.name_key.contains(key, autoescape=True), matches) if key else matches
    return tuple(session.execute(select(Person.id).where(matches).order_by(Person.id).limit(limit)).scalars())


def search_entries(
    session: Session, search: AuditFilter, limit: int, before: int | None = None, tells_apart: bool = False
) -> list[AuditEntryView]:
    """The newest entries that match, below the number `before`, newest first. With `tells_apart` people of one name are told
    apart in the sentences; a file has their ids. One query, and at most three more."""
    actor, person = aliased(Person), aliased(Person)
    rows = session.execute(
        select(_log, actor.name.label("actor"), func.coalesce(person.name, Team.name).label("subject_name"))
        .outerjoin(actor, actor.id == _log.c.actor_id)
        .outerjoin(person, and_(_log.c.subject_kind == "person", person.id == _log.c.subject_id))
        .outerjoin(Team, and_(_log.c.subject_kind == "team", Team.id == _log.c.subject_id))
        .where(*_filter_terms(search), *([_log.c.number < before] if before else []))
        .order_by(_log.c.number.desc())
        .limit(limit)
    )
    found = [(AuditLogEntry(*row[:-2]), row.actor, row.subject_name) for row in rows]
    told: dict[int, str] = {}
    if tells_apart:
        told = names_told_apart(session, {one for entry, *_names in found for one in _people_of(entry)})
    return [
        _entry_view(
            entry,
            told.get(entry.actor_id or 0, actor_name),
            told.get(entry.subject_id or 0, subject_name) if entry.subject_kind == "person" else subject_name,
        )
        for entry, actor_name, subject_name in found
    ]


def _people_of(entry: AuditLogEntry) -> Iterator[int]:
    """The people whom an entry names."""
    if entry.actor_id is not None:
        yield entry.actor_id
    if entry.subject_kind == "person" and entry.subject_id is not None:
        yield entry.subject_id


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
