"""Names, addresses and staff numbers of people: correcting them, and merging two entries of one person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.context import Context
from course.events import publish
from course.people.actions.directory import Refusal, get_current_person
from course.people.actions.employment import record_departure
from course.people.actions.memberships import join_team, open_teams
from course.people.actions.roles import grant_role
from course.people.events import AddressChanged, PeopleMerged
from course.people.models import Person, PersonChange, PersonMerge, RoleGrant
from course.people.queries.roles import is_role_open
from course.people.rules import name_key, normalise_email
from course.text import normalise_line
from course.translation import languages
from course.translation import lazy_gettext as _

_UNSYNCHRONISED = {"synchronize_session": False}


def correct_identity(
    context: Context, person_id: int, name: str, email: str, staff_number: str | None, reason: str) -> Refusal | None:  # fmt: skip
    """Give somebody another name, address or staff number. What was before stays, and so do certificates.

    Raises LookupError if there is no such person.
    """
    session = context.session
    person = get_current_person(session, person_id)
    after = {"name": normalise_line(name), "email": normalise_email(email), "staff_number": staff_number or None}
    before = {field: getattr(person, field) for field in after}
    changed = [field for field, value in after.items() if before[field] != value]
    if not changed:
        return None
    # Only if it is still what was read: of two who correct somebody at the same moment one is told.
    unchanged = (Person.__table__.c[field].is_not_distinct_from(value) for field, value in before.items())
    values: dict[str, object] = {**after, "name_key": name_key(after["name"] or "")}
    if "email" in changed:
        values["invited_at"] = None  # the link that was mailed to the earlier one ends
    try:
        with session.begin_nested():
            changing = update(Person).where(Person.id == person_id, *unchanged).values(values).returning(Person.id)
            found = session.execute(changing, execution_options={"synchronize_session": False}).first()
    except IntegrityError:
        return _identity_taken(session, person_id, after["email"])
    session.refresh(person)
    if found is None:
        if all(getattr(person, field) == value for field, value in after.items()):
            return None  # the same correction, sent twice
        return Refusal(
            "name",
            _(
                "Someone else has just changed this to %(name)s, %(email)s. Check it and try again.",
                name=person.name,
                email=person.email,
            ),
        )
    session.add(
        PersonChange(person_id=person_id, reason=reason, changed_by=context.actor, changed_at=context.now, **before)
    )
    session.flush()
    record_event(context, "person.changed", ("person", person_id), {"changed": ", ".join(changed)})
    if "email" in changed:
        publish(session, AddressChanged(person_id, context.now))
    return None


def choose_language(context: Context, language: str) -> bool:
    """From now on the person who acts gets pages, mail and certificates in this language (BCP 47); False if they chose it before.

    Raises ValueError for a language that is not offered.
    """
    if language not in languages():
        raise ValueError(f"the language {language!r} is not offered")
    chosen = Person.id == context.person_id, Person.language.is_distinct_from(language)
    changing = update(Person).where(*chosen).values(language=language).returning(Person.id)
    if context.session.execute(changing, execution_options=_UNSYNCHRONISED).first() is None:
        return False
    record_event(context, "person.language_chosen", ("person", context.person_id), {"language": language})
    return True


def _identity_taken(session: Session, person_id: int, email: str | None) -> Refusal:
    other = select(Person.id).where(Person.email == email, Person.id != person_id)
    if session.execute(other).first() is not None:
        return Refusal("email", _("Someone else already has this e-mail address."))
    return Refusal("staff_number", _("Someone else already has this staff number."))


def merge_people(context: Context, person_id: int, into_id: int, take_address: bool, reason: str) -> Refusal | None:
    """Two entries were one person: the teams, roles and certificates of `person_id` count for `into_id` from now on.

    No certificate and no answer is moved: the second entry stays, as somebody who has left. `take_address` says that
    its address is the right one. Raises LookupError if one of the two is not here.
    """
    session = context.session
    second, first = get_current_person(session, person_id), get_current_person(session, into_id)
    if second is first:
        return Refusal("other", _("This is the same entry. Enter the e-mail address of the other one."))
    today, address, number = context.today, second.email, second.staff_number
    for team_id in open_teams(session, person_id):
        join_team(context, into_id, team_id, False)
    roles = select(RoleGrant.role, RoleGrant.team_id, RoleGrant.last_day)
    open_roles = roles.where(RoleGrant.person_id == person_id, is_role_open(RoleGrant, today))
    for role, team, last_day in session.execute(open_roles).all():
        grant_role(context, into_id, role, team, last_day)
    if take_address or (number and not first.staff_number):
        # Nobody else may have them: the second entry gives them up first. Mail to .invalid never leaves.
        gone = f"merged-{person_id}@merged.invalid" if take_address else address
        correct_identity(context, person_id, second.name, gone, None, reason)
        kept = address if take_address else first.email
        correct_identity(context, into_id, first.name, kept, first.staff_number or number, reason)
    refused = record_departure(context, person_id, today, reason)
    if refused is not None:
        return Refusal("other", refused.message)
    session.add(
        PersonMerge(person_id=person_id, into_id=into_id, reason=reason, made_by=context.actor, made_at=context.now)
    )
    session.flush()
    record_event(context, "person.merged", ("person", into_id), {"entry": person_id, "reason": reason})
    publish(session, PeopleMerged(person_id, into_id, context.actor, context.now))
    return None


def erase_address(session: Session, person_id: int, address: str) -> bool:
    """Put `address` in the place of the e-mail address of a person; whether that is a change."""
    changing = update(Person).where(Person.id == person_id, Person.email != address).values(email=address)
    return session.execute(changing.returning(Person.id), execution_options=_UNSYNCHRONISED).first() is not None


def erase_name(session: Session, person_id: int, name: str, at: datetime) -> bool:
    """Put `name` in the place of the name of a person, and nothing in that of the staff number; whether that is a change.
    From `at` on the person counts as erased."""
    differs = or_(Person.name != name, Person.name_key != name_key(name), Person.staff_number.is_not(None))
    values = {"name": name, "name_key": name_key(name), "staff_number": None, "erased_at": at}
    changing = update(Person).where(Person.id == person_id, differs).values(values).returning(Person.id)
    return session.execute(changing, execution_options=_UNSYNCHRONISED).first() is not None
