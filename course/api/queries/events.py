"""Events from the audit log: numbers without gaps, given at the commit under one lock. Whoever has seen a number never finds
a lower one later, whichever process wrote it."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from course.api.queries.scope import PageRequest
from course.api.rules.answers import EventItem
from course.api.rules.events import EXPIRED, LEFT, LoggedEvent, events_of, kinds_of_type
from course.api_tokens.models import ApiToken
from course.audit.models import AuditEntry
from course.audit.queries import log_head
from course.people.models import Membership, PersonMerge
from course.people.queries import team_subtree
from course.standings.models import PersonStatus


@dataclass(frozen=True)
class EventFilter:
    """Which events are wanted: of people who were then in a team or below it, of a type, recorded since; None means any."""

    team_id: int | None
    event_type: str | None
    since: datetime | None


@dataclass(frozen=True)
class EventPortion:
    """Events in order, the place after which the next begin, and whether there are more now."""

    events: list[EventItem]
    place: int
    has_more: bool


def events_after(session: Session, wanted: EventFilter, page: PageRequest) -> EventPortion:
    """The events after a place in the log: of at most `limit` of its entries. Two queries."""
    # What is read up to here stays as it is: an entry that is committed meanwhile has a higher number.
    newest, _ = log_head(session)
    columns = AuditEntry.number, AuditEntry.what, AuditEntry.at, AuditEntry.subject_id, AuditEntry.details
    statement: Any = select(*columns).where(
        AuditEntry.number > page.after, AuditEntry.number <= newest, AuditEntry.subject_kind == "person",
        AuditEntry.what.in_(kinds_of_type(wanted.event_type)),
    )  # fmt: skip
    # The entry that a merge ends has not left, and who reads it so closes the account of somebody who works here: `merged`
    # says what became of it.
    merging = exists().where(PersonMerge.person_id == AuditEntry.subject_id, PersonMerge.made_at == AuditEntry.at)
    statement = statement.where(or_(AuditEntry.what != LEFT, ~merging))
    if wanted.since is not None:
        statement = statement.where(AuditEntry.at >= wanted.since)
    if wanted.team_id is not None:
        # Whoever leaves is in the team up to the moment of the event.
        members = select(Membership.id).where(
            Membership.person_id == AuditEntry.subject_id, Membership.since <= AuditEntry.at,
            or_(Membership.until.is_(None), Membership.until >= AuditEntry.at),
            Membership.team_id.in_(select(team_subtree([wanted.team_id]).c.id)),
        )  # fmt: skip
        statement = statement.where(members.exists())
    rows = session.execute(statement.order_by(AuditEntry.number).limit(page.limit + 1)).all()
    entries = [LoggedEvent(*row) for row in rows[: page.limit]]
    has_more = len(rows) > page.limit
    events = [event for entry in entries for event in events_of(entry, wanted.event_type)]
    return EventPortion(events, entries[-1].number if has_more else max(newest, page.after), has_more)


def first_token_day(session: Session) -> datetime | None:
    """When the first token was made: nobody asks for events from before."""
    return session.execute(select(func.min(ApiToken.made_at))).scalar_one()


def lapsed_certificates(session: Session, since: date, today: date) -> list[tuple[int, date]]:
    """The people who work here and whose last valid day was on or after `since` and has passed, each with that day."""
    rows = session.execute(
        select(PersonStatus.person_id, PersonStatus.valid_until)
        .where(PersonStatus.is_employed, PersonStatus.valid_until >= since, PersonStatus.valid_until < today)
        .order_by(PersonStatus.valid_until, PersonStatus.person_id)
    )
    return [(row.person_id, row.valid_until) for row in rows if row.valid_until is not None]


def recorded_expiries(session: Session, ids: Collection[int]) -> set[tuple[int, date]]:
    """Those of `lapsed_certificates` of these people that the log has already."""
    rows = session.execute(
        select(AuditEntry.subject_id, AuditEntry.details).where(
            AuditEntry.subject_kind == "person", AuditEntry.subject_id.in_(ids), AuditEntry.what == EXPIRED
        )
    )
    return {(row.subject_id or 0, date.fromisoformat(json.loads(row.details)["valid_until"])) for row in rows}
