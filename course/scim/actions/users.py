"""Users of an identity provider: added, changed, deactivated and ended, by the same actions as by hand.

Everything here runs in one unit of work in which the connection is locked: the calls of one identity provider take turns.
"""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.context import Context
from course.dates import civil_date
from course.people import actions as people
from course.people.actions import Refusal
from course.people.actions.ownership import release_fields, set_owned_fields
from course.people.models import OwnedField, Person, RoleGrant
from course.people.rules import PersonIdentity
from course.scim.actions.grants import apply_grants
from course.scim.actions.linking import link_user
from course.scim.models import ScimConnection, ScimGroup, ScimMember, ScimUser
from course.scim.queries.matching import matching_person
from course.scim.rules.attributes import UserData
from course.scim.rules.problems import ProvisioningRefusedError
from course.translation import lazy_gettext as _

_GUARDED_ROLES = ("administrator", "auditor")


def source_key(connection: ScimConnection) -> str:
    """The key of a connection as the owner of fields (people/actions/ownership)."""
    return f"scim:{connection.id}"


def create_user(context: Context, connection: ScimConnection, data: UserData) -> ScimUser:
    """A new user of an identity provider: the person whom it is about is found, or added, and owned from now on. An inactive
    user of whom nobody is known is only noted. Raises ProvisioningRefusedError."""
    session = context.session
    _check_unique(session, connection.id, data, None)
    user = ScimUser(
        resource_id=str(uuid4()), connection_id=connection.id, user_name=data.user_name,
        user_name_key=data.user_name_key, external_id=data.external_id, active=data.active, attributes=data.attributes,
        created_at=context.now, changed_at=context.now,
    )  # fmt: skip
    _apply(context, connection, user, data, data.is_active)
    session.add(user)
    session.flush()
    return user


def replace_user(context: Context, connection: ScimConnection, user: ScimUser, data: UserData) -> None:
    """The identity provider says something else about a user. Raises ProvisioningRefusedError."""
    _check_unique(context.session, connection.id, data, user.id)
    user.user_name, user.user_name_key, user.external_id = data.user_name, data.user_name_key, data.external_id
    user.active, user.attributes, user.changed_at = data.active, data.attributes, context.now
    # A PUT that leaves the attribute out brings nobody back: whoever was deactivated stays so until it says true.
    _apply(context, connection, user, data, data.active is True)
    context.session.flush()


def end_user(context: Context, connection: ScimConnection, user: ScimUser) -> None:
    """The identity provider deletes a user: the person leaves, and their record stays. Raises ProvisioningRefusedError for the
    only administrator."""
    if user.person_id is not None:
        person = _locked_person(context.session, user.person_id)
        if person.left_at is None:
            _depart(context, connection, person)
    session = context.session
    user.active, user.ended_at, user.changed_at = False, context.now, context.now
    user.attributes = "{}"  # what it said about the person beside what their entry says
    groups = select(ScimMember.group_id).where(ScimMember.user_id == user.id)
    changing = update(ScimGroup).where(ScimGroup.id.in_(groups)).values(changed_at=context.now)
    session.execute(changing, execution_options={"synchronize_session": False})
    session.execute(delete(ScimMember).where(ScimMember.user_id == user.id))
    session.flush()
    if user.person_id is None:
        session.delete(user)  # nothing is kept of somebody who was never here
        session.flush()
    else:
        apply_grants(context, connection, [user.person_id])
        release_fields(context, source_key(connection), [user.person_id])
        record_event(context, "scim.user_ended", ("person", user.person_id), {})


def _check_unique(session: Session, connection_id: int, data: UserData, user_id: int | None) -> None:
    others = select(ScimUser.person_id).where(ScimUser.connection_id == connection_id, ScimUser.ended_at.is_(None))
    if user_id is not None:
        others = others.where(ScimUser.id != user_id)
    taken = session.execute(others.where(ScimUser.user_name_key == data.user_name_key)).first()
    if taken is not None:
        raise ProvisioningRefusedError("user_name", taken.person_id)
    if data.external_id is None:
        return
    taken = session.execute(others.where(ScimUser.external_id == data.external_id)).first()
    if taken is not None:
        raise ProvisioningRefusedError("external_id", taken.person_id)


