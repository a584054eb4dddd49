"""The facts of renewal as the rule wants them: of one person, or of everybody in a handful of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, and_, exists, func, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from course.certificates.models import Certificate, CertificateChange
from course.dates import civil_date
from course.learning.models import Completion as CompletionRow
from course.learning.models import Enrolment, PageRead
from course.organisation.models import Organisation, UsualPathway
from course.people.models import Employment as EmploymentRow
from course.people.models import PathwayChoice, Person
from course.recertification.models import RenewalExtension, RenewalImport, RenewalPause, RenewalPolicy
from course.recertification.rules import (
    CertificationFacts,
    CompletionFact,
    EmploymentFact,
    Extension,
    PathwayFact,
    Pause,
    Policy,
    Requirement,
    StartFact,
)
from course.recertification.rules.civil_dates import add_days
from course.recertification.rules.facts import IMPORTED, INITIAL, REFRESHER

EMPLOYMENT_REASON = "working here"
Row = TypeVar("Row", RenewalExtension, RenewalPause, RenewalImport, EmploymentRow, PathwayChoice)


# Only the newest certificate of a completion can be revoked, and it is never issued anew: one row at the most.
_REVOKED = (
    select(Certificate.completion_id, CertificateChange.changed_at, CertificateChange.reason)
    .join(CertificateChange, CertificateChange.certificate_id == Certificate.id)
    .where(CertificateChange.kind == "revoked")
    .subquery()
)


@dataclass(frozen=True)
class PersonFacts:
    """A person with the facts that their renewal rests on."""

    id: int
    name: str
    email: str
    facts: CertificationFacts
    left_at: datetime | None = None


def policies(session: Session, zone: str) -> list[Policy]:
    """The versions of the policy for everybody and for pathways, the oldest first; before anybody made one, the
    default from the set-up on."""
    found = [_policy(row) for row in session.execute(select(RenewalPolicy).order_by(RenewalPolicy.id)).scalars()]
    begun: datetime | None = session.execute(select(Organisation.set_up_at)).scalar()
    return ([Policy(since=civil_date(begun, zone))] if begun else []) + found


def _policy(row: RenewalPolicy) -> Policy:
    return Policy(**{field.name: getattr(row, field.name) for field in fields(Policy)})


def people(session: Session, zone: str, ids: Iterable[int] | None = None) -> list[PersonFacts]:
    """Everybody, or those with these ids, also who has left, by name."""
    known = None if ids is None else list(ids)
    persons = (
        session.execute(select(Person).where(_person_filter(Person.id, known)).order_by(Person.name, Person.id))
        .scalars()
        .all()
    )
    completions, started = _completions_and_starts(session, zone, known)
    for person_id, imported in _rows_by_person(session, RenewalImport, known).items():
        completions[person_id] += map(_imported_completion, imported)
    extensions = _rows_by_person(session, RenewalExtension, known)
    pauses = _rows_by_person(session, RenewalPause, known)
    stays = _rows_by_person(session, EmploymentRow, known)
    choices = _rows_by_person(session, PathwayChoice, known)
    usual = [
        PathwayFact(civil_date(row.chosen_at, zone), row.pathway)
        for row in session.execute(select(UsualPathway).order_by(UsualPathway.id)).scalars()
    ]
    return [
        PersonFacts(
            person.id,
            person.name,
            person.email,
            CertificationFacts(
                employments=_employments(person, stays[person.id], zone),
                requirements=(Requirement(civil_date(person.created_at, zone), None, EMPLOYMENT_REASON),),
                completions=tuple(completions[person.id]),
                extensions=tuple(Extension(e.recorded, e.until, e.reason, e.withdrawn) for e in extensions[person.id]),
                pauses=tuple(Pause(p.since, p.until, p.re_enter_days, p.reason, p.recorded) for p in pauses[person.id]),
                started=tuple(started[person.id]),
                pathways=_pathways(
                    usual, [PathwayFact(civil_date(c.chosen_at, zone), c.pathway) for c in choices[person.id]]
                ),
            ),
            person.left_at,
        )
        for person in persons
    ]


def unrevoked_certificates(session: Session, person_id: int) -> list[tuple[date, date | None, str, str]]:
    """Certificates that somebody holds or has brought along, and that were not taken back: day of completion, last
    day, issuer with the number, and kind."""
    changed = exists().where(CertificateChange.certificate_id == Certificate.id)
    own = session.execute(
        select(Certificate, Enrolment.kind)
        .join(CompletionRow, CompletionRow.id == Certificate.completion_id)
        .join(Enrolment, Enrolment.id == CompletionRow.enrolment_id)
        .where(Certificate.person_id == person_id, ~changed)
        .order_by(Certificate.id)
    )
    found: list[tuple[date, date | None, str, str]] = [
        (one.completed_on, one.valid_until, f"{one.organisation}, {one.number}"[:200], kind) for one, kind in own
    ]
    # The newest row about a certificate says whether it was taken back.
    brought = {
        (row.day, row.valid_until): row for row in _rows_by_person(session, RenewalImport, [person_id])[person_id]
    }
    return found + [(row.day, row.valid_until, row.issuer, row.kind) for row in brought.values() if not row.withdrawn]


def _person_filter(column: InstrumentedAttribute[int], ids: list[int] | None) -> ColumnElement[bool]:
    """These people, or everybody."""
    return true() if ids is None else column.in_(ids)


def _imported_completion(row: RenewalImport) -> CompletionFact:
    """An earlier certificate, or that it was taken back."""
    why = row.reason if row.withdrawn else ""
    return CompletionFact(row.day, row.recorded, IMPORTED, row.valid_until, row.withdrawn, why)


def _employments(person: Person, rows: list[EmploymentRow], zone: str) -> tuple[EmploymentFact, ...]:
    """The stays here. The end of one is a fact of its own, so that earlier days look as they looked."""
    begun = civil_date(person.created_at, zone)
    stays = [EmploymentFact(row.start, row.end, row.recorded) for row in rows] or [EmploymentFact(begun, None, begun)]
    newest = stays[-1]
    if person.left_at is None or newest.end is not None:
        return tuple(stays)
    left = civil_date(person.left_at, zone)
    return *stays, EmploymentFact(newest.start, left, max(left, newest.recorded_on))


def _pathways(usual: list[PathwayFact], own: list[PathwayFact]) -> tuple[PathwayFact, ...]:
    """What was chosen for the person and, until then, for everybody."""
    first = min((choice.since for choice in own), default=date.max)
    return *(choice for choice in usual if choice.since < first), *own


def _completions_and_starts(
    session: Session, zone: str, ids: list[int] | None
) -> tuple[dict[int, list[CompletionFact]], dict[int, list[StartFact]]]:
    """Completions with what became of their certificates, and the days on which somebody read the first page of the
    course or began a refresher."""
    done: dict[int, list[CompletionFact]] = defaultdict(list)
    begun: dict[int, list[StartFact]] = defaultdict(list)
    rows = session.execute(
        select(
            Enrolment.person_id,
            Enrolment.kind,
            CompletionRow.completed_at,
            Certificate.completed_on,
            _REVOKED.c.changed_at,
            _REVOKED.c.reason,
        )
        .join(CompletionRow, CompletionRow.enrolment_id == Enrolment.id)
        .outerjoin(Certificate, and_(Certificate.completion_id == CompletionRow.id, Certificate.replaces.is_(None)))
        .outerjoin(_REVOKED, _REVOKED.c.completion_id == CompletionRow.id)
        .where(_person_filter(Enrolment.person_id, ids))
        .order_by(CompletionRow.id)
    )
    for person_id, kind, at, on, gone, why in rows:
        # The certificate says which day it was, whatever zone is set today; a revocation is not older than that.
        day = on or civil_date(at, zone)
        ended = max(civil_date(gone, zone), day) if gone else None
        done[person_id].append(CompletionFact(day, None, kind, None, ended, why or ""))
    reads = (
        select(Enrolment.person_id, func.min(PageRead.read_at))
        .join(PageRead, PageRead.enrolment_id == Enrolment.id)
        .where(_person_filter(Enrolment.person_id, ids), Enrolment.kind == INITIAL)
        .group_by(Enrolment.person_id, Enrolment.id)
        .order_by(Enrolment.id)
    )
    begun_once = select(Enrolment.person_id, Enrolment.opened_at).where(
        Enrolment.kind == REFRESHER, _person_filter(Enrolment.person_id, ids)
    )
    for person_id, at in (*session.execute(reads), *session.execute(begun_once.order_by(Enrolment.id))):
        begun[person_id].append(StartFact(civil_date(at, zone)))
    return done, begun


def _rows_by_person(session: Session, model: type[Row], ids: list[int] | None) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in session.execute(select(model).where(_person_filter(model.person_id, ids)).order_by(model.id)).scalars():
        found[row.person_id].append(row)
    return found


@dataclass(frozen=True)
class PolicyVersion:
    """A version of the rule with who made it, when and why."""

    policy: Policy
    reason: str
    author: str | None
    at: datetime


def policy_history(session: Session) -> list[PolicyVersion]:
    """The versions of the rule that somebody made, the newest first."""
    rows = session.execute(
        select(RenewalPolicy, Person.name)
        .outerjoin(Person, Person.id == RenewalPolicy.made_by)
        .order_by(RenewalPolicy.id.desc())
    )
    return [PolicyVersion(_policy(row), row.reason, name, row.made_at) for row, name in rows]


@dataclass(frozen=True)
class RecertificationEntry:
    """Something that was written down about somebody. `what` is extension, leave, certificate, pathway or stay, `on`
    the day it is about or begins on, `name` an issuer or a pathway, `by` None for a command. `undone` says that it takes
    an earlier entry back, `open` that it can be taken back itself."""

    kind: str
    id: int
    on: date | None
    until: date | None
    name: str
    reason: str
    author: str | None
    at: datetime
    is_withdrawal: bool = False
    can_withdraw: bool = False


def open_facts(session: Session, person_id: int) -> dict[str, set[int]]:
    """The extensions, leaves and earlier certificates that stand: of each the row that was written last."""
    return _open_ids(*_withdrawable_rows(session, person_id))


def withdrawal_fact(session: Session, what: str, fact_id: int, day: date) -> Extension | Pause | CompletionFact:
    """The fact that takes back an extension, a leave or an earlier certificate on that day."""
    if what == "extension":
        e = session.get_one(RenewalExtension, fact_id)
        return Extension(e.recorded, e.until, e.reason, day)
    if what == "leave":
        p = session.get_one(RenewalPause, fact_id)
        return Pause(p.since, add_days(p.since, -1), p.re_enter_days, p.reason, day)
    i = session.get_one(RenewalImport, fact_id)
    return CompletionFact(i.day, day, IMPORTED, i.valid_until, day)


WithdrawableRows = tuple[list[RenewalExtension], list[RenewalPause], list[RenewalImport]]


def _withdrawable_rows(session: Session, person_id: int) -> WithdrawableRows:
    """Every row that can be taken back, or takes one back, in the order in which they were written."""
    ids = [person_id]
    return (
        _rows_by_person(session, RenewalExtension, ids)[person_id],
        _rows_by_person(session, RenewalPause, ids)[person_id],
        _rows_by_person(session, RenewalImport, ids)[person_id],
    )


def _open_ids(
    extensions: list[RenewalExtension], leaves: list[RenewalPause], brought: list[RenewalImport]
) -> dict[str, set[int]]:
    last_extensions = {(e.recorded, e.until, e.reason): e for e in extensions}
    last_leaves = {p.since: p for p in leaves}
    last_brought = {(i.day, i.valid_until): i for i in brought}
    return {
        "extension": {row.id for row in last_extensions.values() if row.withdrawn is None},
        "leave": {row.id for row in last_leaves.values() if not _is_withdrawn_pause(row)},
        "certificate": {row.id for row in last_brought.values() if row.withdrawn is None},
    }


def _is_withdrawn_pause(row: RenewalPause) -> bool:
    """Whether the row says that the leave did not take place."""
    return row.until is not None and row.until < row.since


def recertification_entries(session: Session, person_id: int) -> list[RecertificationEntry]:
    """All that was written down about somebody's renewal, the newest first."""
    extensions, leaves, brought = _withdrawable_rows(session, person_id)
    standing = _open_ids(extensions, leaves, brought)
    ids = [person_id]
    found: list[tuple[int | None, RecertificationEntry]] = []
    for e in extensions:
        why, gone = e.withdrawn_reason or e.reason, e.withdrawn is not None
        open_ = e.id in standing["extension"]
        found.append(
            (e.made_by, RecertificationEntry("extension", e.id, None, e.until, "", why, None, e.made_at, gone, open_))
        )
    for p in leaves:
        open_ = p.id in standing["leave"]
        found.append(
            (
                p.made_by,
                RecertificationEntry(
                    "leave", p.id, p.since, p.until, "", p.reason, None, p.made_at, _is_withdrawn_pause(p), open_
                ),
            )
        )
    for i in brought:
        gone, open_ = i.withdrawn is not None, i.id in standing["certificate"]
        entry = RecertificationEntry(
            "certificate", i.id, i.day, i.valid_until, i.issuer, i.reason, None, i.made_at, gone, open_
        )
        found.append((i.made_by, entry))
    for c in _rows_by_person(session, PathwayChoice, ids)[person_id]:
        found.append(
            (c.chosen_by, RecertificationEntry("pathway", c.id, None, None, c.pathway, c.reason, None, c.chosen_at))
        )
    for s in _rows_by_person(session, EmploymentRow, ids)[person_id]:
        found.append((s.made_by, RecertificationEntry("stay", s.id, s.start, s.end, "", s.reason, None, s.made_at)))
    makers = {maker for maker, _ in found if maker is not None}
    rows = session.execute(select(Person.id, Person.name).where(Person.id.in_(makers)))
    names = {row.id: row.name for row in rows}
    named = [replace(entry, author=names.get(maker) if maker else None) for maker, entry in found]
    return sorted(named, key=lambda entry: (entry.at, entry.id), reverse=True)
