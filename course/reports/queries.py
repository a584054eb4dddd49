"""The facts behind the report: those of everybody or of some, and marks that tell whether they are still the same."""

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
    """The newest row of each table that something a report shows can come from. What people, teams and rules are is
    written to the log with every change, so its newest entry stands for all of that."""

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
    """How far the facts go now. One query."""
    return HighWaterMark._make(session.execute(_HIGH_WATER_QUERY).one())


@dataclass(frozen=True, slots=True)
class ReportedPerson:
    """One person with all that a line of any day is made of. `stints` are (team, from, until), `names` what they were
    called before, as (name, until), oldest first."""

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
    """Everybody, or those with these ids, also who has left."""
    stints: dict[int, list[tuple[int, datetime, datetime | None]]] = defaultdict(list)
    belonging = select(Membership.person_id, Membership.team_id, Membership.since, Membership.until)
    names: dict[int, list[tuple[str, datetime]]] = defaultdict(list)
    called = select(PersonChange.person_id, PersonChange.name, PersonChange.changed_at).order_by(PersonChange.id)
    if ids is not None:
        belonging = belonging.where(Membership.person_id.in_(ids))
        called = called.where(PersonChange.person_id.in_(ids))
    for person, team, since, until in session.execute(belonging):
        stints[person].append((team, since, until))
    for person, name, until in session.execute(called):
        names[person].append((name, until))
    return [
        ReportedPerson(one.id, one.name, one.email, one.facts, tuple(stints[one.id]), tuple(names[one.id]))
        for one in renewal.people(session, zone, ids)
    ]


@dataclass(frozen=True)
class AuditedChange:
    """An entry of the log: what was done, and to which person (None: to something else)."""

    event_kind: str
    person_id: int | None


def audited_changes_after(session: Session, number: int, most: int) -> list[AuditedChange]:
    """What was done after that entry, `most` entries of it."""
    rows = session.execute(
        select(AuditEntry.what, AuditEntry.subject_kind, AuditEntry.subject_id)
        .where(AuditEntry.number > number)
        .order_by(AuditEntry.number)
        .limit(most)
    )
    return [AuditedChange(what, subject if kind == "person" else None) for what, kind, subject in rows]


def learners_active_after(session: Session, since: HighWaterMark, behind: int) -> set[int]:
    """The people who began, read or completed something in rows that are newer, or that were begun up to `behind` rows
    earlier: on PostgreSQL a row may be seen later than one with a higher number."""
    found: set[int] = set()
    columns: Iterable[tuple[type[Base], InstrumentedAttribute[int], int]] = (
        (Completion, Completion.id, since.completion),
        (PageRead, PageRead.id, since.page),
    )
    for table, column, newest in columns:
        enrolments = select(table.__table__.c.enrolment_id).where(column > newest - behind)
        found |= set(
            session.execute(select(Enrolment.person_id).where(Enrolment.id.in_(enrolments)).distinct()).scalars()
        )
    begun = select(Enrolment.person_id).where(Enrolment.id > since.enrolment - behind).distinct()
    return found | set(session.execute(begun).scalars())


def organisation_pathway(session: Session) -> str:
    """The organisation's pathway now; empty before the set-up."""
    return session.execute(select(Organisation.pathway)).scalar() or ""


def last_reminders(session: Session, ids: Collection[int] | None, at: datetime) -> dict[int, datetime]:
    """When the newest reminder of each was made by that moment, of everybody or of these; without those that were
    taken back or overtaken, which nobody read."""
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
