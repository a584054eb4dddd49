"""Read the facts behind the report, of everybody or of some people, and high-water marks that tell whether anything is
new."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from course.audit.models import AuditEntry
from course.db import Base
from course.learning.models import Completion, Enrolment, PageRead
from course.mail.models import OutboxMail
from course.organisation.models import Organisation
from course.people.models import Membership, PersonChange
from course.recertification import queries as renewal
from course.recertification.rules.facts import CertificationFacts
from course.reminders.models import Reminder

SUMMARY_KINDS = ("manager", "lead")  # reminders that are about others


class HighWaterMark(NamedTuple):
    """The newest row of each table that a report depends on. Every change to people, teams and policies writes an audit
    event, so the newest audit event stands for all of them."""

    audit_event: int
    completion: int
    enrolment: int
    page: int


_HIGH_WATER_QUERY = select(
    *(
        func.coalesce(select(func.max(column)).scalar_subquery(), 0)
        for column in (AuditEntry.number, Completion.id, Enrolment.id, PageRead.id)
    )
)


def high_water_mark(session: Session) -> HighWaterMark:
    """The present high-water mark. One query."""
    return HighWaterMark._make(session.execute(_HIGH_WATER_QUERY).one())


@dataclass(frozen=True, slots=True)
class ReportedPerson:
    """One person with everything from which a line of any day is made. `memberships` are (team, from, until),
    `previous_names` are (name, until), oldest first."""

    id: int
    name: str
    email: str
    facts: CertificationFacts
    memberships: tuple[tuple[int, datetime, datetime | None], ...]
    previous_names: tuple[tuple[str, datetime], ...]

    def name_at(self, moment: datetime) -> str:
        return next((name for name, until in self.previous_names if until > moment), self.name)

    def teams_at(self, moment: datetime) -> tuple[int, ...]:
        return tuple(
            team for team, since, until in self.memberships if since <= moment and (until is None or until > moment)
        )


def reported_people(session: Session, zone: str, ids: Collection[int] | None = None) -> list[ReportedPerson]:
    """All people, or those with these ids, including people who have left."""
    memberships: dict[int, list[tuple[int, datetime, datetime | None]]] = defaultdict(list)
    membership_rows = select(Membership.person_id, Membership.team_id, Membership.since, Membership.until)
    previous_names: dict[int, list[tuple[str, datetime]]] = defaultdict(list)
    name_rows = select(PersonChange.person_id, PersonChange.name, PersonChange.changed_at).order_by(PersonChange.id)
    if ids is not None:
        membership_rows = membership_rows.where(Membership.person_id.in_(ids))
        name_rows = name_rows.where(PersonChange.person_id.in_(ids))
    for person, team, since, until in session.execute(membership_rows):
        memberships[person].append((team, since, until))
    for person, name, until in session.execute(name_rows):
        previous_names[person].append((name, until))
    return [
        ReportedPerson(
            person_facts.id,
            person_facts.name,
            person_facts.email,
            person_facts.facts,
            tuple(memberships[person_facts.id]),
            tuple(previous_names[person_facts.id]),
        )
        for person_facts in renewal.people(session, zone, ids)
    ]


@dataclass(frozen=True)
class AuditedChange:
    """An audit event: what was done, and to which person (None: to something else)."""

    event_kind: str
    person_id: int | None


def audited_changes_after(session: Session, number: int, limit: int) -> list[AuditedChange]:
    """The audit events after that number, `limit` of them at most."""
    rows = session.execute(
        select(AuditEntry.what, AuditEntry.subject_kind, AuditEntry.subject_id)
        .where(AuditEntry.number > number)
        .order_by(AuditEntry.number)
        .limit(limit)
    )
    return [AuditedChange(what, subject if kind == "person" else None) for what, kind, subject in rows]


def learners_active_after(session: Session, since: HighWaterMark, overlap: int) -> set[int]:
    """The people who began, read or completed something in rows newer than the high-water mark, or up to `overlap` rows
    older: on PostgreSQL a row may become visible later than one with a higher number."""
    person_ids: set[int] = set()
    columns: Iterable[tuple[type[Base], InstrumentedAttribute[int], int]] = (
        (Completion, Completion.id, since.completion),
        (PageRead, PageRead.id, since.page),
    )
    for table, column, newest in columns:
        enrolments = select(table.__table__.c.enrolment_id).where(column > newest - overlap)
        person_ids |= set(
            session.execute(select(Enrolment.person_id).where(Enrolment.id.in_(enrolments)).distinct()).scalars()
        )
    begun = select(Enrolment.person_id).where(Enrolment.id > since.enrolment - overlap).distinct()
    return person_ids | set(session.execute(begun).scalars())


def organisation_pathway(session: Session) -> str:
    """The organisation's pathway now; empty before the set-up."""
    return session.execute(select(Organisation.pathway)).scalar() or ""


def last_reminders(session: Session, ids: Collection[int] | None, at: datetime) -> dict[int, datetime]:
    """The time of the newest reminder of each person that was made by that moment, of everybody or of these people.
    Reminders that were withdrawn or superseded are left out, because nobody read them."""
    statement = (
        select(Reminder.person_id, func.max(Reminder.made_at))
        .outerjoin(OutboxMail, OutboxMail.key == Reminder.key)
        .where(OutboxMail.withheld.is_(None))
        .where(Reminder.person_id.is_not(None), Reminder.kind.not_in(SUMMARY_KINDS), Reminder.made_at <= at)
        .group_by(Reminder.person_id)
    )
    if ids is not None:
        statement = statement.where(Reminder.person_id.in_(ids))
    return {person: made for person, made in session.execute(statement) if person is not None}
