"""Setting the organisation up, and keeping its contacts right."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from course.audit.actions import record
from course.audit.rules import changes
from course.content.schema import NATIONS, SETTINGS
from course.organisation.models import Contact, Organisation, OrganisationLook, UsualPathway
from course.organisation.rules.colours import parse, refusal
from course.organisation.rules.contacts import KINDS, REVIEWS

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
    ours = session.execute(select(Organisation).with_for_update()).scalar_one()
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
    """What holds for a kind of contact from now on; all empty when there is none any more. Its owner stays.

    `by` is the id of the person who says so. Raises ValueError for an unknown kind.
    """
    if kind not in KINDS:
        raise ValueError(f"there is no contact {kind!r}")
    known = _newest(session, kind)
    after = {"name": name, "phone": phone, "email": email}
    changed = changes({field: getattr(known, field, "") for field in after}, after)
    kept = {"owner_id": known.owner_id, "review_months": known.review_months} if known else {}
    session.add(Contact(kind=kind, **after, **kept, confirmed_at=at, confirmed_by=by))
    session.flush()
    what = "contact.changed" if changed else "contact.confirmed"
    record(session, what, _OURS, {"contact": KINDS[kind], **changed}, by, at)


def keep_contact(
    session: Session, kind: str, owner_id: int | None, review_months: int, by: int | None, at: datetime
) -> None:
    """Name who looks after a contact, and after how many months they look again; nothing if that is so already.

    It does not confirm the contact. Raises ValueError for other months than REVIEWS has; a contact that nobody ever
    filled in has no owner.
    """
    if review_months not in REVIEWS:
        raise ValueError(f"nobody looks again after {review_months} months")
    known = _newest(session, kind)
    if known is None or (known.owner_id, known.review_months) == (owner_id, review_months):
        return
    session.add(
        Contact(
            kind=kind, name=known.name, phone=known.phone, email=known.email, confirmed_at=known.confirmed_at,
            confirmed_by=known.confirmed_by, owner_id=owner_id, review_months=review_months,
        )
    )  # fmt: skip
    session.flush()
    details = {"contact": KINDS[kind], "owner": owner_id, "months": review_months}
    record(session, "contact.entrusted", _OURS, details, by, at)


def take_logo(session: Session, logo: bytes | None, by: int | None, at: datetime) -> None:
    """Show this PNG (from `clean_logo`) at the top of each page; None for no logo any more."""
    digest = hashlib.sha256(logo).hexdigest() if logo is not None else None
    _look(session, {"logo": digest}, logo, by, at)


def take_colour(session: Session, colour: str | None, by: int | None, at: datetime) -> None:
    """Show the pages in this colour, None for the usual one. Raises ValueError for one that cannot be read."""
    if colour is not None and (parse(colour) != colour or refusal(colour)):
        raise ValueError(f"nobody can read {colour!r}")
    _look(session, {"colour": colour}, None, by, at)


def _look(session: Session, wanted: dict[str, str | None], logo: bytes | None, by: int | None, at: datetime) -> None:
    _one_after_the_other(session)
    rows = select(OrganisationLook).order_by(OrganisationLook.id.desc()).limit(1)
    known = session.execute(rows).scalar_one_or_none()
    before = {"logo": known.logo_sha256 if known else None, "colour": known.colour if known else None}
    after = before | wanted
    if after == before:
        return
    session.add(OrganisationLook(logo=logo, logo_sha256=after["logo"], colour=after["colour"], made_by=by, made_at=at))
    session.flush()
    record(session, "organisation.look_changed", _OURS, changes(before, after), by, at)


def _one_after_the_other(session: Session) -> None:
    """Two windows that save at once: the second sees what the first has written."""
    session.execute(select(Organisation.id).with_for_update())


def _newest(session: Session, kind: str) -> Contact | None:
    _one_after_the_other(session)
    rows = select(Contact).where(Contact.kind == kind).order_by(Contact.id.desc()).limit(1)
    return session.execute(rows).scalar_one_or_none()


def _check(nation: str, pathway: str) -> None:
    if nation not in NATIONS:
        raise ValueError(f"there is no nation {nation!r}")
    if pathway not in SETTINGS:
        raise ValueError(f"there is no pathway {pathway!r}")
