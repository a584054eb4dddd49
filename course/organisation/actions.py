"""Setting the organisation up, and keeping its contacts right."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from course.organisation.models import Contact, Organisation
from course.organisation.rules import KINDS, NATIONS


def create(session: Session, name: str, nation: str, at: datetime) -> bool:
    """Make the organisation; False, and nothing done, if there is one already.

    Raises ValueError for an unknown nation.
    """
    _check_nation(nation)
    try:
        with session.begin_nested():
            session.add(Organisation(id=1, name=name.strip(), nation=nation, set_up_at=at))
            session.flush()
    except IntegrityError:
        return False
    return True


def change(session: Session, name: str, nation: str) -> None:
    """Give the organisation another name or nation. Raises ValueError for an unknown nation."""
    _check_nation(nation)
    session.execute(update(Organisation).values(name=name.strip(), nation=nation))


def confirm_contact(
    session: Session, kind: str, name: str, phone: str, email: str, by: int | None, at: datetime
) -> None:
    """What holds for a kind of contact from now on; all empty when there is none any more.

    `by` is the id of the person who says so. Raises ValueError for an unknown kind.
    """
    if kind not in KINDS:
        raise ValueError(f"there is no contact {kind!r}")
    session.add(Contact(kind=kind, name=name, phone=phone, email=email, confirmed_at=at, confirmed_by=by))
    session.flush()


def _check_nation(nation: str) -> None:
    if nation not in NATIONS:
        raise ValueError(f"there is no nation {nation!r}")
