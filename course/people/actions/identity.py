"""Names, addresses, staff numbers and job roles of people: correcting them, and merging two entries of one person."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.context import Context
from course.events import publish
from course.people.actions.directory import (
    SIGN_IN_NAME_TAKEN,
    STAFF_NUMBER_TAKEN,
    Refusal,
    get_current_person,
    identity_mistake,
)
from course.people.actions.employment import record_departure
from course.people.actions.locking import lock_leaving_people, lock_open_teams_among
from course.people.actions.memberships import join_team, open_teams
from course.people.actions.ownership import refuse_owned
from course.people.actions.roles import grant_role
from course.people.events import AddressChanged, PeopleMerged
from course.people.models import Person, PersonChange, PersonMerge, RoleGrant
from course.people.queries.roles import is_role_open
from course.people.rules import PersonIdentity, login_label, name_key, sign_in_key
from course.translation import languages
from course.translation import lazy_gettext as _

_UNSYNCHRONISED = {"synchronize_session": False}


def correct_identity(
    context: Context, person_id: int, name: str, email: str | None, staff_number: str | None, reason: str
) -> Refusal | None:
    """Give somebody another name, address or staff number; the sign-in name and the job role stay (see `change_identity`)."""
    person = get_current_person(context.session, person_id)
    identity = PersonIdentity(name, email, staff_number, person.sign_in_name, person.job_role)
    return change_identity(context, person_id, identity, reason)


def change_identity(context: Context, person_id: int, identity: PersonIdentity, reason: str) -> Refusal | None:
    """Give somebody another name, address, staff number, sign-in name or job role. What was before stays, and so do
    certificates.

    Raises LookupError if there is no such person.
    """
    session, given = context.session, identity.normalised()
    person = get_current_person(session, person_id)
    if (refused := identity_mistake(given)) is not None:
        return refused
    after: dict[str, str | None] = asdict(given)
    before = {field: getattr(person, field) for field in after}
    changed = [field for field, value in after.items() if before[field] != value]
    if not changed:
        return None
    if (refused := refuse_owned(context, person_id, changed)) is not None:
        return refused
    # Only if it is still what was read: of two who correct somebody at the same moment one is told.
    unchanged = (Person.__table__.c[field].is_not_distinct_from(value) for field, value in before.items())
    values: dict[str, object] = {**after, "name_key": name_key(given.name)}
    values["sign_in_key"] = sign_in_key(given.sign_in_name) if given.sign_in_name else None
    if "email" in changed:
        values["invited_at"] = None  # the link that was mailed to the earlier one ends
    try:
        with session.begin_nested():
            changing = update(Person).where(Person.id == person_id, *unchanged).values(values).returning(Person.id)
            found = session.execute(changing, execution_options={"synchronize_session": False}).first()
    except IntegrityError:
        return _identity_taken(session, person_id, given)
    session.refresh(person)
    if found is None:
        if all(getattr(person, field) == value for field, value in after.items()):
            return None  # the same correction, sent twice
        return Refusal(
            "name",
            _(
                "Someone else has just changed this to %(name)s, %(email)s. Check it and try again.",
                name=person.name,
                email=login_label(person.email, person.sign_in_name),
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


def _identity_taken(session: Session, person_id: int, given: PersonIdentity) -> Refusal:
    def is_taken(condition: ColumnElement[bool]) -> bool:
        return session.execute(select(Person.id).where(condition, Person.id != person_id)).first() is not None

    if given.email and is_taken(Person.email == given.email):
        return Refusal("email", _("Someone else already has this e-mail address."))
    if given.sign_in_name and is_taken(Person.sign_in_key == sign_in_key(given.sign_in_name)):
        return Refusal("sign_in_name", SIGN_IN_NAME_TAKEN)
    return Refusal("staff_number", STAFF_NUMBER_TAKEN)


def merge_people(context: Context, person_id: int, into_id: int, take_address: bool, reason: str) -> Refusal | None:
    """Two entries were one person: the teams, roles and certificates of `person_id` count for `into_id` from now on.

    No certificate and no answer is moved: the second entry stays, as somebody who has left. `take_address` says that
    its address is the right one. Raises LookupError if one of the two is not here.
    """
    session = context.session
    lock_open_teams_among(session, _open_places(session, person_id))
    # Of two who merge them at once, in either direction, the second finds that one of them has left.
    lock_leaving_people(session, [person_id, into_id])
    session.expire_all()
    second, first = get_current_person(session, person_id), get_current_person(session, into_id)
    if second is first:
        return Refusal("other", _("This is the same entry. Enter what the other one signs in with."))
    today, address, number, login = context.today, second.email, second.staff_number, second.sign_in_name
    take_address = take_address and address is not None
    for team_id in open_teams(session, person_id):
        join_team(context, into_id, team_id, False)
    roles = select(RoleGrant.role, RoleGrant.team_id, RoleGrant.last_day)
    open_roles = roles.where(RoleGrant.person_id == person_id, is_role_open(RoleGrant, today))
    for role, team, last_day in session.execute(open_roles).all():
        grant_role(context, into_id, role, team, last_day)
    takes_number, takes_login = bool(number and not first.staff_number), bool(login and not first.sign_in_name)
    takes_job = bool(second.job_role and not first.job_role)
    if take_address or takes_number or takes_login or takes_job:
        # Nobody else may have them: the second entry gives them up first. Mail to .invalid never leaves.
        gone = f"merged-{person_id}@merged.invalid" if take_address or address is None else address
        left = PersonIdentity(
            second.name, gone, None if takes_number else number, None if takes_login else login, second.job_role
        )
        kept = PersonIdentity(
            first.name, address if take_address else first.email, number if takes_number else first.staff_number,
            login if takes_login else first.sign_in_name, first.job_role or second.job_role,
        )  # fmt: skip
        for entry, identity in ((person_id, left), (into_id, kept)):
            if (refused := change_identity(context, entry, identity, reason)) is not None:
                return Refusal("other", refused.message)
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


def _open_places(session: Session, person_id: int) -> set[int]:
    """The teams that somebody is in, and those in which they have a role."""
    held = select(RoleGrant.team_id).where(RoleGrant.person_id == person_id, RoleGrant.until.is_(None))
    managed = session.execute(held.where(RoleGrant.team_id.is_not(None))).scalars()
    return {*open_teams(session, person_id), *(one for one in managed if one is not None)}


def erase_address(session: Session, person_id: int, address: str) -> bool:
    """Put `address` in the place of the e-mail address of a person; whether that is a change."""
    changing = (
        update(Person).where(Person.id == person_id, Person.email.is_distinct_from(address)).values(email=address)
    )
    return session.execute(changing.returning(Person.id), execution_options=_UNSYNCHRONISED).first() is not None


def erase_name(session: Session, person_id: int, name: str, at: datetime) -> bool:
    """Put `name` in the place of the name of a person, and nothing in that of the staff number, the sign-in name and the job
    role; whether that is a change.
    From `at` on the person counts as erased."""
    differs = or_(Person.name != name, Person.name_key != name_key(name), Person.staff_number.is_not(None),
                  Person.sign_in_name.is_not(None), Person.job_role.is_not(None))  # fmt: skip
    values = {"name": name, "name_key": name_key(name), "staff_number": None, "sign_in_name": None, "sign_in_key": None,
              "job_role": None, "erased_at": at}  # fmt: skip
    changing = update(Person).where(Person.id == person_id, differs).values(values).returning(Person.id)
    return session.execute(changing, execution_options=_UNSYNCHRONISED).first() is not None
