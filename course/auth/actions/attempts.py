"""Counting attempts, for every rate limit of the course. Attempts are rows, so the limits hold across processes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from course.auth import queries
from course.auth.models import SignInAttempt
from course.auth.rules import ATTEMPT_RETENTION, AttemptLimit
from course.db import lock_name


def count_attempt(session: Session, keys: Iterable[str], at: datetime) -> None:
    """Record an attempt under each of the keys, and delete attempts that are too old to count."""
    session.execute(delete(SignInAttempt).where(SignInAttempt.at <= at - ATTEMPT_RETENTION))
    session.add_all(SignInAttempt(key=key, at=at) for key in keys)
    session.flush()


def share_attempts(
    session: Session, key: str, moments: Iterable[datetime], since: datetime, at: datetime
) -> list[datetime]:
    """Record attempts that were made at these moments; returns those of the key after `since`, by all processes, newest
    first."""
    session.execute(delete(SignInAttempt).where(SignInAttempt.at <= at - ATTEMPT_RETENTION))
    session.add_all(SignInAttempt(key=key, at=moment) for moment in moments)
    session.flush()
    return queries.attempt_times(session, key, since)


def take_attempt(session: Session, key: str, limit: AttemptLimit, at: datetime) -> bool:
    """Record an attempt if the limit allows it; whether it does. Of two at the same moment the second sees the first."""
    lock_name(session, f"attempts {key}")
    if queries.next_attempt_at(session, {key: limit}, at) is not None:
        return False
    count_attempt(session, [key], at)
    return True


def delete_attempts(session: Session, key: str | None = None) -> int:
    """Delete the attempts of a key, or all attempts; how many there were."""
    statement = delete(SignInAttempt).returning(SignInAttempt.id)
    if key is not None:
        statement = statement.where(SignInAttempt.key == key)
    return len(session.execute(statement).all())
