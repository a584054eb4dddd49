"""Setting up the organisation, and changing its settings, contacts and look."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.audit.rules import changed_values
from course.content.schema import NATIONS, SETTINGS
from course.context import Context, make_context
from course.organisation.models import Contact, Organisation, OrganisationLook, UsualPathway
from course.organisation.rules.colours import colour_refusal, parse_colour
from course.organisation.rules.contacts import CONTACT_KINDS, REVIEW_INTERVALS
from course.people.actions import lock_open_teams_among, record_usual_language, team_name
from course.people.queries import usual_language
from course.translation import SOURCE_LANGUAGE, languages

_AUDIT_SUBJECT = ("organisation", 1)


def create_organisation(session: Session, name: str, nation: str, at: datetime, pathway: str = "school") -> bool:
    """Create the organisation; False, and nothing done, if it exists already.

    `pathway` is the default pathway of people. Raises ValueError for an unknown nation or pathway.
    """
    _check_nation_and_pathway(nation, pathway)
    try:
        with session.begin_nested():
            session.add(Organisation(id=1, name=name.strip(), nation=nation, pathway=pathway, set_up_at=at))
            session.add(UsualPathway(pathway=pathway, chosen_at=at))
            session.flush()
    except IntegrityError:
        return False
    details = {"name": name.strip(), "nation": nation, "pathway": pathway}
    record_event(make_context(session, None, at), "organisation.set_up", _AUDIT_SUBJECT, details)
    return True


def change_organisation(context: Context, name: str, nation: str, pathway: str) -> None:
    """Change the name, nation or default pathway of the organisation; a change of the pathway is stored with its time.

    Raises ValueError for an unknown nation or pathway.
    """
    session = context.session
    _check_nation_and_pathway(nation, pathway)
    row = session.execute(select(Organisation).with_for_update()).scalar_one()
    after = {"name": name.strip(), "nation": nation, "pathway": pathway}
    changed = changed_values({field: getattr(row, field) for field in after}, after)
    if "pathway" in changed:
        session.add(UsualPathway(pathway=pathway, chosen_by=context.actor, chosen_at=context.now))
    if changed:
        row.name, row.nation, row.pathway = after["name"], nation, pathway
        session.flush()
        record_event(context, "organisation.changed", _AUDIT_SUBJECT, changed)


def set_usual_language(context: Context, language: str) -> bool:
    """From now on pages, mail and certificates of people who have chosen no language are in this one (BCP 47); False if that
    was so before. Raises ValueError for a language that is not offered."""
    if language not in languages():
        raise ValueError(f"the language {language!r} is not offered")
    session = context.session
    session.execute(
        select(Organisation.id).with_for_update()
    ).one()  # of two at once the second sees what the first did
    before = usual_language(session)
    if language == (before or SOURCE_LANGUAGE):
        return False
    record_usual_language(context, language)
    record_event(context, "organisation.language_chosen", _AUDIT_SUBJECT, {"language": language})
    return True


def set_signatory(context: Context, name: str, role: str) -> None:
    """Set who signs certificates from now on, by name and role; both empty for nobody. Certificates that are issued stay
    as they are."""
    row = context.session.execute(select(Organisation).with_for_update()).scalar_one()
    after = {"signatory_name": name.strip(), "signatory_role": role.strip() if name.strip() else ""}
    changed = changed_values({field: getattr(row, field) for field in after}, after)
    if changed:
        row.signatory_name, row.signatory_role = after["signatory_name"], after["signatory_role"]
        context.session.flush()
        # The log can never be erased, so it says that somebody else signs now and not who.
        record_event(context, "organisation.signatory_changed", _AUDIT_SUBJECT, {})


def confirm_contact(context: Context, kind: str, name: str, phone: str, email: str, team_id: int | None = None) -> None:
    """Confirm the details of a kind of contact from now on; all empty to remove it. Its owner stays.

    The contact is that of the organisation or of a team and all below it; a team whose contact is removed inherits again.
    The actor is the person who confirms. Raises ValueError for an unknown kind, LookupError if there is no open team
    `team_id`.
    """
    session = context.session
    if kind not in CONTACT_KINDS:
        raise ValueError(f"there is no contact {kind!r}")
    known = _newest_contact(session, kind, team_id)
    if team_id is not None and not lock_open_teams_among(session, [team_id]):
        raise LookupError(f"there is no open team {team_id}")
    after = {"name": name, "phone": phone, "email": email}
    changed = changed_values({field: getattr(known, field, "") for field in after}, after)
    review = {"owner_id": known.owner_id, "review_months": known.review_months} if known else {}
    session.add(
        Contact(
            team_id=team_id, kind=kind, **after, **review, confirmed_at=context.now, confirmed_by=context.actor
        )
    )  # fmt: skip
    session.flush()
    event_kind = "contact.changed" if changed else "contact.confirmed"
    details = {"contact": _logged_contact(session, kind, team_id), **changed}
    record_event(context, event_kind, _AUDIT_SUBJECT, details)


def assign_contact_owner(
    context: Context, kind: str, owner_id: int | None, review_months: int, team_id: int | None = None
) -> None:
    """Assign the owner of a contact of the organisation or of a team, and the number of months between reviews. Does
    nothing if nothing changes.

    It does not confirm the contact. A contact that was never filled in cannot have an owner. Raises ValueError for an
    interval that REVIEW_INTERVALS does not have.
    """
    session = context.session
    if review_months not in REVIEW_INTERVALS:
        raise ValueError(f"nobody looks again after {review_months} months")
    known = _newest_contact(session, kind, team_id)
    if known is None or (known.owner_id, known.review_months) == (owner_id, review_months):
        return
    session.add(
        Contact(
            team_id=team_id, kind=kind, name=known.name, phone=known.phone, email=known.email, confirmed_at=known.confirmed_at,
            confirmed_by=known.confirmed_by, owner_id=owner_id, review_months=review_months,
        )
    )  # fmt: skip
    session.flush()
    details = {"contact": _logged_contact(session, kind, team_id), "owner": owner_id, "months": review_months}
    record_event(context, "contact.entrusted", _AUDIT_SUBJECT, details)


def set_logo(context: Context, logo: bytes | None) -> None:
    """Set the logo of all pages to this PNG (from `clean_logo`); None removes it."""
    digest = hashlib.sha256(logo).hexdigest() if logo is not None else None
    _save_look(context, {"logo": digest}, logo)


def set_colour(context: Context, colour: str | None) -> None:
    """Set the colour of all pages; None for the default. Raises ValueError for a colour with too little contrast."""
    if colour is not None and (parse_colour(colour) != colour or colour_refusal(colour)):
        raise ValueError(f"nobody can read {colour!r}")
    _save_look(context, {"colour": colour}, None)


def _save_look(context: Context, change: dict[str, str | None], logo: bytes | None) -> None:
    session = context.session
    _lock_organisation(session)
    rows = select(OrganisationLook).order_by(OrganisationLook.id.desc()).limit(1)
    known = session.execute(rows).scalar_one_or_none()
    before = {"logo": known.logo_sha256 if known else None, "colour": known.colour if known else None}
    after = before | change
    if after == before:
        return
    session.add(
        OrganisationLook(
            logo=logo, logo_sha256=after["logo"], colour=after["colour"], made_by=context.actor, made_at=context.now
        )
    )
    session.flush()
    record_event(context, "organisation.look_changed", _AUDIT_SUBJECT, changed_values(before, after))


def _lock_organisation(session: Session) -> None:
    """Lock the row, so that of two windows that save at once the second sees what the first has written."""
    session.execute(select(Organisation.id).with_for_update())


def _logged_contact(session: Session, kind: str, team_id: int | None) -> str:
    """What the log calls a contact: its kind, and the team whose it is."""
    return CONTACT_KINDS[kind] if team_id is None else f"{CONTACT_KINDS[kind]} ({team_name(session, team_id)})"


def _newest_contact(session: Session, kind: str, team_id: int | None) -> Contact | None:
    _lock_organisation(session)
    place = Contact.team_id.is_(None) if team_id is None else Contact.team_id == team_id
    rows = select(Contact).where(Contact.kind == kind, place).order_by(Contact.id.desc()).limit(1)
    return session.execute(rows).scalar_one_or_none()


def _check_nation_and_pathway(nation: str, pathway: str) -> None:
    if nation not in NATIONS:
        raise ValueError(f"there is no nation {nation!r}")
    if pathway not in SETTINGS:
        raise ValueError(f"there is no pathway {pathway!r}")