def _apply(context: Context, connection: ScimConnection, user: ScimUser, data: UserData, comes: bool) -> None:
    """Make the person as the user says: here or not, with this identity, owned by the connection, with what groups give. Who is
    not here is added, or comes back, if `comes`."""
    session, person_id = context.session, user.person_id
    if person_id is None:
        person_id = _find_or_add(context, connection, data, comes)
        if person_id is None:
            return
        link_user(user, person_id)
        record_event(context, "scim.user_linked", ("person", person_id), {})
    person = _locked_person(session, person_id)
    if comes and person.left_at is not None:
        _return(context, connection, person)
    if person.left_at is None:
        _change_identity(context, connection, person, data)
        if not data.is_active:
            _depart(context, connection, person)
    set_owned_fields(context, person.id, (*data.sent, "stay"), source_key(connection), connection.name)
    session.add(user)
    session.flush()
    apply_grants(context, connection, [person.id])


def _locked_person(session: Session, person_id: int) -> Person:
    """The person as they are now; until the unit of work ends nobody else changes them."""
    people.lock_leaving_people(session, [person_id])
    person = session.get_one(Person, person_id)
    session.refresh(person)
    return person


def _find_or_add(context: Context, connection: ScimConnection, data: UserData, comes: bool) -> int | None:
    session = context.session
    known = matching_person(session, context.zone, connection.id, data)
    if known is None:
        return _add(context, data) if comes else None
    people.lock_leaving_people(session, [known.id])  # another connection may find the same person at this moment
    if _is_owned(session, known.id, source_key(connection)):
        raise ProvisioningRefusedError("other_connection", known.id)
    if _is_guarded(context, known.id) and not connection.owns_administrators:
        raise ProvisioningRefusedError("administrator", known.id)
    return known.id


def _is_owned(session: Session, person_id: int, source: str) -> bool:
    """Whether a user of this connection, or another system, stands for the person already."""
    used = select(ScimUser.id).where(ScimUser.person_id == person_id, ScimUser.ended_at.is_(None))
    owned = select(OwnedField.id).where(
        OwnedField.person_id == person_id, OwnedField.until.is_(None), OwnedField.source != source
    )
    return any(session.execute(rows.limit(1)).first() is not None for rows in (used, owned))


def _is_guarded(context: Context, person_id: int) -> bool:
    """Whether somebody is an administrator or auditor: whoever changes their address could sign in as them."""
    rows = select(RoleGrant.last_day).where(
        RoleGrant.person_id == person_id, RoleGrant.role.in_(_GUARDED_ROLES), RoleGrant.until.is_(None)
    )
    return any(day is None or day >= context.today for day in context.session.execute(rows).scalars())


def _add(context: Context, data: UserData) -> int:
    added = people.add_identity(context, data.identity, None, "learner")
    if isinstance(added, Refusal):
        raise _refusal(added)
    return added.id


def _change_identity(context: Context, connection: ScimConnection, person: Person, data: UserData) -> None:
    known = PersonIdentity(person.name, person.email, person.staff_number, person.sign_in_name, person.job_role)
    wanted = data.identity_with(known)
    if wanted == known:
        return
    guarded = _without_job(wanted) != _without_job(known)
    if guarded and not connection.owns_administrators and _is_guarded(context, person.id):
        raise ProvisioningRefusedError("administrator_identity", person.id)
    refused = people.change_identity(context, person.id, wanted, _reason(connection))
    if refused is not None:
        raise _refusal(refused, person.id)


def _without_job(identity: PersonIdentity) -> tuple[str | None, ...]:
    return identity.name, identity.email, identity.staff_number, identity.sign_in_name


def _depart(context: Context, connection: ScimConnection, person: Person) -> None:
    refused = people.record_departure(context, person.id, context.today, _reason(connection))
    if refused is not None:
        last = refused.message == people.LAST_ADMINISTRATOR
        raise ProvisioningRefusedError("last_administrator" if last else "stay", person.id)


def _return(context: Context, connection: ScimConnection, person: Person) -> None:
    """A new stay from today on; on the day on which they left, that stay goes on."""
    left = civil_date(person.left_at, context.zone) if person.left_at is not None else context.today
    if left < context.today:
        refused = people.record_return(context, person.id, context.today, None, _reason(connection))
    else:
        refused = people.withdraw_departure(context, person.id, _reason(connection))
    if refused is not None:
        raise ProvisioningRefusedError("merged", person.id)
    context.session.refresh(person)


def _reason(connection: ScimConnection) -> str:
    # What is stored stays English, whatever language the request is in.
    return _("From %(source)s", source=connection.name)[:200]


def _refusal(refused: Refusal, person_id: int | None = None) -> ProvisioningRefusedError:
    codes = {"email": "address", "staff_number": "staff_number", "sign_in_name": "sign_in_name"}
    return ProvisioningRefusedError(codes.get(refused.field, "two_people"), person_id)
