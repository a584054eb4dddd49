"""Setting the organisation up, and keeping its contacts right."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from course.content.shapes import NATIONS, SETTINGS
from course.organisation.models import Contact, Organisation, UsualPathway
from course.organisation.rules import KINDS


def create(session: Session, name: str, nation: str, at: datetime, pathway: str = "school") -> bool:
    """Make the organisation; False, and nothing done, if there is one already.

    `pathway` is that of everybody for whom no other is chosen. Raises ValueError for an unknown nation or
    pathway.
    """
    _check(nation, pathway)
    try:
        with session.begin_nested():
            session.add(Organisation(id=1, name=name.strip(), nation=nation, pathway=pathway, set_up_at=at))
            session.add(UsualPathway(pathway=pathway, chosen_at=at))
            session.flush()
    except IntegrityError:
        return False
    return True


def change(session: Session, name: str, nation: str, pathway: str, by: int | None, at: datetime) -> None:
    """Give the organisation another name, nation or usual pathway; the day of the latter is kept. Raises ValueError
    for an unknown one."""
    _check(nation, pathway)
    if session.execute(select(Organisation.pathway)).scalar() != pathway:
        session.add(UsualPathway(pathway=pathway, chosen_by=by, chosen_at=at))
    session.execute(update(Organisation).values(name=name.strip(), nation=nation, pathway=pathway))


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


def _check(nation: str, pathway: str) -> None:
    if nation not in NATIONS:
        raise ValueError(f"there is no nation {nation!r}")
    if pathway not in SETTINGS:
        raise ValueError(f"there is no pathway {pathway!r}")
