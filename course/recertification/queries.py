"""Read the facts of recertification in the shape that the rules take: of one person, or of everybody in a handful of
queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    exists,
    func,
    literal,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from course.certificates.models import Certificate, CertificateChange
from course.dates import civil_date
from course.id_lists import is_in_ids
from course.learning.models import Completion as CompletionRow
from course.learning.models import Enrolment, PageRead
from course.organisation.models import Organisation, UsualPathway
from course.people.models import Employment as EmploymentRow
from course.people.models import PathwayChoice, Person
from course.people.queries import names_told_apart
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
from course.recertification.rules.facts import IMPORTED, INITIAL, REFRESHER, PersonFacts
from course.recertification.rules.pathway_policy import pathway_history

EMPLOYMENT_REASON = "working here"
FEW_PEOPLE = 20
Row = TypeVar("Row", RenewalExtension, RenewalPause, RenewalImport, EmploymentRow, PathwayChoice)

# At most one row for each completion: only its newest certificate can be revoked, and a revoked one is not reissued.
_REVOKED_ROWS = (
    select(Certificate.completion_id, CertificateChange.changed_at, CertificateChange.reason)
    .join(CertificateChange, CertificateChange.certificate_id == Certificate.id)
    .where(CertificateChange.kind == "revoked")
)
_REVOKED = _REVOKED_ROWS.subquery()


# Statements are built once, because building one takes as long as running it, and rows that are no objects are read on the
# connection, because a session takes as long again.
_POLICIES = select(RenewalPolicy).order_by(RenewalPolicy.id)
_SET_UP_AT = select(Organisation.set_up_at)
_USUAL_PATHWAYS = select(UsualPathway.chosen_at, UsualPathway.pathway).order_by(UsualPathway.id)


def policies(session: Session, zone: str) -> list[Policy]:
    """The policy versions for everybody and for pathways, the oldest first. The default version governs from the set-up
    of the organisation; before the set-up there is no version."""
    versions = [_policy(row) for row in session.execute(_POLICIES).scalars()]
    set_up_at: datetime | None = session.connection().execute(_SET_UP_AT).scalar()
    return ([Policy(since=civil_date(set_up_at, zone))] if set_up_at else []) + versions


def _policy(row: RenewalPolicy) -> Policy:
    return Policy(**{field.name: getattr(row, field.name) for field in fields(Policy)})


def people(session: Session, zone: str, ids: Iterable[int] | None = None) -> list[PersonFacts]:
    """All people, or those with these ids, including people who have left, ordered by name."""
    listed_ids = None if ids is None else list(ids)
    persons = session.execute(_persons(listed_ids is None), {"ids": listed_ids}).scalars().all()
    completions, started = _completions_and_starts(session, zone, listed_ids)
    used = _used_tables(session, listed_ids)
    for person_id, imported in _rows_by_person(session, RenewalImport, listed_ids, used).items():
        completions[person_id] += map(_imported_completion, imported)
    extensions = _rows_by_person(session, RenewalExtension, listed_ids, used)
    pauses = _rows_by_person(session, RenewalPause, listed_ids, used)
    employments = _rows_by_person(session, EmploymentRow, listed_ids, used)
    pathway_choices = _rows_by_person(session, PathwayChoice, listed_ids, used)
    organisation_pathways = [
        PathwayFact(civil_date(chosen_at, zone), pathway)
        for chosen_at, pathway in session.connection().execute(_USUAL_PATHWAYS)
    ]
    return [
        PersonFacts(
            person.id,
            person.name,
            person.email,
            CertificationFacts(
                employments=_employments(person, employments[person.id], zone),
                requirements=(Requirement(civil_date(person.created_at, zone), None, EMPLOYMENT_REASON),),
                completions=tuple(completions[person.id]),
                extensions=tuple(Extension(e.recorded, e.until, e.reason, e.withdrawn) for e in extensions[person.id]),
                pauses=tuple(Pause(p.since, p.until, p.re_enter_days, p.reason, p.recorded) for p in pauses[person.id]),
                started=tuple(started[person.id]),
                pathways=pathway_history(
                    organisation_pathways,
                    [(civil_date(c.chosen_at, zone), c.pathway) for c in pathway_choices[person.id]],
                ),
            ),
            person.left_at,
            person.sign_in_name,
        )
        for person in persons
    ]


def unrevoked_certificates(session: Session, person_id: int) -> list[tuple[date, date | None, str, str]]:
    """The certificates of a person, issued here or recorded from elsewhere, that were not revoked or withdrawn: day of
    completion, last valid day, issuer with the number, and kind."""
    changed = exists().where(CertificateChange.certificate_id == Certificate.id)
    issued = session.execute(
        select(Certificate, Enrolment.kind)
        .join(CompletionRow, CompletionRow.id == Certificate.completion_id)
        .join(Enrolment, Enrolment.id == CompletionRow.enrolment_id)
        .where(Certificate.person_id == person_id, ~changed)
        .order_by(Certificate.id)
    )
    # The number stays whole, however long the name is: by it a revocation finds what was recorded.
    certificates: list[tuple[date, date | None, str, str]] = [
        (one.completed_on, one.valid_until, f"{one.organisation[: 198 - len(one.number)]}, {one.number}", kind)
        for one, kind in issued
    ]
    # The newest row about a certificate says whether it was withdrawn.
    imported = {
        (row.day, row.valid_until): row for row in _rows_by_person(session, RenewalImport, [person_id])[person_id]
    }
    return certificates + [
        (row.day, row.valid_until, row.issuer, row.kind) for row in imported.values() if not row.withdrawn
    ]


def _person_filter(column: InstrumentedAttribute[int], everybody: bool) -> ColumnElement[bool]:
    """A condition for the people of the parameter `ids`, or for everybody."""
    return true() if everybody else is_in_ids(column)


@cache
def _persons(everybody: bool) -> Select[Person]:
    return select(Person).where(_person_filter(Person.id, everybody)).order_by(Person.name, Person.id)


# What hardly anybody has: for few people it is asked first, in one query, who has any of it.
_RARE: tuple[type[Any], ...] = (RenewalImport, RenewalExtension, RenewalPause, EmploymentRow, PathwayChoice)
_HAS_RARE = select(*(exists().where(_person_filter(model.person_id, everybody=False)) for model in _RARE))


def _used_tables(session: Session, ids: list[int] | None) -> frozenset[type[Any]]:
    """The tables of _RARE that may have rows about these people."""
    if ids is None or len(ids) > FEW_PEOPLE:
        return frozenset(_RARE)
    found = session.connection().execute(_HAS_RARE, {"ids": ids}).one()
    return frozenset(model for model, used in zip(_RARE, found, strict=True) if used)


def _imported_completion(row: RenewalImport) -> CompletionFact:
    """An earlier certificate, or the withdrawal of one."""
    withdrawn, own, why = row.withdrawn, row.is_own, row.reason if row.withdrawn else ""
    return CompletionFact(row.day, row.recorded, IMPORTED, row.valid_until, withdrawn, why, None, row.is_merged, own)


def _employments(person: Person, rows: list[EmploymentRow], zone: str) -> tuple[EmploymentFact, ...]:
    """The spells of employment. The end of a spell is a fact of its own, so that the status on earlier days stays as it
    was."""
    account_day = civil_date(person.created_at, zone)
    spells = [EmploymentFact(row.start, row.end, row.recorded) for row in rows] or [
        EmploymentFact(account_day, None, account_day)
    ]
    newest = spells[-1]
    if person.left_at is None or newest.end is not None:
        return tuple(spells)
    left = civil_date(person.left_at, zone)
    return *spells, EmploymentFact(newest.start, left, max(left, newest.recorded_on))


def _completions_and_starts(
    session: Session, zone: str, ids: list[int] | None
) -> tuple[dict[int, list[CompletionFact]], dict[int, list[StartFact]]]:
    """Completions with the revocation of their certificates, and the days on which a person read the first page of the
    course or began a refresher."""
    completions: dict[int, list[CompletionFact]] = defaultdict(list)
    starts: dict[int, list[StartFact]] = defaultdict(list)
    connection = session.connection()
    rows = connection.execute(_completion_rows(ids is None), {"ids": ids})
    for person_id, kind, at, on, until, revoked_at, why in rows:
        # The certificate keeps the day of the completion, whatever time zone is set today. A revocation is not dated
        # before that day.
        day = on or civil_date(at, zone)
        revoked_on = max(civil_date(revoked_at, zone), day) if revoked_at else None
        completions[person_id].append(CompletionFact(day, None, kind, None, revoked_on, why or "", until))
    for person_id, at, *_order in connection.execute(_starts(ids is None), {"ids": ids}):
        starts[person_id].append(StartFact(civil_date(at, zone)))
    return completions, starts


@cache
def _completion_rows(everybody: bool) -> Select[*tuple[Any, ...]]:
    """Each completion with the days on its first certificate, and with the moment and reason of a revocation."""
    certificate_days = Certificate.completed_on, Certificate.valid_until
    columns = Enrolment.person_id, Enrolment.kind, CompletionRow.completed_at, *certificate_days
    if everybody:
        rows = select(*columns, _REVOKED.c.changed_at, _REVOKED.c.reason)
    else:
        # For a few people SQLite would join the certificates of everybody first.
        revocation = (
            _REVOKED_ROWS.where(Certificate.completion_id == CompletionRow.id).limit(1).correlate(CompletionRow)
        )
        rows = select(*columns, *(
            revocation.with_only_columns(one).scalar_subquery()
            for one in (CertificateChange.changed_at, CertificateChange.reason)
        ))  # fmt: skip
    rows = (
        rows.join(CompletionRow, CompletionRow.enrolment_id == Enrolment.id)
        .outerjoin(Certificate, and_(Certificate.completion_id == CompletionRow.id, Certificate.replaces.is_(None)))
        .where(_person_filter(Enrolment.person_id, everybody))
        .order_by(CompletionRow.id)
    )
    return rows.outerjoin(_REVOKED, _REVOKED.c.completion_id == CompletionRow.id) if everybody else rows


@cache
def _starts(everybody: bool) -> CompoundSelect[*tuple[Any, ...]]:
    """The first page read of each whole course, and then the beginnings of refreshers: (person, moment, …)."""
    people_filter = _person_filter(Enrolment.person_id, everybody)
    reads = (
        select(
            Enrolment.person_id, func.min(PageRead.read_at), literal(0).label("part"), Enrolment.id.label("enrolment")
        )
        .join(PageRead, PageRead.enrolment_id == Enrolment.id)
        .where(people_filter, Enrolment.kind == INITIAL)
        .group_by(Enrolment.person_id, Enrolment.id)
    )
    refreshers = select(Enrolment.person_id, Enrolment.opened_at, literal(1), Enrolment.id).where(
        Enrolment.kind == REFRESHER, people_filter
    )
    return union_all(reads, refreshers).order_by("part", "enrolment")


def _rows_by_person(
    session: Session, model: type[Row], ids: list[int] | None, used: frozenset[type[Any]] | None = None
) -> dict[int, list[Row]]:
    """The rows of a table by person, oldest first; none if the table is not among the `used` ones."""
    rows: dict[int, list[Row]] = defaultdict(list)
    if used is None or model in used:
        for row in session.execute(_model_rows(model, ids is None), {"ids": ids}).scalars():
            rows[row.person_id].append(row)
    return rows


@cache
def _model_rows(model: Any, everybody: bool) -> Any:
    return select(model).where(_person_filter(model.person_id, everybody)).order_by(model.id)


@dataclass(frozen=True)
class PolicyVersion:
    """A policy version with its author, date and reason."""

    policy: Policy
    reason: str
    author: str | None
    at: datetime
    author_id: int | None = None


def policy_history(session: Session) -> list[PolicyVersion]:
    """The policy versions that were recorded by people or commands, the newest first."""
    rows = select(RenewalPolicy, Person.name).outerjoin(Person, Person.id == RenewalPolicy.made_by)
    found = session.execute(rows.order_by(RenewalPolicy.id.desc()))
    return [PolicyVersion(_policy(row), row.reason, name, row.made_at, row.made_by) for row, name in found]


@dataclass(frozen=True)
class RecertificationEntry:
    """A recorded fact about a person. `kind` is extension, leave, certificate, pathway or stay, `on` the day that the
    entry is about or begins on, `name` an issuer or a pathway, `author` None for a command. `is_withdrawal` says that
    the entry withdraws an earlier one, `can_withdraw` that it can be withdrawn itself."""

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
    """The ids of the extensions, leaves and earlier certificates that are in effect: of each the row that was recorded
    last."""
    return _open_ids(*_withdrawable_rows(session, person_id))


def withdrawal_fact(session: Session, what: str, fact_id: int, day: date) -> Extension | Pause | CompletionFact:
    """The fact that withdraws an extension, a leave or an earlier certificate on that day."""
    if what == "extension":
        extension = session.get_one(RenewalExtension, fact_id)
        return Extension(extension.recorded, extension.until, extension.reason, day)
    if what == "leave":
        pause = session.get_one(RenewalPause, fact_id)
        return Pause(pause.since, add_days(pause.since, -1), pause.re_enter_days, pause.reason, day)
    imported = session.get_one(RenewalImport, fact_id)
    return CompletionFact(imported.day, day, IMPORTED, imported.valid_until, day)


WithdrawableRows = tuple[list[RenewalExtension], list[RenewalPause], list[RenewalImport]]


def _withdrawable_rows(session: Session, person_id: int) -> WithdrawableRows:
    """Every row that can be withdrawn or withdraws another one, in the order in which they were recorded."""
    ids = [person_id]
    return (
        _rows_by_person(session, RenewalExtension, ids)[person_id],
        _rows_by_person(session, RenewalPause, ids)[person_id],
        _rows_by_person(session, RenewalImport, ids)[person_id],
    )


def _open_ids(
    extensions: list[RenewalExtension], leaves: list[RenewalPause], imports: list[RenewalImport]
) -> dict[str, set[int]]:
    """The ids of the rows that are in effect, by kind: of each extension, leave and certificate the last row, unless
    that row is a withdrawal."""
    last_extensions = {(e.recorded, e.until, e.reason): e for e in extensions}
    last_leaves = {p.since: p for p in leaves}
    last_imports = {(i.day, i.valid_until): i for i in imports}
    return {
        "extension": {row.id for row in last_extensions.values() if row.withdrawn is None},
        "leave": {row.id for row in last_leaves.values() if not _is_withdrawn_pause(row)},
        "certificate": {row.id for row in last_imports.values() if row.withdrawn is None},
    }


def _is_withdrawn_pause(row: RenewalPause) -> bool:
    """Whether the row says that the leave did not take place: its end is before its beginning."""
    return row.until is not None and row.until < row.since


def recertification_entries(session: Session, person_id: int) -> list[RecertificationEntry]:
    """Every recorded fact about a person's recertification, the newest first."""
    extensions, leaves, imports = _withdrawable_rows(session, person_id)
    open_ids = _open_ids(extensions, leaves, imports)
    ids = [person_id]
    entries: list[tuple[int | None, RecertificationEntry]] = []
    for e in extensions:
        why, is_withdrawal = e.withdrawn_reason or e.reason, e.withdrawn is not None
        open_ = e.id in open_ids["extension"]
        entries.append(
            (
                e.made_by,
                RecertificationEntry("extension", e.id, None, e.until, "", why, None, e.made_at, is_withdrawal, open_),
            )
        )
    for p in leaves:
        open_ = p.id in open_ids["leave"]
        entries.append(
            (
                p.made_by,
                RecertificationEntry(
                    "leave", p.id, p.since, p.until, "", p.reason, None, p.made_at, _is_withdrawn_pause(p), open_
                ),
            )
        )
    for i in imports:
        is_withdrawal, open_ = i.withdrawn is not None, i.id in open_ids["certificate"]
        entry = RecertificationEntry(
            "certificate", i.id, i.day, i.valid_until, i.issuer, i.reason, None, i.made_at, is_withdrawal, open_
        )
        entries.append((i.made_by, entry))
    for c in _rows_by_person(session, PathwayChoice, ids)[person_id]:
        entries.append(
            (
                c.chosen_by,
                RecertificationEntry("pathway", c.id, None, None, c.pathway or "", c.reason, None, c.chosen_at),
            )
        )
    for s in _rows_by_person(session, EmploymentRow, ids)[person_id]:
        entries.append((s.made_by, RecertificationEntry("stay", s.id, s.start, s.end, "", s.reason, None, s.made_at)))
    names = names_told_apart(session, (author_id for author_id, _ in entries))
    named = [replace(entry, author=names.get(author_id) if author_id else None) for author_id, entry in entries]
    return sorted(named, key=lambda entry: (entry.at, entry.id), reverse=True)
