"""Platforms, the people of accounts there, sessions, and what waits to be sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal, NamedTuple, cast

from sqlalchemy import ColumnElement, Exists, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from course.auth.queries import sees_others_since
from course.certificates.models import Certificate, CertificateChange
from course.cmi5.models import Cmi5Account, Cmi5Platform, Cmi5Session, Cmi5Statement
from course.cmi5.rules.delivery import IDLE_END
from course.cmi5.rules.launch import LaunchActor, LaunchMode
from course.cmi5.rules.statements import SessionFacts, SessionScore, SessionStatement, Verb
from course.cmi5.rules.units import COURSE, REFRESHER, Unit, unit_of
from course.content.library import Library
from course.learning.models import Attempt, AttemptOutcome, AttemptVoid, Enrolment
from course.learning.queries import progress_facts
from course.learning.rules.progress import module_progress
from course.organisation.queries import organisation_of
from course.people.models import Person
from course.people.queries import chosen_pathway


@dataclass(frozen=True)
class PlatformView:
    """A platform (see models.Cmi5Platform)."""

    id: int
    name: str
    hosts: tuple[str, ...]
    makes_accounts: bool
    team_id: int | None
    active: bool


def platforms(session: Session) -> list[PlatformView]:
    """All platforms, in the order in which they were added."""
    rows = session.execute(select(Cmi5Platform).order_by(Cmi5Platform.id)).scalars()
    return [
        PlatformView(one.id, one.name, tuple(one.hosts.split()), one.makes_accounts, one.team_id, one.active)
        for one in rows
    ]


def platform(session: Session, platform_id: int) -> PlatformView | None:
    """One platform; None if there is none of that id."""
    return next((one for one in platforms(session) if one.id == platform_id), None)


def platform_of_hosts(session: Session, hosts: Collection[str]) -> PlatformView | None:
    """The platform in use to which all of these servers belong."""
    return next((one for one in platforms(session) if one.active and set(hosts) <= set(one.hosts)), None)


class AccountPerson(NamedTuple):
    """The person of an account, whether they have left, and whether they see data of other people."""

    person_id: int
    has_left: bool
    sees_others: bool


def account_person(session: Session, platform_id: int, account: LaunchActor, today: date) -> AccountPerson | None:
    """The person to whom an account at a platform belongs; None if it is not known."""
    row = session.execute(
        select(Cmi5Account.person_id, Person.left_at, Person.last_day)
        .join(Person, Person.id == Cmi5Account.person_id)
        .where(
            Cmi5Account.platform_id == platform_id,
            Cmi5Account.home_page == account.home_page,
            Cmi5Account.name == account.account,
            Cmi5Account.ended_at.is_(None),
        )
    ).first()
    if row is None:
        return None
    has_left = row.left_at is not None or (row.last_day is not None and row.last_day < today)
    return AccountPerson(row.person_id, has_left, sees_others_since(session, row.person_id, today) is not None)


class OpenLaunch(NamedTuple):
    """A session that has not ended."""

    id: int
    unit: Unit
    facts: SessionFacts
    launched_at: datetime
    used_at: datetime
    person_id: int
    platform: str
    return_address: str


def open_sessions(session: Session, person_id: int) -> list[OpenLaunch]:
    """The sessions of somebody that have not ended, oldest first. One query by an index."""
    return _open_sessions(session, Cmi5Session.person_id == person_id)


def open_session_exists(person_id: ColumnElement[int]) -> Exists:
    """Whether somebody has a session that has not ended, as part of another query."""
    return exists().where(Cmi5Session.person_id == person_id, Cmi5Session.ended_at.is_(None))


def open_session(session: Session, person_id: int, session_id: int) -> OpenLaunch | None:
    """A session of this person that has not ended."""
    found = _open_sessions(session, and_(Cmi5Session.person_id == person_id, Cmi5Session.id == session_id))
    return found[0] if found else None


def idle_sessions(session: Session, at: datetime, limit: int) -> list[OpenLaunch]:
    """Sessions in which nothing has been done for so long that they end."""
    return _open_sessions(session, Cmi5Session.used_at <= at - IDLE_END)[:limit]


_NOT_LOOKED = (
    Cmi5Session.ended_at.is_(None),
    Cmi5Session.unit.not_in((COURSE, REFRESHER)),
    or_(Cmi5Session.looked_at.is_(None), Cmi5Session.looked_at <= Cmi5Session.used_at),
)


def module_sessions_to_look_at(session: Session, limit: int) -> list[OpenLaunch]:
    """Sessions of modules in which something was done since it was looked whether the module is complete."""
    return _open_sessions(session, and_(*_NOT_LOOKED))[:limit]


def module_is_done(session: Session, library: Library, person_id: int, module_id: str) -> bool:
    """Whether every step of a module is done, in somebody's variant of the course; no if they do not read that module."""
    chosen, own = chosen_pathway(session, person_id), organisation_of(session, person_id)
    pathway = chosen.pathway if chosen else own.pathway if own else None
    variant = library.for_(pathway, own.nation if own else None)
    module = variant.modules.get(module_id)
    return module is not None and module_progress(variant, module, progress_facts(session, person_id)).done


