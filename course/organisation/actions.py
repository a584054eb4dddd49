"""Setting the organisation up, and keeping its contacts right."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from course.audit.actions import record
from course.audit.rules import changes
from course.content.shapes import NATIONS, SETTINGS
from course.organisation.models import Contact, Organisation, UsualPathway
from course.organisation.rules import KINDS

_OURS = ("organisation", 1)


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
    details = {"name": name.strip(), "nation": nation, "pathway": pathway}
    record(session, "organisation.set_up", _OURS, details, None, at)
    return True


def change(session: Session, name: str, nation: str, pathway: str, by: int | None, at: datetime) -> None:
    """Give the organisation another name, nation or usual pathway; the day of the latter is kept. Raises ValueError
    for an unknown one."""
    _check(nation, pathway)
    ours = session.execute(select(Organisation)).scalar_one()
    after = {"name": name.strip(), "nation": nation, "pathway": pathway}
    changed = changes({field: getattr(ours, field) for field in after}, after)
    if "pathway" in changed:
        session.add(UsualPathway(pathway=pathway, chosen_by=by, chosen_at=at))
    if changed:
        ours.name, ours.nation, ours.pathway = after["name"], nation, pathway
        session.flush()
        record(session, "organisation.changed", _OURS, changed, by, at)


def confirm_contact(
    session: Session, kind: str, name: str, phone: str, email: str, by: int | None, at: datetime
) -> None:
    """What holds for a kind of contact from now on; all empty when there is none any more.

    `by` is the id of the person who says so. Raises ValueError for an unknown kind.
    """
    if kind not in KINDS:
        raise ValueError(f"there is no contact {kind!r}")
    newest = select(Contact).where(Contact.kind == kind).order_by(Contact.id.desc()).limit(1)
    known = session.execute(newest).scalar_one_or_none()
    after = {"name": name, "phone": phone, "email": email}
    changed = changes({field: getattr(known, field, "") for field in after}, after)
    session.add(Contact(kind=kind, name=name, phone=phone, email=email, confirmed_at=at, confirmed_by=by))
    session.flush()
    what = "contact.changed" if changed else "contact.confirmed"
    record(session, what, _OURS, {"contact": KINDS[kind], **changed}, by, at)


def _check(nation: str, pathway: str) -> None:
    if nation not in NATIONS:
        raise ValueError(f"there is no nation {nation!r}")
    if pathway not in SETTINGS:
        raise ValueError(f"there is no pathway {pathway!r}")
