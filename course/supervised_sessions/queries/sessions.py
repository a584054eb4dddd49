"""Supervised sessions as those see them who plan and run them: never a code, an answer or what is right."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlalchemy.orm import Session

from course.content.schema import Setting
from course.learning.models import Attempt, AttemptOutcome, AttemptVoid, ScenarioRun, ScenarioRunVoid
from course.people.models import Person
from course.people.queries import (
    BY_NAME,
    PersonView,
    ids_recordable_by,
    members_below,
    names_told_apart,
    newest_pathway,
    people_visible_to,
)
from course.people.rules import Viewer, distinct_names
from course.supervised_sessions.models import (
    SupervisedAttendance,
    SupervisedAttendee,
    SupervisedClosing,
    SupervisedCode,
    SupervisedEntry,
    SupervisedSession,
    SupervisedSheet,
    SupervisedSitting,
    SupervisedStory,
)
from course.supervised_sessions.rules import SCREEN, SessionDates

SESSIONS_SHOWN = 100


@dataclass(frozen=True)
class SupervisedSessionView:
    """A session: the part of the training that it is about, where and when; `maker` planned it, for so many `people`."""

    id: int
    kind: str
    ref: str
    place: str
    held_on: date
    made_by: int
    maker: str
    closed_at: datetime | None
    people: int

    @property
    def dates(self) -> SessionDates:
        return SessionDates(self.held_on, self.closed_at)


def is_expected() -> ColumnElement[bool]:
    """SQL: whether an attendee is expected still. Who began at the moment in which somebody took them off is shown on."""
    attendee = SupervisedAttendee.id
    return (
        SupervisedAttendee.removed_at.is_(None)
        | exists().where(SupervisedSheet.attendee_id == attendee).correlate(SupervisedAttendee)
        | exists().where(SupervisedAttendance.attendee_id == attendee).correlate(SupervisedAttendee)
    )


def _sessions(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    people = (
        select(func.count())
        .where(SupervisedAttendee.session_id == SupervisedSession.id, is_expected())
        .scalar_subquery()
    )
    statement = (
        select(
            SupervisedSession.id, SupervisedSession.kind, SupervisedSession.ref, SupervisedSession.place,
            SupervisedSession.held_on, SupervisedSession.made_by, Person.name, SupervisedClosing.ended_at, people,
        )
        .join(Person, Person.id == SupervisedSession.made_by)
        .outerjoin(SupervisedClosing, SupervisedClosing.session_id == SupervisedSession.id)
    )  # fmt: skip
    return statement if viewer.administrator else statement.where(SupervisedSession.made_by == viewer.id)


def supervised_sessions(session: Session, viewer: Viewer) -> list[SupervisedSessionView]:
    """The sessions that a viewer planned, or all of them for an administrator; the newest days first."""
    order = _sessions(viewer).order_by(SupervisedSession.held_on.desc(), SupervisedSession.id.desc())
    found = [SupervisedSessionView(*row) for row in session.execute(order.limit(SESSIONS_SHOWN))]
    # Their own name is not shown to whoever sees only their own sessions.
    names = names_told_apart(session, (one.made_by for one in found)) if viewer.administrator else {}
    return [replace(one, maker=names.get(one.made_by, one.maker)) for one in found]


def supervised_session(session: Session, viewer: Viewer, session_id: int) -> SupervisedSessionView | None:
    """One of the sessions that `supervised_sessions` gives; None if it is none of them."""
    row = session.execute(_sessions(viewer).where(SupervisedSession.id == session_id)).first()
    return None if row is None else SupervisedSessionView(*row)


def choosable_people(session: Session, viewer: Viewer, team: int | None = None) -> list[PersonView]:
    """Whom a viewer can expect in a session: the people about whom they may record something, never themselves; of a team and
    those below it, if one is named. By name."""
    seen = [person for person in people_visible_to(session, viewer) if person.id != viewer.id]
    if team is not None:
        members = set(members_below(session, team))
        seen = [person for person in seen if person.id in members]
    allowed = set(ids_recordable_by(session, viewer, [person.id for person in seen]))
    return [person for person in seen if person.id in allowed]


@dataclass(frozen=True)
class SheetView:
    """The newest question sheet of an attendee; `passed` is None before its answers were entered, and while a refresher goes on.
    `void` says that they count for nothing. `number` and `last_position` as in SupervisedSheet."""

    id: int
    attempt_id: int
    entered_at: datetime | None
    passed: bool | None
    void: bool
    number: int = 1
    last_position: int | None = None

    @property
    def reference(self) -> str:
        """What is printed on the sheet, so that nobody enters another one."""
        return f"{self.id}-{self.number}"


@dataclass(frozen=True)
class PaperResult:
    """A story or a timeline of a printed module that was entered for an attendee: `number` is that of the run, or of the sheet
    that a timeline has. `void` says that it counts for nothing."""

    kind: Literal["story", "timeline"]
    number: int
    ref: str
    entered_at: datetime
    void: bool


@dataclass(frozen=True)
class AttendeeView:
    """A person who is expected in a session, and what is known of them there. `name` tells two of one name apart, `own_name` is
    without what does.

    `signed_in_at` is when they last signed in with their code, `witness` who saw them sign the attendance sheet.
    """

    id: int
    person_id: int
    name: str
    own_name: str
    pathway: Setting | None
    language: str | None
    has_code: bool
    signed_in_at: datetime | None = None
    witness: str | None = None
    sheet: SheetView | None = None
    results: tuple[PaperResult, ...] = ()

    @property
    def has_begun(self) -> bool:
        """Whether they have signed in, signed the attendance sheet or have a question sheet: then they stay."""
        return self.signed_in_at is not None or self.witness is not None or self.sheet is not None


def attendees(session: Session, viewer: Viewer, session_id: int) -> list[AttendeeView]:
    """Who is expected in a session, by name, of those about whom the viewer may record something now: who has left, or is in
    another manager's team by now, is missing. Six queries."""
    pathway = newest_pathway(Person.__table__.c.id)
    rows = session.execute(
        select(
            SupervisedAttendee.id, SupervisedAttendee.person_id, Person.name, Person.email, pathway.label("pathway"),
            Person.language, SupervisedCode.attendee_id.label("code"), SupervisedAttendance.witness,
            select(func.max(SupervisedSitting.began_at))
            .where(SupervisedSitting.attendee_id == SupervisedAttendee.id, SupervisedSitting.way == SCREEN)
            .scalar_subquery().label("signed_in_at"),
        )
        .join(Person, Person.id == SupervisedAttendee.person_id)
        .outerjoin(SupervisedCode, SupervisedCode.attendee_id == SupervisedAttendee.id)
        .outerjoin(SupervisedAttendance, SupervisedAttendance.attendee_id == SupervisedAttendee.id)
        .where(SupervisedAttendee.session_id == session_id, is_expected())
        .order_by(*BY_NAME)
    ).all()  # fmt: skip
    allowed = set(ids_recordable_by(session, viewer, [row.person_id for row in rows])) - {viewer.id}
    shown = [row for row in rows if row.person_id in allowed]
    names = distinct_names((row.person_id, row.name, row.email) for row in shown)
    ids = [row.id for row in shown]
    sheets, results = _newest_sheets(session, ids), _paper_results(session, ids)
    return [
        AttendeeView(row.id, row.person_id, names[row.person_id], row.name, row.pathway, row.language, row.code is not None,
                     row.signed_in_at, row.witness, sheets.get(row.id), tuple(results.get(row.id, ())))
        for row in shown
    ]  # fmt: skip


