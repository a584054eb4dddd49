"""Writing down that a worker runs, and which secret key the database is used with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.context import make_context
from course.db import insert_once
from course.server.models import SecretKeyFingerprint, WorkerBeat
from course.server.queries import secret_key_state
from course.server.rules import WORKER_RETENTION, KeyState, key_fingerprint


def register_worker(session: Session, name: str, at: datetime, settings: Mapping[str, str] | None = None) -> int:
    """A worker has started; returns the number of its row. Those not seen for long are forgotten."""
    session.execute(delete(WorkerBeat).where(WorkerBeat.seen_at <= at - WORKER_RETENTION))
    row = WorkerBeat(name=name[:200], started_at=at, seen_at=at, stopped_at=None, settings=json.dumps(settings or {}))
    session.add(row)
    session.flush()
    return row.id


def record_heartbeat(session: Session, worker: int, name: str, at: datetime, stopped: bool = False) -> bool:
    """The worker of this row, which has this name now, is still there, or has stopped in good order; False if the row is
    there no more."""
    values = {"name": name[:200], "seen_at": at, "stopped_at": at if stopped else None}
    changed = update(WorkerBeat).where(WorkerBeat.id == worker).values(values).returning(WorkerBeat.id)
    return session.execute(changed).scalar_one_or_none() is not None


def check_secret_key(session: Session, secret: str, at: datetime) -> KeyState:
    """Compare the secret key with the database's; a database without one takes this one. Returns what was found."""
    found = secret_key_state(session, secret)
    if found == "new":
        values = {"fingerprint": key_fingerprint(secret), "reason": "", "made_at": at}
        insert_once(session, SecretKeyFingerprint, number=1, **values)
        # Another process may have been quicker, with another key.
        found = secret_key_state(session, secret)
    return found


def accept_secret_key(session: Session, secret: str, reason: str, at: datetime) -> None:
    """From now on the database is used with this secret key."""
    newest = session.execute(select(func.max(SecretKeyFingerprint.number))).scalar_one() or 0
    values = {"fingerprint": key_fingerprint(secret), "reason": reason, "made_at": at}
    session.add(SecretKeyFingerprint(number=newest + 1, **values))
    session.flush()
    record_event(make_context(session, None, at), "secret_key.changed", None, {"reason": reason})
