"""Completions and certificates of people who work here now, also those of an entry that was merged into theirs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from course.api.queries.scope import PageRequest, PeopleScope, merged_entries_query, people_condition
from course.api.rules.answers import CertificateItem, CompletionItem
from course.certificates.models import Certificate, CertificateChange
from course.learning.models import Completion, Enrolment
from course.people.models import Person


def completions_page(
    session: Session, scope: PeopleScope, page: PageRequest, kind: str | None, since: datetime | None
) -> list[CompletionItem]:
    """Completions by id. One query."""
    merged = merged_entries_query()
    holder = func.coalesce(merged.c.into_id, Enrolment.person_id)
    wanted: Any = (
        select(Completion.id, Person.id.label("person_id"), Enrolment.kind, Completion.completed_at, Completion.edition)
        .join(Enrolment, Enrolment.id == Completion.enrolment_id)
        .outerjoin(merged, merged.c.person_id == Enrolment.person_id)
        .join(Person, Person.id == holder)
        .where(people_condition(scope), Completion.id > page.after)
    )
    if kind is not None:
        wanted = wanted.where(Enrolment.kind == kind)
    if since is not None:
        wanted = wanted.where(Completion.completed_at >= since)
    rows = session.execute(wanted.order_by(Completion.id).limit(page.limit))
    return [CompletionItem.model_validate(row._asdict()) for row in rows]


def certificates_page(
    session: Session, scope: PeopleScope, page: PageRequest, state: str | None, since: datetime | None
) -> list[CertificateItem]:
    """Certificates by id. One query."""
    current, merged = func.coalesce(CertificateChange.kind, "issued"), merged_entries_query()
    wanted: Any = (
        select(
            Certificate.id, Certificate.number, Person.id.label("person_id"), Certificate.kind, Certificate.completed_on,
            Certificate.valid_until, Certificate.issued_at, current.label("state"),
            func.coalesce(CertificateChange.changed_at, Certificate.issued_at).label("changed_at"),
        )
        .outerjoin(merged, merged.c.person_id == Certificate.person_id)
        .join(Person, Person.id == func.coalesce(merged.c.into_id, Certificate.person_id))
        .outerjoin(CertificateChange, CertificateChange.certificate_id == Certificate.id)
        .where(people_condition(scope), Certificate.id > page.after)
    )  # fmt: skip
    if state is not None:
        wanted = wanted.where(current == state)
    if since is not None:
        wanted = wanted.where(or_(Certificate.issued_at >= since, CertificateChange.changed_at >= since))
    rows = session.execute(wanted.order_by(Certificate.id).limit(page.limit))
    return [CertificateItem.model_validate(row._asdict()) for row in rows]
