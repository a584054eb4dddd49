"""The browsers of a room: which session they are open for, whose code was entered, and who sits there now."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from course.auth.rules import token_hash
from course.db import RowSource
from course.learning.models import Attempt, AttemptOutcome, Enrolment
from course.organisation.queries import VERSION_COLUMNS, OrganisationVersion
from course.people.models import Person
from course.people.queries import newest_pathway
from course.people.rules import Viewer
from course.supervised_sessions.models import (
    SupervisedAttendee,
    SupervisedClosing,
    SupervisedCode,
    SupervisedRoom,
    SupervisedSession,
    SupervisedSitting,
)
from course.supervised_sessions.rules import SCREEN, is_room_open


@dataclass(frozen=True)
class RoomView:
    """A browser in which the codes of a session work: the session, the part that it is about, and when it was opened."""

    id: int
    session_id: int
    kind: str
    ref: str
    place: str
    held_on: date
    opened_at: datetime
    closed_at: datetime | None


def room_by_token(session: RowSource, token: str) -> RoomView | None:
    """The room of a browser that carries this token, whether it is still open or not; None if there is none."""
    row = session.execute(
        select(
            SupervisedRoom.id, SupervisedRoom.session_id, SupervisedSession.kind, SupervisedSession.ref,
            SupervisedSession.place, SupervisedSession.held_on, SupervisedRoom.made_at, SupervisedClosing.ended_at,
        )
        .join(SupervisedSession, SupervisedSession.id == SupervisedRoom.session_id)
        .outerjoin(SupervisedClosing, SupervisedClosing.session_id == SupervisedRoom.session_id)
        .where(SupervisedRoom.token_hash == token_hash(token))
    ).first()  # fmt: skip
    return None if row is None else RoomView(*row)


def attendee_by_code(session: RowSource, session_id: int, code_hash: str) -> tuple[int, int] | None:
    """Whose code this is in a session: the ids of the attendee and of the person; None if it is nobody's, or they have left."""
    row = session.execute(
        select(SupervisedAttendee.id, SupervisedAttendee.person_id)
        .join(SupervisedCode, SupervisedCode.attendee_id == SupervisedAttendee.id)
        .join(Person, Person.id == SupervisedAttendee.person_id)
        .where(
            SupervisedAttendee.session_id == session_id,
            SupervisedCode.code_hash == code_hash,
            Person.left_at.is_(None),
        )
    ).first()
    return None if row is None else (row.id, row.person_id)


@dataclass(frozen=True)
class SittingView:
    """A person who sits in a room now: as a viewer who sees nobody else, whatever their role; with the part that they came
    for."""

    id: int
    person: Viewer
    organisation: OrganisationVersion
    session_id: int
    kind: str
    ref: str
    began_at: datetime


def sitting_view(session: RowSource, sitting_id: int, nonce: str, now: datetime) -> SittingView | None:
    """The sitting of a cookie, if it goes on: it was not ended, the person has not left nor sat down anywhere else since, and
    the room is open. One query."""
    person = Person.__table__
    later, elsewhere = aliased(SupervisedSitting), aliased(SupervisedAttendee)
    sat_down_again = exists().where(
        later.attendee_id == elsewhere.id,
        elsewhere.person_id == SupervisedAttendee.person_id,
        later.way == SCREEN,
        later.id > SupervisedSitting.id,
    )
    row = session.execute(
        select(
            person.c.id, person.c.name, person.c.email, newest_pathway(person.c.id).label("pathway"), person.c.language,
            SupervisedSitting.nonce_hash, SupervisedSitting.began_at, SupervisedRoom.made_at.label("opened_at"),
            SupervisedClosing.ended_at.label("closed_at"), SupervisedSession.id.label("session_id"), SupervisedSession.kind,
            SupervisedSession.ref, *VERSION_COLUMNS,
        )
        .select_from(SupervisedSitting)
        .join(SupervisedRoom, SupervisedRoom.id == SupervisedSitting.room_id)
        .join(SupervisedAttendee, SupervisedAttendee.id == SupervisedSitting.attendee_id)
        .join(SupervisedSession, SupervisedSession.id == SupervisedAttendee.session_id)
        .join(person, person.c.id == SupervisedAttendee.person_id)
        .outerjoin(SupervisedClosing, SupervisedClosing.session_id == SupervisedSession.id)
        .where(
            SupervisedSitting.id == sitting_id, SupervisedSitting.ended_at.is_(None), person.c.left_at.is_(None),
            ~sat_down_again,
        )
    ).first()  # fmt: skip
    if row is None or not hmac.compare_digest(row.nonce_hash or "", token_hash(nonce)):
        return None
    if not is_room_open(row.opened_at, row.closed_at, now):
        return None
    version = OrganisationVersion(*row[12:])
    viewer = Viewer(row.id, row.name, row.email, pathway=row.pathway or version.pathway, language=row.language)
    return SittingView(sitting_id, viewer, version, row.session_id, row.kind, row.ref, row.began_at)


# The kinds of attempt with which each part ends.
_LAST_ATTEMPTS = {"module": ("check",), "final": ("final",), "refresher": ("refresher", "update")}


def has_finished(session: Session, sitting: SittingView) -> bool:
    """Whether the person has finished in this sitting what they came for: the assessment, however it ended; a check, a refresher
    or an update, once it is passed."""
    ended = (
        select(func.count())
        .select_from(AttemptOutcome)
        .join(Attempt, Attempt.id == AttemptOutcome.attempt_id)
        .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
        .where(
            Enrolment.person_id == sitting.person.id,
            Attempt.kind.in_(_LAST_ATTEMPTS[sitting.kind]),
            AttemptOutcome.finished_at >= sitting.began_at,
        )
    )
    if sitting.kind == "module":
        ended = ended.where(Attempt.ref == sitting.ref)
    if sitting.kind != "final":
        ended = ended.where(AttemptOutcome.passed)
    return session.execute(ended).scalar_one() > 0
