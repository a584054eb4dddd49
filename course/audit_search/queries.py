"""The entries of the audit log that match a search, newest first, with the names of people and teams."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from course.audit.catalogue import event_kind
from course.audit.models import AuditEntry
from course.audit.rules import EXCEPTIONS, REPRESENTED, AuditLogEntry, details_in_words, event_sentence
from course.people.models import Membership, Person, Team
from course.people.queries import names_told_apart, team_subtree
from course.text import search_key
from course.translation import lazy_gettext as _

_log = AuditEntry.__table__


@dataclass(frozen=True)
class AuditFilter:
    """A search: `person_ids` as actor or subject, `kinds` of event, `since` and before `until`, and a `text` in the
    details. `teams`: only events about these teams, those below them, and people who are in one of them or were.

    None means no restriction.
    """

    person_ids: tuple[int, ...] | None = None
    kinds: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None
    teams: tuple[int, ...] | None = None


@dataclass(frozen=True)
class AuditEntryView:
    """An entry with the current names: the name of the actor, its `sentence`, and its `details` as pairs for
    display. What a deputy did for a manager names both."""

    entry: AuditLogEntry
    actor: str | None
    sentence: str
    details: list[tuple[str, str]]


def people_matching(session: Session, text: str, limit: int = 200) -> tuple[int, ...]:
    """The ids of people whose name or address contains these words, in any capitals."""
    key = search_key(text)
    matches = or_(Person.email.icontains(text, autoescape=True), Person.sign_in_name.icontains(text, autoescape=True))
    matches = or_(Person.name_key.contains(key, autoescape=True), matches) if key else matches
    return tuple(session.execute(select(Person.id).where(matches).order_by(Person.id).limit(limit)).scalars())


def search_entries(
    session: Session, search: AuditFilter, limit: int, before: int | None = None, tells_apart: bool = False
) -> list[AuditEntryView]:
    """The newest entries that match, below the number `before`, newest first. With `tells_apart` people of one name are told
    apart in the sentences; a file has their ids. One query, one more if a deputy did any of it, and at most three more."""
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
    found = [(AuditLogEntry(*row[:-2]), json.loads(row.details), row.actor, row.subject_name) for row in rows]
    ids = {number for _entry, details, *_others in found for number in _people_in_details(details)}
    names: dict[int, str] = {}
    if ids:
        named = session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))
        names = {row.id: row.name for row in named}
    told: dict[int, str] = {}
    if tells_apart:
        told = names_told_apart(session, {one for entry, *_others in found for one in _people_of(entry)})
    return [
        _entry_view(
            entry,
            details,
            told.get(entry.actor_id or 0, actor),
            told.get(entry.subject_id or 0, subject) if entry.subject_kind == "person" else subject,
            names,
        )
        for entry, details, actor, subject in found
    ]


def _people_in_details(details: Mapping[str, Any]) -> list[int]:
    """The people whom details name by id. Entries of earlier releases hold the exceptions as a text."""
    exceptions = details.get(EXCEPTIONS, ())
    return [*details.get(REPRESENTED, ()), *(exceptions if isinstance(exceptions, list) else ())]


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
    if search.teams is not None:
        below = select(team_subtree(search.teams).c.id)
        members = select(Membership.person_id).where(Membership.team_id.in_(below))
        in_team = and_(_log.c.subject_kind == "team", _log.c.subject_id.in_(below))
        terms.append(or_(in_team, and_(_log.c.subject_kind == "person", _log.c.subject_id.in_(members))))
    return terms


def _entry_view(
    entry: AuditLogEntry,
    details: dict[str, Any],
    actor: str | None,
    subject_name: str | None,
    detail_names: Mapping[int, str],
) -> AuditEntryView:
    # A deleted person still has an id: only the name is gone.
    actor_name = actor or (f"person {entry.actor_id}" if entry.actor_id is not None else None)
    name = subject_name or (f"{entry.subject_kind} {entry.subject_id}" if entry.subject_kind else None)
    is_self = entry.subject_kind == "person" and entry.subject_id == entry.actor_id
    if isinstance(exceptions := details.get(EXCEPTIONS), list):
        details = {**details, EXCEPTIONS: _names(exceptions, detail_names)}
    sentence = event_sentence(event_kind(entry.what) or entry.what, actor_name, name, is_self, details)
    represented = details.get(REPRESENTED)
    if represented:
        managers = _names(represented, detail_names)
        sentence = _("%(sentence)s, as deputy of %(managers)s", sentence=sentence, managers=managers)
        details = {**details, REPRESENTED: managers}
    return AuditEntryView(entry, actor_name, sentence[:1].upper() + sentence[1:], details_in_words(details))


def _names(ids: list[int], names: Mapping[int, str]) -> str:
    return ", ".join(names.get(number, f"person {number}") for number in ids)
