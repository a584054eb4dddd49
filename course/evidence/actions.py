"""Asking for a pack, keeping how far it has come, and keeping the file until it is thirty days old."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import date, datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from course.audit.actions import record
from course.dossiers.actions import note_export
from course.dossiers.rules import PACK
from course.evidence.models import EvidencePack
from course.evidence.rules.pack import STEPS, About
from course.refreshers.rules.dates import words as in_words

KEPT = timedelta(days=30)
CUT_OFF = timedelta(hours=1)  # whatever has not ended after this has been cut off


def ask(session: Session, team_id: int | None, day: date, by: int, at: datetime) -> int:
    """Write down that somebody wants a pack; returns its id."""
    row = EvidencePack(
        made_by=by, asked_at=at, team_id=team_id, day=day, stage="Waiting to begin", done=0, total=len(STEPS)
    )
    session.add(row)
    session.flush()
    return row.id


def tell(session: Session, pack_id: int, stage: str, done: int, total: int) -> None:
    """Keep how far a pack has come."""
    _change(session, pack_id, stage=stage, done=done, total=total)


def keep(session: Session, pack_id: int, data: bytes, people: int, at: datetime) -> None:
    """Keep a finished pack for whoever asked for it."""
    _change(
        session, pack_id, stage="Ready", done=len(STEPS), finished_at=at, people=people,
        sha256=hashlib.sha256(data).hexdigest(), content=data,
    )  # fmt: skip


def made(session: Session, team_id: int | None, about: About, people: Collection[int], by: int | None) -> None:
    """Write to the log that a pack was made; those whom it names can see for whom."""
    _record(session, "evidence.made", team_id, about.day, about.people, by, about.made_at)
    if by is not None:
        note_export(
            session, people, by, PACK, f"{about.team or 'Everybody'}, as at {in_words(about.day)}", about.made_at
        )


def _record(
    session: Session, what: str, team_id: int | None, day: date, people: int | None, by: int | None, at: datetime
) -> None:
    subject = None if team_id is None else ("team", team_id)
    record(session, what, subject, {"day": day.isoformat(), "people": people}, by, at)


def give_up(session: Session, pack_id: int, failure: str, at: datetime) -> None:
    """Say why a pack was not made."""
    _change(session, pack_id, failure=failure[:500], finished_at=at)


def downloaded(session: Session, team_id: int | None, day: date, people: int | None, by: int, at: datetime) -> None:
    """Write to the log that somebody has a pack now."""
    _record(session, "evidence.downloaded", team_id, day, people, by, at)


def forget(session: Session, at: datetime) -> None:
    """Files older than thirty days go: they are full of people. That there was a pack stays, with its hash."""
    session.execute(
        update(EvidencePack)
        .where(EvidencePack.asked_at <= at - KEPT, EvidencePack.content.is_not(None))
        .values(content=None)
    )


def _change(session: Session, pack_id: int, **values: object) -> None:
    session.execute(update(EvidencePack).where(EvidencePack.id == pack_id).values(**values))
