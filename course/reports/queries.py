"""Read the facts behind the report, of everybody or of some people, and high-water marks that tell whether anything is
new."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from course.audit.models import AuditEntry
from course.certificates.models import Certificate, CertificateChange
from course.db import Base
from course.id_lists import is_in_ids
from course.learning.models import Completion, Enrolment, PageRead
from course.mail.models import OutboxMail
from course.mail.queries import suppressed_address_query
from course.people.models import Person, PersonChange
from course.recertification.models import RenewalImport
from course.reminders.models import Reminder
from course.standings.queries.people import organisation_pathway as organisation_pathway
from course.standings.queries.people import reported_people as reported_people
from course.standings.rules import ReportedPerson as ReportedPerson

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


class CertificateFact(NamedTuple):
    """A certificate that counted at some moment: its number (empty for one of another organisation), the day of the
    completion, the last valid day, None if it states none, and the day of the supervised session, if it was one."""

    number: str
    completed_on: date
    valid_until: date | None
    supervised_on: date | None = None


class PersonDetails(NamedTuple):
    """What a file says of a person beside their line: the staff number, the certificates, oldest completion first, and the job
    role. A text is empty if nothing is known."""

    staff_number: str = ""
    certificates: Sequence[CertificateFact] = ()
    job_role: str = ""

    def certificate_until(self, valid_until: date | None) -> CertificateFact | None:
        """The certificate to which this last valid day belongs (see `certificate_until`)."""
        return certificate_until(self.certificates, valid_until)


NO_DETAILS = PersonDetails()


def certificate_until(certificates: Sequence[CertificateFact], valid_until: date | None) -> CertificateFact | None:
    """Of the certificates of a person, oldest first, the one to which this last valid day belongs: one that states it, else
    one that states none, because it was worked out for that one, else the newest."""
    if valid_until is None or not certificates:
        return None
    newest = certificates[-1]
    if newest.valid_until == valid_until:
        return newest
    stated = {one.valid_until: one for one in certificates}
    return stated.get(valid_until) or stated.get(None) or newest


_IDENTITIES = select(Person.id, Person.staff_number, Person.job_role).where(is_in_ids(Person.id))
_LATER_IDENTITIES = (
    select(PersonChange.person_id, PersonChange.staff_number, PersonChange.job_role)
    .where(is_in_ids(PersonChange.person_id), PersonChange.changed_at > bindparam("at"))
    .order_by(PersonChange.id.desc())
)
_ENDED = select(CertificateChange.id).where(
    CertificateChange.certificate_id == Certificate.id, CertificateChange.changed_at <= bindparam("at")
)
_ISSUED = (
    select(
        Certificate.person_id,
        Certificate.number,
        Certificate.completed_on,
        Certificate.valid_until,
        Certificate.supervised_on,
    )
    .where(is_in_ids(Certificate.person_id), Certificate.issued_at <= bindparam("at"), ~_ENDED.exists())
    .order_by(Certificate.completed_on, Certificate.id)
)
_BROUGHT = (
    select(RenewalImport.person_id, RenewalImport.day, RenewalImport.valid_until, RenewalImport.withdrawn)
    .where(is_in_ids(RenewalImport.person_id), RenewalImport.made_at <= bindparam("at"))
    .order_by(RenewalImport.id)
)


def person_details(session: Session, ids: Collection[int], at: datetime, is_past: bool) -> dict[int, PersonDetails]:
    """The details of these people as they were known at that moment; of now, unless `is_past`, in one query less. Revoked,
    replaced and withdrawn certificates are left out. Three queries, or four."""
    connection, values = session.connection(), {"ids": list(ids), "at": at}
    known_now = connection.execute(_IDENTITIES, {"ids": list(ids)}).all()
    identities = {person: (number or "", job or "") for person, number, job in known_now}
    if is_past:
        for person, number, job in connection.execute(_LATER_IDENTITIES, values):
            identities[person] = number or "", job or ""
    certificates = certificates_of(session, ids, at)
    return {
        person: PersonDetails(number, certificates.get(person, ()), job) for person, (number, job) in identities.items()
    }


def certificates_of(session: Session, ids: Collection[int], at: datetime) -> dict[int, list[CertificateFact]]:
    """The certificates of these people that counted at that moment, oldest completion first; nobody who had none. Two
    queries."""
    connection, values = session.connection(), {"ids": list(ids), "at": at}
    certificates: dict[int, list[CertificateFact]] = {}
    # Read at once: of many people, fetching row by row costs more than the query.
    for person, number, day, until, supervised in connection.execute(_ISSUED, values).all():
        certificates.setdefault(person, []).append(CertificateFact(number, day, until, supervised))
    # The newest row about a certificate of another organisation says whether it was withdrawn.
    brought = {
        (person, day, until): withdrawn for person, day, until, withdrawn in connection.execute(_BROUGHT, values).all()
    }
    for (person, day, stated_until), withdrawn in brought.items():
        if withdrawn is None:
            known = certificates.setdefault(person, [])
            known.append(CertificateFact("", day, stated_until))
            known.sort(key=lambda one: one.completed_on)
    return certificates


def identity_now(person_id: ColumnElement[int]) -> tuple[ColumnElement[str | None], ColumnElement[str | None]]:
    """The staff number and the job role of a person as they are now, as columns of another query."""
    person = Person.__table__.alias()
    return (
        select(person.c.staff_number).where(person.c.id == person_id).scalar_subquery(),
        select(person.c.job_role).where(person.c.id == person_id).scalar_subquery(),
    )


@cache
def _last_reminders(everybody: bool) -> Select[*tuple[Any, ...]]:
    statement = (
        select(Reminder.person_id, func.max(Reminder.made_at))
        .outerjoin(OutboxMail, OutboxMail.key == Reminder.key)
        .where(or_(OutboxMail.withheld.is_(None), OutboxMail.given_up_at > bindparam("at")))
        .where(
            Reminder.person_id.is_not(None), Reminder.kind.not_in(SUMMARY_KINDS), Reminder.made_at <= bindparam("at")
        )
        .group_by(Reminder.person_id)
    )
    return statement if everybody else statement.where(is_in_ids(Reminder.person_id))


def last_reminders(session: Session, ids: Collection[int] | None, at: datetime) -> dict[int, datetime]:
    """The time of the newest reminder of each person that was made by that moment, of everybody or of these people.
    Reminders that had been withdrawn or superseded by then are left out, because nobody read them."""
    statement, values = _last_reminders(ids is None), {"at": at, **({} if ids is None else {"ids": list(ids)})}
    return {person: made for person, made in session.connection().execute(statement, values)}  # noqa: C416 (no dict of rows)


def last_reminder_of(person_id: ColumnElement[int], at: datetime) -> ColumnElement[Any]:
    """The same of one person, as a column of another query."""
    made = (
        select(func.max(Reminder.made_at))
        .outerjoin(OutboxMail, OutboxMail.key == Reminder.key)
        .where(or_(OutboxMail.withheld.is_(None), OutboxMail.given_up_at > at), Reminder.person_id == person_id)
        .where(Reminder.kind.not_in(SUMMARY_KINDS), Reminder.made_at <= at)
    )
    return made.scalar_subquery()


def not_reminded_since(person_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether no reminder to this person was made since the parameter `since`, as part of another query (see
    `last_reminders`)."""
    made = (
        select(Reminder.person_id)
        .outerjoin(OutboxMail, OutboxMail.key == Reminder.key)
        .where(OutboxMail.withheld.is_(None), Reminder.person_id == person_id)
        .where(Reminder.kind.not_in(SUMMARY_KINDS), Reminder.made_at >= bindparam("since"))
    )
    # The offset keeps PostgreSQL from joining everybody who was reminded since: it looks at one person after another, and
    # the caller stops after a few hundred.
    return ~made.offset(0).exists()


def takes_mail() -> ColumnElement[bool]:
    """Whether mail can be sent to a person, as part of another query."""
    has_address = Person.email.is_not(None), ~Person.email.like("%.invalid")
    return and_(*has_address, Person.email.not_in(suppressed_address_query()))


def ids_taking_mail(session: Session, among: Collection[int]) -> list[int]:
    """Those of these people to whom mail can be sent."""
    return list(session.execute(select(Person.id).where(Person.id.in_(among), takes_mail())).scalars())
