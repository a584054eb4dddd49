"""The facts of renewal as the rule wants them: of one person, or of everybody in a handful of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from course.certificates.models import Certificate
from course.dates import civil_date
from course.learning.models import Completion as CompletionRow
from course.learning.models import Enrolment, PageRead
from course.organisation.models import Organisation
from course.people.models import Person
from course.refreshers.models import RenewalExtension, RenewalPause, RenewalPolicy
from course.refreshers.rules import Completion, Employment, Extension, Facts, Pause, Policy, Requirement, Started

REASON = "working here"
Row = TypeVar("Row", RenewalExtension, RenewalPause)


@dataclass(frozen=True)
class Somebody:
    """A person with the facts that their renewal rests on."""

    id: int
    name: str
    email: str
    facts: Facts


def policies(session: Session, zone: str) -> list[Policy]:
    """The versions of the policy, the oldest first; before anybody made one, the default from the set-up on."""
    rows = session.execute(select(RenewalPolicy).order_by(RenewalPolicy.id)).scalars().all()
    found = [
        Policy(
            since=row.since, recorded=row.recorded, kind=row.kind, period_months=row.period_months,
            window_days=row.window_days, lapse_months=row.lapse_months, starter_days=row.starter_days,
            minimum_days=row.minimum_days, fixed_day=row.fixed_day, fixed_month=row.fixed_month,
            minimum_months=row.minimum_months, import_age_months=row.import_age_months,
            progress_months=row.progress_months, applies=row.applies,
        )
        for row in rows
    ]  # fmt: skip
    begun: datetime | None = session.execute(select(Organisation.set_up_at)).scalar()
    return ([Policy(since=civil_date(begun, zone))] if begun else []) + found


def people(session: Session, zone: str, ids: Iterable[int] | None = None) -> list[Somebody]:
    """Everybody, or those with these ids, also who has left, by name."""
    wanted = select(Person).order_by(Person.name, Person.id)
    persons = session.execute(wanted if ids is None else wanted.where(Person.id.in_(list(ids)))).scalars().all()
    known = [person.id for person in persons]
    completions, started = _learning(session, zone, known)
    extensions = _rows(session, RenewalExtension, known)
    pauses = _rows(session, RenewalPause, known)
    return [
        Somebody(
            person.id,
            person.name,
            person.email,
            Facts(
                employments=_employment(person, zone),
                requirements=(Requirement(civil_date(person.created_at, zone), None, REASON),),
                completions=tuple(completions[person.id]),
                extensions=tuple(Extension(e.recorded, e.until, e.reason, e.withdrawn) for e in extensions[person.id]),
                pauses=tuple(Pause(p.since, p.until, p.re_enter_days, p.reason, p.recorded) for p in pauses[person.id]),
                started=tuple(started[person.id]),
            ),
        )
        for person in persons
    ]


def _employment(person: Person, zone: str) -> tuple[Employment, ...]:
    """The stay here. Its end is a fact of its own, so that earlier days look as they looked."""
    begun = civil_date(person.created_at, zone)
    here = Employment(begun, None, begun)
    if person.left_at is None:
        return (here,)
    left = civil_date(person.left_at, zone)
    return here, Employment(begun, left, left)


def _learning(
    session: Session, zone: str, ids: list[int]
) -> tuple[dict[int, list[Completion]], dict[int, list[Started]]]:
    """Completions, and the days on which somebody read their first page of an enrolment."""
    done: dict[int, list[Completion]] = defaultdict(list)
    begun: dict[int, list[Started]] = defaultdict(list)
    rows = session.execute(
        select(Enrolment.person_id, Enrolment.kind, CompletionRow.completed_at, Certificate.completed_on)
        .join(CompletionRow, CompletionRow.enrolment_id == Enrolment.id)
        .outerjoin(Certificate, and_(Certificate.completion_id == CompletionRow.id, Certificate.replaces.is_(None)))
        .where(Enrolment.person_id.in_(ids))
        .order_by(CompletionRow.id)
    )
    for person_id, kind, at, on in rows:
        # The certificate says which day it was, whatever zone is set today.
        done[person_id].append(Completion(on or civil_date(at, zone), kind=kind))
    reads = (
        select(Enrolment.person_id, func.min(PageRead.read_at))
        .join(PageRead, PageRead.enrolment_id == Enrolment.id)
        .where(Enrolment.person_id.in_(ids))
        .group_by(Enrolment.id, Enrolment.person_id)
        .order_by(Enrolment.id)
    )
    for person_id, at in session.execute(reads):
        begun[person_id].append(Started(civil_date(at, zone)))
    return done, begun


def _rows(session: Session, model: type[Row], ids: list[int]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in session.execute(select(model).where(model.person_id.in_(ids)).order_by(model.id)).scalars():
        found[row.person_id].append(row)
    return found
