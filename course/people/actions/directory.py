"""Adding people and teams, and choosing the pathway of people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.content.schema import SETTINGS
from course.context import Context
from course.events import publish
from course.people.actions.locking import lock_open_teams_among, lock_people
from course.people.actions.team_settings import follow_team_pathways
from course.people.events import PersonAdded
from course.people.models import (
    Employment,
    Membership,
    PathwayChoice,
    Person,
    RoleGrant,
    Team,
)
from course.people.queries.directory import person_by_email
from course.people.queries.ownership import owned_fields_among
from course.people.queries.pathways import chosen_pathway
from course.people.rules import FIRST_ROLES, PersonIdentity, is_sign_in_name, name_key, role_in_log, sign_in_key
from course.text import normalise_line
from course.translation import lazy_gettext as _


@dataclass(frozen=True)
class Refusal:
    """Why a person was not added: the name of the field that is wrong, and what is wrong with it."""

    field: str
    message: str


STAFF_NUMBER_TAKEN = _("Someone else already has this staff number.")
SIGN_IN_NAME_TAKEN = _("Someone else already has this sign-in name. Enter another one.")


class TeamNameTakenError(ValueError):
    """There is something with this name already."""


def add_person(context: Context, name: str, email: str, team_id: int | None, role: str) -> Person | Refusal:
    """Add somebody with an e-mail address (see `add_identity`)."""
    return add_identity(context, PersonIdentity(name, email), team_id, role)


def add_identity(context: Context, identity: PersonIdentity, team_id: int | None, role: str) -> Person | Refusal:
    """Add somebody as a learner, and as more if `role` says so; publishes PersonAdded.

    A manager manages the team that they are in. Raises ValueError for a role that is not among FIRST_ROLES.
    """
    session, given = context.session, identity.normalised()
    if role not in FIRST_ROLES:
        raise ValueError(f"there is no role {role!r}")
    if role == "manager" and team_id is None:
        return Refusal("team", _("Choose the team that this person manages."))
    if team_id is not None and not lock_open_teams_among(session, [team_id]):
        return Refusal("team", _("This team is closed. Choose another one."))
    if (refused := identity_mistake(given)) is not None:
        return refused
    person = Person(
        name=given.name, email=given.email, staff_number=given.staff_number, sign_in_name=given.sign_in_name,
        job_role=given.job_role, created_at=context.now,
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(person)
            session.flush()
    except IntegrityError:
        return _identity_taken(session, given)
    if team_id is not None:
        session.add(Membership(person_id=person.id, team_id=team_id, since=context.now))
    record_event(context, "person.added", ("person", person.id), {"team": team_name(session, team_id)})
    if role != "learner":
        managed = team_id if role == "manager" else None
        session.add(RoleGrant(person_id=person.id, role=role, team_id=managed, since=context.now))
        granted = role_in_log(role, team_name(session, managed) if managed else None)
        record_event(context, "role.granted", ("person", person.id), {"role": granted})
    session.flush()
    if team_id is not None:
        follow_team_pathways(context, [person.id])
    publish(session, PersonAdded(person.id, context.now))
    return person


@dataclass(frozen=True)
class NewPerson:
    """A person who is added together with others. Teams are ids; what is not known is None."""

    name: str
    email: str | None
    staff_number: str | None = None
    team_ids: tuple[int, ...] = ()
    managed_team_ids: tuple[int, ...] = ()
    pathway: str | None = None
    first_day: date | None = None
    sign_in_name: str | None = None
    job_role: str | None = None


def add_people(context: Context, people: Sequence[NewPerson], reason: str) -> list[int]:
    """Add many people as learners, and as managers of the teams that are named; their ids in the same order.

    One statement for each table, because a list has thousands of people. The caller has made sure that nobody has these
    addresses, staff numbers and sign-in names (queries.taken_identities) and that the teams are open
    (lock_open_teams_among): IntegrityError is raised if somebody takes one of them at this moment. Publishes PersonAdded
    for each of them.
    """
    session = context.session
    values = [
        {"name": one.name, "name_key": name_key(one.name), "email": one.email, "staff_number": one.staff_number,
         "sign_in_name": one.sign_in_name, "sign_in_key": sign_in_key(one.sign_in_name) if one.sign_in_name else None,
         "job_role": one.job_role, "created_at": context.now} for one in people
    ]  # fmt: skip
    ids = list(session.execute(insert(Person).returning(Person.id, sort_by_parameter_order=True), values).scalars())
    named = {team_id for one in people for team_id in (*one.team_ids, *one.managed_team_ids)}
    names = {row.id: row.name for row in session.execute(select(Team.id, Team.name).where(Team.id.in_(named)))}
    rows: dict[type, list[dict[str, object]]] = {Membership: [], RoleGrant: [], PathwayChoice: [], Employment: []}
    for person_id, one in zip(ids, people, strict=True):
        subject = ("person", person_id)
        details: dict[str, object] = {"team": ", ".join(names[team_id] for team_id in one.team_ids) or None}
        record_event(context, "person.added", subject, details)
        for team_id in one.team_ids:
            rows[Membership].append({"person_id": person_id, "team_id": team_id, "since": context.now})
        for team_id in one.managed_team_ids:
            rows[RoleGrant].append(
                {"person_id": person_id, "role": "manager", "team_id": team_id, "since": context.now}
            )
            record_event(context, "role.granted", subject, {"role": _("manager of %(names)s", names=names[team_id])})
        if one.pathway is not None:
            rows[PathwayChoice].append(
                {
                    "person_id": person_id,
                    "pathway": one.pathway,
                    "reason": reason,
                    "chosen_by": context.actor,
                    "chosen_at": context.now,
                }
            )
            details = {"pathway": [None, one.pathway], "reason": reason}
            record_event(context, "pathway.chosen", subject, details)
        if one.first_day is not None:
            rows[Employment].append(
                {"person_id": person_id, "recorded": context.today, "start": one.first_day, "end": None,
                 "reason": reason, "made_by": context.actor, "made_at": context.now}
            )  # fmt: skip
    for table, some in rows.items():
        if some:
            session.execute(insert(table), some)
    follow_team_pathways(context, [person_id for person_id, one in zip(ids, people, strict=True) if one.team_ids])
    for person_id in ids:
        publish(session, PersonAdded(person_id, context.now))
    return ids


def identity_mistake(identity: PersonIdentity) -> Refusal | None:
    """Why nobody could sign in with this; None if somebody can."""
    if not identity.has_login:
        return Refusal(
            "email", _("Enter an e-mail address. Without one, enter a staff number or a sign-in name to sign in with.")
        )
    if identity.sign_in_name is not None and not is_sign_in_name(identity.sign_in_name):
        return Refusal(
            "sign_in_name",
            _(
                "Enter a sign-in name of 2 to 50 letters, digits, spaces, dots and hyphens, without @. It begins and ends "
                "with a letter or a digit."
            ),
        )
    return None


def _identity_taken(session: Session, given: PersonIdentity) -> Refusal:
    """Why the database refused a new person: somebody has the address, the staff number or the sign-in name."""
    other = person_by_email(session, given.email) if given.email else None
    if other is not None and other.left_at is not None:
        return Refusal("email", _("This e-mail address belongs to someone who has left."))
    if other is not None:
        return Refusal("email", _("Someone with this e-mail address has already been added."))
    number = select(Person.id).where(Person.staff_number == given.staff_number)
    if given.staff_number and session.execute(number).first() is not None:
        return Refusal("staff_number", STAFF_NUMBER_TAKEN)
    if given.sign_in_name:
        return Refusal("sign_in_name", SIGN_IN_NAME_TAKEN)
    return Refusal("email", _("Someone with this e-mail address has already been added."))


def team_name(session: Session, team_id: int | None) -> str | None:
    team = session.get(Team, team_id) if team_id is not None else None
    return team.name if team else None


def add_team(context: Context, name: str, parent_id: int | None) -> Team:
    """Open a team below `parent_id`, or at the top. Raises LookupError if the parent is not there, TakenError if there is
    an open team with this name at this place."""
    session = context.session
    if parent_id is not None and not lock_open_teams_among(session, [parent_id]):
        raise LookupError(f"there is no open team {parent_id}")
    team = Team(name=normalise_line(name), parent_id=parent_id, opened_at=context.now)
    try:
        with session.begin_nested():
            session.add(team)
            session.flush()
    except IntegrityError:
        raise TeamNameTakenError(_("There is already a team with this name here.")) from None
    details = {"name": team.name, "part_of": team_name(session, parent_id)}
    record_event(context, "team.added", ("team", team.id), details)
    return team


def choose_pathway(context: Context, people: Iterable[int], pathway: str | None, reason: str) -> int:
    """From now on these people read the course in this setting; returns for how many that is a change. None takes back what
    was chosen for them: they have the pathway of their teams again, or the organisation's usual one. People whose pathway
    another system owns are left out.

    Raises ValueError for a pathway that does not exist.
    """
    session = context.session
    if pathway is not None and pathway not in SETTINGS:
        raise ValueError(f"there is no pathway {pathway!r}")
    changed, ids = 0, sorted(set(people))
    lock_people(session, ids)  # whoever else chooses for one of them waits, and then finds it chosen
    owned = owned_fields_among(session, ids) if context.actor is not None else {}
    for person_id in ids:
        if person_id in owned and "pathway" in owned[person_id].fields:
            continue  # another system has chosen it
        known = chosen_pathway(session, person_id)
        by_name = known.pathway if known is not None and known.team is None else None
        # What somebody had with their team becomes theirs when it is chosen for them.
        if by_name != pathway:
            session.add(
                PathwayChoice(
                    person_id=person_id, pathway=pathway, reason=reason, chosen_by=context.actor, chosen_at=context.now
                )
            )
            details = {"pathway": [known.pathway if known else None, pathway], "reason": reason}
            record_event(context, "pathway.chosen", ("person", person_id), details)
            changed += 1
    session.flush()
    if pathway is None:
        follow_team_pathways(context, ids)
    return changed


def lock_current_person(session: Session, person_id: int) -> Person:
    """Somebody who is here, as they are now: until the transaction ends nobody else changes them, or records that they have
    left. Raises LookupError if there is nobody."""
    lock_people(session, [person_id])
    session.get(Person, person_id, populate_existing=True)
    return get_current_person(session, person_id)


def get_current_person(session: Session, person_id: int) -> Person:
    person = session.get(Person, person_id)
    if person is None or person.left_at is not None:
        raise LookupError(f"there is no person {person_id}, or they have left")
    return person
