"""Rooms: opening one in a browser, sitting down in it with a code, getting up, and what is answered meanwhile."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session, aliased

from course.audit.actions import record_event
from course.auth.rules import token_hash
from course.context import Context
from course.db import insert_once, lock_name, lock_row
from course.learning.events import AnswerInSitting
from course.people.models import Person
from course.supervised_sessions.models import (
    SupervisedAnswer,
    SupervisedAttendee,
    SupervisedClosing,
    SupervisedCode,
    SupervisedRoom,
    SupervisedSession,
    SupervisedSitting,
)
from course.supervised_sessions.queries import RoomView
from course.supervised_sessions.rules import PAPER, SCREEN, is_room_open


class SittingEndedError(Exception):
    """An answer came from a sitting that has ended meanwhile: nothing of it is kept."""


@dataclass(frozen=True)
class StartedSitting:
    """What the browser of a room has to carry for whoever sits down in it."""

    id: int
    nonce: str


def open_room(context: Context, session_id: int) -> str | None:
    """Let the codes of a session work in one browser. Returns the token that the browser has to carry; None if the session was
    closed."""
    session = context.session
    lock_row(session, SupervisedSession, session_id)
    if session.get(SupervisedClosing, session_id) is not None:
        return None
    token = secrets.token_urlsafe(24)
    session.add(
        SupervisedRoom(
            session_id=session_id, token_hash=token_hash(token), made_by=context.person_id, made_at=context.now
        )
    )
    session.flush()
    record_event(context, "supervised.room_opened", None, {"session": session_id})
    return token


def begin_sitting(context: Context, room: RoomView, attendee: int, hashed: str) -> StartedSitting | None:
    """Let the person who acts sit down in a room as this attendee, whose code was entered (`hashed`, as it is stored).

    Wherever they sat until now, in this session or another, their sitting ends. None if the room was closed meanwhile, the code
    was replaced, or the person has left.
    """
    session = context.session
    lock_name(session, f"sitting-{context.person_id}")
    lock_row(session, SupervisedSession, room.session_id)
    closed_at = session.execute(
        select(SupervisedClosing.ended_at).where(SupervisedClosing.session_id == room.session_id)
    ).scalar()
    current = exists().where(SupervisedCode.attendee_id == attendee, SupervisedCode.code_hash == hashed)
    still_here = exists().where(Person.id == context.person_id, Person.left_at.is_(None))
    if not is_room_open(room.opened_at, closed_at, context.now) or not session.execute(
        select(current & still_here)
    ).scalar_one():  # fmt: skip
        return None
    nonce = secrets.token_urlsafe(24)
    row = SupervisedSitting(
        attendee_id=attendee, way=SCREEN, began_at=context.now, room_id=room.id, nonce_hash=token_hash(nonce)
    )
    session.add(row)
    session.flush()
    record_event(context, "supervised.signed_in", ("person", context.person_id), {"session": room.session_id})
    return StartedSitting(row.id, nonce)


def end_sitting(context: Context, sitting_id: int, session_id: int) -> bool:
    """End the sitting of the person who acts. False if it was ended before."""
    ended = context.session.execute(
        update(SupervisedSitting)
        .where(SupervisedSitting.id == sitting_id, SupervisedSitting.ended_at.is_(None))
        .values(ended_at=context.now)
        .returning(SupervisedSitting.id)
    ).first()
    if ended is None:
        return False
    record_event(context, "supervised.signed_out", ("person", context.person_id), {"session": session_id})
    return True


def record_answer(session: Session, event: AnswerInSitting) -> None:
    """Record in which sitting an answer was given, in the transaction of the answer.

    Raises SittingEndedError, which undoes the answer too, if the session was closed while the page was open, or the person has
    got up or sat down elsewhere.
    """
    sitting = session.execute(
        select(SupervisedSitting.way, SupervisedAttendee.session_id, SupervisedAttendee.person_id)
        .join(SupervisedAttendee, SupervisedAttendee.id == SupervisedSitting.attendee_id)
        .where(SupervisedSitting.id == event.sitting_id)
    ).one()
    lock_row(session, SupervisedSession, sitting.session_id)
    if sitting.way != PAPER and _has_ended(session, event.sitting_id, sitting.session_id, sitting.person_id):
        raise SittingEndedError
    insert_once(session, SupervisedAnswer, item_id=event.item_id, sitting_id=event.sitting_id)


def _has_ended(session: Session, sitting_id: int, session_id: int, person_id: int) -> bool:
    closed = exists().where(SupervisedClosing.session_id == session_id)
    got_up = exists().where(SupervisedSitting.id == sitting_id, SupervisedSitting.ended_at.is_not(None))
    other = aliased(SupervisedSitting)
    newest = (
        select(func.max(other.id))
        .join(SupervisedAttendee, SupervisedAttendee.id == other.attendee_id)
        .where(SupervisedAttendee.person_id == person_id, other.way == SCREEN)
        .scalar_subquery()
    )
    return bool(session.execute(select(closed | got_up | (newest != sitting_id))).scalar_one())
