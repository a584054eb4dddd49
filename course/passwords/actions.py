"""Writing the passwords of people. The feature auth decides when; callers hash the password before the unit of work."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from course.db import insert_once
from course.passwords.models import Credential
from course.passwords.queries import NO_PASSWORD


def add_credential(session: Session, person_id: int, password_hash: str, session_key: str, at: datetime) -> None:
    """Give a person without a password the one with this hash.

    Raises IntegrityError if the person has one.
    """
    session.add(Credential(person_id=person_id, password_hash=password_hash, session_key=session_key, set_at=at))
    session.flush()


def ensure_session_key(session: Session, person_id: int, new_key: str, at: datetime) -> str:
    """The key of a person's sign-in sessions. Who has none gets `new_key`, and has no password until they choose one."""
    insert_once(session, Credential, person_id=person_id, password_hash=NO_PASSWORD, session_key=new_key, set_at=at)
    return session.execute(select(Credential.session_key).where(Credential.person_id == person_id)).scalar_one()


def update_credential(session: Session, person_id: int, **values: object) -> bool:
    """Change columns of a person's credential; False if the person has none."""
    result = session.execute(
        update(Credential).where(Credential.person_id == person_id).values(values).returning(Credential.person_id)
    )
    return result.first() is not None


def delete_credential(session: Session, person_id: int) -> None:
    """Delete a person's password: the person cannot sign in any more."""
    session.execute(delete(Credential).where(Credential.person_id == person_id))
