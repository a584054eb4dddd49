"""Who chose not to get a kind of optional mail."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.mail.models import MailChoice


def opted_out_people(session: Session, kind: str, among: Collection[int] | None = None) -> set[int]:
    """The people (all, or among the given ones) who chose not to get a kind of optional mail."""
    newest = select(func.max(MailChoice.id)).where(MailChoice.kind == kind).group_by(MailChoice.person_id)
    if among is not None:
        newest = newest.where(MailChoice.person_id.in_(among))
    statement = select(MailChoice.person_id).where(MailChoice.id.in_(newest), MailChoice.wanted.is_(False))
    return set(session.execute(statement).scalars())