def _open_sessions(session: Session, condition: ColumnElement[bool]) -> list[OpenLaunch]:
    rows = session.execute(
        select(Cmi5Session, Cmi5Platform.name)
        .join(Cmi5Platform, Cmi5Platform.id == Cmi5Session.platform_id)
        .where(condition, Cmi5Session.ended_at.is_(None))
        .order_by(Cmi5Session.id)
    )
    return [
        OpenLaunch(
            one.id,
            unit_of(one.unit),
            _facts(one),
            one.launched_at,
            one.used_at,
            one.person_id,
            name,
            one.return_address,
        )
        for one, name in rows
    ]


def _facts(row: Cmi5Session) -> SessionFacts:
    return SessionFacts(
        row.endpoint, row.registration, row.mark, row.activity_id, row.actor, row.context, cast("LaunchMode", row.mode),
        None if row.mastery_score is None else row.mastery_score / 10_000,
    )  # fmt: skip


class AssessmentOutcome(NamedTuple):
    """The outcome of the final assessment, of the questions of a refresher, or of the check of a module."""

    passed: bool
    score: SessionScore
    enrolment_id: int
    finished_at: datetime


def assessment_outcomes(
    session: Session, person_id: int, unit: Unit, since: datetime | None = None
) -> list[AssessmentOutcome]:
    """The outcomes of somebody's attempts that count for a unit, oldest first: all, or those since a moment."""
    rows = (
        select(AttemptOutcome, Attempt.enrolment_id, Attempt.kind)
        .join(Attempt, Attempt.id == AttemptOutcome.attempt_id)
        .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
        .where(
            Enrolment.person_id == person_id,
            Attempt.kind.in_(unit.assessments),
            ~exists().where(AttemptVoid.attempt_id == Attempt.id),
        )
        .order_by(AttemptOutcome.finished_at, AttemptOutcome.attempt_id)
    )
    if unit.module:
        rows = rows.where(Attempt.ref == unit.module)
    if since is not None:
        rows = rows.where(AttemptOutcome.finished_at >= since)
    return [
        AssessmentOutcome(one.passed, _score(one, kind), enrolment_id, one.finished_at)
        for one, enrolment_id, kind in session.execute(rows)
    ]


def _score(outcome: AttemptOutcome, kind: str) -> SessionScore:
    """The points that were right in the end. A refresher asks each point that was missed again, and counts as right only what was
    so the first time: a platform would call it failed although it has renewed the certificate."""
    if kind == REFRESHER and outcome.passed:
        return SessionScore(outcome.points_asked, outcome.points_asked)
    return SessionScore(outcome.points_right, outcome.points_asked)


def has_valid_certificate(session: Session, person_id: int, today: date) -> bool:
    """Whether somebody has a certificate of this course that holds today."""
    changed = exists().where(CertificateChange.certificate_id == Certificate.id)
    found = select(Certificate.id).where(Certificate.person_id == person_id, Certificate.valid_until >= today, ~changed)
    return session.execute(found.limit(1)).first() is not None


def has_statement(session: Session, mark: str) -> bool:
    """Whether a statement of that id was noted."""
    return session.execute(select(Cmi5Statement.id).where(Cmi5Statement.mark == mark)).first() is not None


@dataclass(frozen=True)
class SessionParcel:
    """A statement with everything that is needed to send it. `token` is encrypted."""

    statement_id: int
    session_id: int
    facts: SessionFacts
    sent: SessionStatement
    token: bytes
    tries: int
    person_id: int


def _is_due(at: datetime) -> ColumnElement[bool]:
    """Statements that may be sent: none before an earlier one of its session has arrived or was given up."""
    earlier = aliased(Cmi5Statement)
    waits = exists().where(
        earlier.session_id == Cmi5Statement.session_id,
        earlier.id < Cmi5Statement.id,
        earlier.next_try_at.is_not(None),
    )
    return and_(Cmi5Statement.next_try_at <= at, ~waits)


class DueSessionStatement(NamedTuple):
    """A statement that may be sent now; `seen` is the moment at which it is due, by which a claim knows that it still is."""

    id: int
    seen: datetime


def due_session_statement(session: Session, at: datetime) -> DueSessionStatement | None:
    """The statement that has been due longest."""
    rows = select(Cmi5Statement.id, Cmi5Statement.next_try_at).where(_is_due(at))
    found = session.execute(rows.order_by(Cmi5Statement.next_try_at, Cmi5Statement.id).limit(1)).first()
    if found is None or found.next_try_at is None:
        return None
    return DueSessionStatement(found.id, found.next_try_at)


