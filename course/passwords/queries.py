"""Whether a person has chosen a password, for the features above."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, bindparam, exists, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from course.passwords.models import Credential

# Stands in place of a hash for people who sign in only through an identity provider: no password has it.
NO_PASSWORD = ""


def has_password(person_id: ColumnElement[int] | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Whether a person has chosen a password, or signs in through an identity provider instead: whether they can sign in. As a
    condition or a column of another query; `person_id` is the column of that query with the id of the person."""
    return exists().where(Credential.person_id == person_id)


def has_chosen_password(session: Session, person_id: int) -> bool:
    """Whether a person has a password of this course."""
    return session.execute(_CHOSEN_PASSWORD, {"person": person_id}).first() is not None


_credential = Credential.__table__.c
_CHOSEN_PASSWORD = select(_credential.person_id).where(
    _credential.person_id == bindparam("person"), _credential.password_hash != NO_PASSWORD
)


def with_chosen_password(session: Session, ids: Collection[int]) -> set[int]:
    """Those of these people who have a password of this course."""
    rows = select(Credential.person_id).where(Credential.person_id.in_(ids), Credential.password_hash != NO_PASSWORD)
    return set(session.execute(rows).scalars())
