"""Planning a session, making its codes, and closing it."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import delete, select

from course.audit.actions import record_event
from course.auth.rules import attempt_key
from course.context import Context
from course.db import insert_if_absent, insert_once, lock_row
from course.supervised_sessions.models import (
    SupervisedAttendee,
    SupervisedClosing,
    SupervisedCode,
    SupervisedSession,
)
from course.supervised_sessions.rules import CODE_LENGTH, PartKind


@dataclass(frozen=True)
class NewSession:
    """A session that is being planned: its part of the training (see SupervisedSession), where, and when."""

    kind: PartKind
    ref: str
    place: str
    held_on: date


def plan_session(context: Context, planned: NewSession, people: Collection[int]) -> int:
    """Plan a session for these people. Returns its id. Raises ValueError without anybody, or for whoever plans it: nobody
    supervises themselves."""
    if not people or context.person_id in people:
        raise ValueError("a session is for other people than the one who plans it")
    row = SupervisedSession(**asdict(planned), made_by=context.person_id, made_at=context.now)
    context.session.add(row)
    context.session.flush()
    context.session.add_all(
        SupervisedAttendee(session_id=row.id, person_id=person, added_at=context.now) for person in sorted(people)
    )
    context.session.flush()
    record_event(context, "supervised.planned", None, {"session": row.id, "people": len(people)})
    return row.id


def code_hash(secret: str, session_id: int, code: str) -> str:
    """The keyed hash by which a code is stored and found. Without the secret nobody finds the code by trying all of them."""
    return attempt_key(secret, "supervised session", f"{session_id} {code}")


def make_codes(context: Context, secret: str, session_id: int, attendees: Iterable[int]) -> dict[int, str]:
    """Make a new code for each of these attendees of a session; the one before stops working. Returns the codes by attendee:
    they are shown once, and stored as hashes. Who was taken off the session meanwhile gets none."""
    session = context.session
    # Two who print at once: the codes of the second work, and the paper of the first says so by its time.
    lock_row(session, SupervisedSession, session_id)
    expected = session.execute(
        select(SupervisedAttendee.id)
        .where(
            SupervisedAttendee.session_id == session_id,
            SupervisedAttendee.id.in_(list(attendees)),
            SupervisedAttendee.removed_at.is_(None),
        )
        .order_by(SupervisedAttendee.id)
    ).scalars()
    codes: dict[int, str] = {}
    for attendee in expected.all():
        session.execute(delete(SupervisedCode).where(SupervisedCode.attendee_id == attendee))
        codes[attendee] = _store_new_code(context, secret, session_id, attendee)
    record_event(context, "supervised.codes_printed", None, {"session": session_id})
    return codes


def _store_new_code(context: Context, secret: str, session_id: int, attendee: int) -> str:
    while True:
        code = f"{secrets.randbelow(10**CODE_LENGTH):0{CODE_LENGTH}}"
        hashed = code_hash(secret, session_id, code)
        values = {"attendee_id": attendee, "code_hash": hashed, "made_at": context.now}
        if insert_if_absent(context.session, SupervisedCode, **values):
            return code


def close_session(context: Context, session_id: int) -> bool:
    """Close a session: nobody answers in it from now on. False if it was closed before."""
    # Whoever is answering at this moment waits here, or is waited for.
    lock_row(context.session, SupervisedSession, session_id)
    values = {"session_id": session_id, "ended_by": context.person_id, "ended_at": context.now}
    if insert_once(context.session, SupervisedClosing, **values) is None:
        return False
    record_event(context, "supervised.closed", None, {"session": session_id})
    return True
