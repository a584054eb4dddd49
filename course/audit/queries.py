"""Reading the log: the whole of it in order, or what somebody looks for, newest first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, column, func, or_, select, table
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry, AuditHead
from course.audit.rules import START, Entry, sentence, told
from course.text import fold

_log = AuditEntry.__table__
# The features that write to the log are built on top of it, so their tables are named here and not imported.
_person = table("person", column("id"), column("name"), column("email"), column("name_key"))
_team = table("team", column("id"), column("name"))
AT_ONCE = 2000  # rows that are fetched together when all are read


@dataclass(frozen=True)
class Wanted:
    """What somebody looks for: `people` by id as actor or subject, some `deeds`, from `since` on and before
    `until`, and a `text` in the details. None means all."""

    people: tuple[int, ...] | None = None
    deeds: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None


@dataclass(frozen=True)
class Shown:
    """An entry with the names of today: `words` is its sentence, `told` its details in words."""

    entry: Entry
    actor: str | None
    words: str
    told: list[tuple[str, str]]


def only_read(session: Session) -> None:
    """Said before anything else in a session: reading all of the log must not hold up those who write."""
    session.connection(execution_options={"writes": False})


def noted_head(session: Session) -> tuple[int, str] | None:
    """Number and hash of the entry that was written last, also if it was removed since; (0, START) before the first.
    None if somebody has removed that note as well."""
    row = session.execute(select(AuditHead.number, AuditHead.hash)).one_or_none()
    return (row.number, row.hash) if row else None


def head(session: Session) -> tuple[int, str]:
    """The number and the hash of the newest entry; (0, START) before the first."""
    row = session.execute(select(_log.c.number, _log.c.hash).order_by(_log.c.number.desc()).limit(1)).first()
    return (row.number, row.hash) if row else (0, START)


def entries(session: Session) -> Iterator[Entry]:
    """Every entry in the order of the numbers, without ever holding all of them."""
    rows = session.execute(select(_log).order_by(_log.c.number), execution_options={"yield_per": AT_ONCE})
    return (Entry(*row) for row in rows)


def people_called(session: Session, words: str, limit: int = 200) -> tuple[int, ...]:
    """The ids of people whose name or address holds these words, in any spelling of their capitals."""
    key = fold(words)
    fits = _person.c.email.icontains(words, autoescape=True)
    fits = or_(_person.c.name_key.contains(key, autoescape=True), fits) if key else fits
    return tuple(session.execute(select(_person.c.id).where(fits).order_by(_person.c.id).limit(limit)).scalars())


def found(session: Session, wanted: Wanted, limit: int, before: int | None = None) -> list[Shown]:
    """The newest entries that fit, below the number `before`, newest first; one query."""
    actor, person = _person.alias(), _person.alias()
    rows = session.execute(
        select(_log, actor.c.name.label("actor"), func.coalesce(person.c.name, _team.c.name).label("whom"))
        .outerjoin(actor, actor.c.id == _log.c.actor_id)
        .outerjoin(person, and_(_log.c.subject_kind == "person", person.c.id == _log.c.subject_id))
        .outerjoin(_team, and_(_log.c.subject_kind == "team", _team.c.id == _log.c.subject_id))
        .where(*_fits(wanted), *([_log.c.number < before] if before else []))
        .order_by(_log.c.number.desc())
        .limit(limit)
    )
    return [_shown(Entry(*row[:-2]), row.actor, row.whom) for row in rows]


def _fits(wanted: Wanted) -> list[ColumnElement[bool]]:
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


def _shown(entry: Entry, actor: str | None, whom: str | None) -> Shown:
    details = json.loads(entry.details)
    # Somebody who is not there any more is still somebody: only their name is gone.
    who = actor or (f"person {entry.actor_id}" if entry.actor_id is not None else None)
    name = whom or (f"{entry.subject_kind} {entry.subject_id}" if entry.subject_kind else None)
    own = entry.subject_kind == "person" and entry.subject_id == entry.actor_id
    words = sentence(entry.what, who, name, own, details)
    return Shown(entry, who, words[:1].upper() + words[1:], told(details))