def session_parcel(session: Session, statement_id: int) -> SessionParcel | None:
    """What is sent by a statement; None if it is not there any more, as after an erasure."""
    row = session.execute(
        select(Cmi5Statement, Cmi5Session)
        .join(Cmi5Session, Cmi5Session.id == Cmi5Statement.session_id)
        .where(Cmi5Statement.id == statement_id)
    ).first()
    if row is None:
        return None
    one, launch = row
    score = None if one.points_asked is None else SessionScore(one.points_right or 0, one.points_asked)
    duration = None if one.seconds is None else timedelta(seconds=one.seconds)
    sent = SessionStatement(cast("Verb", one.verb), one.at, duration, score)
    return SessionParcel(one.id, launch.id, _facts(launch), sent, launch.token, one.tries, launch.person_id)


def has_work(session: Session, at: datetime) -> bool:
    """Whether there is something to send, or a session that ends by itself."""
    if due_session_statement(session, at) is not None or module_sessions_to_look_at(session, 1):
        return True
    idle = select(Cmi5Session.id).where(Cmi5Session.ended_at.is_(None), Cmi5Session.used_at <= at - IDLE_END)
    return session.execute(idle.limit(1)).first() is not None


class StatementState(NamedTuple):
    """A statement of a session as administrators see it."""

    id: int
    verb: str
    at: datetime
    state: Literal["arrived", "waiting", "failed"]
    failure: str


@dataclass(frozen=True)
class SessionView:
    """A session as administrators see it, with its statements in order."""

    id: int
    platform: str
    person_id: int
    person: str
    unit: Unit
    mode: str
    launched_at: datetime
    ended_at: datetime | None
    statements: tuple[StatementState, ...]


def latest_sessions(session: Session, limit: int, before: int | None = None) -> list[SessionView]:
    """The newest sessions, newest first, below the id `before`."""
    rows = (
        select(Cmi5Session, Cmi5Platform.name, Person.name)
        .join(Cmi5Platform, Cmi5Platform.id == Cmi5Session.platform_id)
        .join(Person, Person.id == Cmi5Session.person_id)
        .order_by(Cmi5Session.id.desc())
        .limit(limit)
    )
    if before is not None:
        rows = rows.where(Cmi5Session.id < before)
    found = session.execute(rows).all()
    statements: dict[int, list[StatementState]] = defaultdict(list)
    ids = [launch.id for launch, *_ in found]
    sent = select(Cmi5Statement).where(Cmi5Statement.session_id.in_(ids)).order_by(Cmi5Statement.id)
    for one in session.execute(sent).scalars():
        statements[one.session_id].append(StatementState(one.id, one.verb, one.at, _state(one), one.failure))
    return [
        SessionView(
            launch.id, platform_name, launch.person_id, person, unit_of(launch.unit), launch.mode,
            launch.launched_at, launch.ended_at,
            tuple(statements[launch.id]),
        )
        for launch, platform_name, person in found
    ]  # fmt: skip


def _state(row: Any) -> Literal["arrived", "waiting", "failed"]:
    if row.arrived_at is not None:
        return "arrived"
    return "waiting" if row.next_try_at is not None else "failed"


def account_counts(session: Session) -> dict[int, int]:
    """How many people have an account at each platform."""
    rows = (
        select(Cmi5Account.platform_id, func.count().label("people"))
        .where(Cmi5Account.ended_at.is_(None))
        .group_by(Cmi5Account.platform_id)
    )
    return {row.platform_id: row.people for row in session.execute(rows)}


class Cmi5AccountView(NamedTuple):
    """An account at a platform that is linked to a person, as administrators see it."""

    id: int
    home_page: str
    name: str
    person_id: int
    person: str
    linked_at: datetime
    last_used_at: datetime


def accounts(session: Session, platform_id: int, limit: int, before: int | None = None) -> list[Cmi5AccountView]:
    """The accounts at a platform that are linked to people now, newest first, below the id `before`."""
    columns = (
        Cmi5Account.id, Cmi5Account.home_page, Cmi5Account.name, Cmi5Account.person_id, Person.name, Cmi5Account.linked_at,
        Cmi5Account.last_used_at,
    )  # fmt: skip
    rows = (
        select(*columns)
        .join(Person, Person.id == Cmi5Account.person_id)
        .where(Cmi5Account.platform_id == platform_id, Cmi5Account.ended_at.is_(None))
        .order_by(Cmi5Account.id.desc())
        .limit(limit)
    )
    if before is not None:
        rows = rows.where(Cmi5Account.id < before)
    return [Cmi5AccountView(*row) for row in session.execute(rows)]


def finished_sessions_query(at: datetime) -> Any:
    """The ids of sessions that ended before `at` and of which nothing waits."""
    waits = exists().where(Cmi5Statement.session_id == Cmi5Session.id, Cmi5Statement.next_try_at.is_not(None))
    return select(Cmi5Session.id).where(Cmi5Session.ended_at <= at, ~waits)