def _newest_sheets(session: Session, ids: Collection[int]) -> dict[int, SheetView]:
    rows = session.execute(
        select(
            SupervisedSheet.attendee_id, SupervisedSheet.id, SupervisedSheet.attempt_id, SupervisedEntry.made_at,
            AttemptOutcome.passed, AttemptVoid.attempt_id.is_not(None).label("void"), SupervisedSheet.number,
            SupervisedSheet.last_position,
        )
        .join(Attempt, Attempt.id == SupervisedSheet.attempt_id)
        .outerjoin(SupervisedEntry, SupervisedEntry.sheet_id == SupervisedSheet.id)
        .outerjoin(AttemptOutcome, and_(AttemptOutcome.attempt_id == SupervisedSheet.attempt_id))
        .outerjoin(AttemptVoid, AttemptVoid.attempt_id == SupervisedSheet.attempt_id)
        .where(SupervisedSheet.attendee_id.in_(ids), Attempt.kind != "timeline")
        .order_by(SupervisedSheet.id)
    )  # fmt: skip
    return {row[0]: SheetView(*row[1:]) for row in rows}


def _paper_results(session: Session, ids: Collection[int]) -> dict[int, list[PaperResult]]:
    """The stories and timelines that were entered for these attendees, by attendee, the oldest first."""
    stories = session.execute(
        select(
            SupervisedSitting.attendee_id, SupervisedStory.run_id, ScenarioRun.ref, SupervisedStory.made_at,
            ScenarioRunVoid.run_id.is_not(None),
        )
        .join(SupervisedSitting, SupervisedSitting.id == SupervisedStory.sitting_id)
        .join(ScenarioRun, ScenarioRun.id == SupervisedStory.run_id)
        .outerjoin(ScenarioRunVoid, ScenarioRunVoid.run_id == SupervisedStory.run_id)
        .where(SupervisedSitting.attendee_id.in_(ids))
        .order_by(SupervisedStory.run_id)
    ).all()  # fmt: skip
    timelines = session.execute(
        select(
            SupervisedSheet.attendee_id, SupervisedSheet.id, Attempt.ref, SupervisedEntry.made_at,
            AttemptVoid.attempt_id.is_not(None),
        )
        .join(Attempt, Attempt.id == SupervisedSheet.attempt_id)
        .join(SupervisedEntry, SupervisedEntry.sheet_id == SupervisedSheet.id)
        .outerjoin(AttemptVoid, AttemptVoid.attempt_id == Attempt.id)
        .where(SupervisedSheet.attendee_id.in_(ids), Attempt.kind == "timeline")
        .order_by(SupervisedSheet.id)
    ).all()  # fmt: skip
    found: dict[int, list[PaperResult]] = {}
    for row in stories:
        found.setdefault(row[0], []).append(PaperResult("story", *row[1:]))
    for row in timelines:
        found.setdefault(row[0], []).append(PaperResult("timeline", *row[1:]))
    return found
