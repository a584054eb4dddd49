"""Adding people and teams, and asking for an invitation."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from course.audit.actions import record_event
from course.content.schema import SETTINGS
from course.dates import civil_date
from course.events import publish
from course.mail import rules as mail
from course.people.events import PersonAdded
from course.people.models import Employment, Membership, PathwayChoice, Person, RoleGrant, Team
from course.people.queries.directory import chosen_pathway, person_by_email
from course.people.rules import ROLES, normalise_email
from course.text import normalise_line

# From the token of a link to the mail that carries it.
InvitationWriter = Callable[[str], mail.MailMessage]


@dataclass(frozen=True)
class Refusal:
    """Why a person was not added: the name of the field that is wrong, and what is wrong with it."""

    field: str
    message: str


class TeamNameTakenError(ValueError):
    """There is something with this name already."""


@dataclass(frozen=True)
class InvitationRequested:
    """Somebody is to get a link with which to choose a password."""

    person_id: int
    letter: InvitationWriter
    at: datetime


def add_person(
    session: Session, name: str, email: str, team_id: int | None, role: str, at: datetime, by: int | None = None
) -> Person | Refusal:
    """Add somebody as a learner, and as more if `role` says so; publishes PersonAdded.

    `by` is the id of the person who does it (None: a command). A manager manages the team that they are in.
    Raises ValueError for a role that does not exist.
    """
    if role not in ROLES:
        raise ValueError(f"there is no role {role!r}")
    if role == "manager" and team_id is None:
        return Refusal("team", "Choose the team that this person manages.")
    if team_id is not None and not _is_open_team(session, team_id):
        return Refusal("team", "This team is closed. Choose another one.")
    person = Person(name=normalise_line(name), email=normalise_email(email), created_at=at)
    try:
        with session.begin_nested():
            session.add(person)
            session.flush()
    except IntegrityError:
        return _email_taken(session, email)
    if team_id is not None:
        session.add(Membership(person_id=person.id, team_id=team_id, since=at))
    record_event(session, "person.added", ("person", person.id), {"team": _team_name(session, team_id)}, by, at)
    if role != "learner":
        managed = team_id if role == "manager" else None
        session.add(RoleGrant(person_id=person.id, role=role, team_id=managed, since=at))
        granted = f"manager of {_team_name(session, managed)}" if managed else role
        record_event(session, "role.granted", ("person", person.id), {"role": granted}, by, at)
    session.flush()
    publish(session, PersonAdded(person.id, at))
    return person


def _email_taken(session: Session, email: str) -> Refusal:
    other = person_by_email(session, email)
    if other is not None and other.left_at is not None:
        return Refusal("email", "This address belongs to somebody who has left.")
    return Refusal("email", "Somebody with this address has been added already.")


def _is_open_team(session: Session, team_id: int) -> bool:
    team = session.get(Team, team_id)
    return team is not None and team.closed_at is None


def _team_name(session: Session, team_id: int | None) -> str | None:
    team = session.get(Team, team_id) if team_id is not None else None
    return team.name if team else None


def add_team(session: Session, name: str, parent_id: int | None, at: datetime, by: int | None = None) -> Team:
    """Open a team below `parent_id`, or at the top. Raises LookupError if the parent is not there, TakenError if there is
    an open team with this name at this place."""
    if parent_id is not None and not _is_open_team(session, parent_id):
        raise LookupError(f"there is no open team {parent_id}")
    team = Team(name=normalise_line(name), parent_id=parent_id, opened_at=at)
    try:
        with session.begin_nested():
            session.add(team)
            session.flush()
    except IntegrityError:
        raise TeamNameTakenError("There is a team with this name at this place already.") from None
    details = {"name": team.name, "part_of": _team_name(session, parent_id)}
    record_event(session, "team.added", ("team", team.id), details, by, at)
    return team


def choose_pathway(
    session: Session, people: Iterable[int], pathway: str, reason: str, by: int | None, at: datetime
) -> int:
    """From now on these people read the course in this setting; returns for how many that is a change.

    Raises ValueError for a pathway that does not exist.
    """
    if pathway not in SETTINGS:
        raise ValueError(f"there is no pathway {pathway!r}")
    changed, ids = 0, sorted(set(people))
    # Whoever else chooses for one of them waits, and then finds it chosen.
    session.execute(select(Person.id).where(Person.id.in_(ids)).order_by(Person.id).with_for_update())
    for person_id in ids:
        known = chosen_pathway(session, person_id)
        if known is None or known.pathway != pathway:
            session.add(PathwayChoice(person_id=person_id, pathway=pathway, reason=reason, chosen_by=by, chosen_at=at))
            details = {"pathway": [known.pathway if known else None, pathway], "reason": reason}
            record_event(session, "pathway.chosen", ("person", person_id), details, by, at)
            changed += 1
    session.flush()
    return changed


def end_employment(
    session: Session, person_id: int, last_day: date, reason: str, zone: str, by: int | None, at: datetime
) -> None:
    """Somebody has left: `last_day` was their last. From now on they cannot sign in.

    Raises LookupError if there is no such person, ValueError for a day to come or before they were here, or if they
    had left already.
    """
    person, stay = _latest_employment(session, person_id, zone)
    today = civil_date(at, zone)
    if person.left_at is not None:
        raise ValueError("This person has left already.")
    if not stay.start <= last_day <= today:
        raise ValueError("The last day is not before the first one, and has come.")
    gone = datetime.combine(last_day, time(12), ZoneInfo(zone))
    if not _set_left_at(session, person, Person.left_at.is_(None), gone):
        raise ValueError("This person has left already.")
    _add_employment(
        session, Employment(start=stay.start, end=last_day, recorded=today, reason=reason), person_id, by, at
    )
    record_event(session, "person.left", ("person", person_id), {"last_day": last_day, "reason": reason}, by, at)


def restart_employment(
    session: Session, person_id: int, first_day: date, reason: str, zone: str, by: int | None, at: datetime
) -> None:
    """Somebody who had left works here again from that day on; their certificates are as they were.

    Raises LookupError if there is no such person, ValueError if they have not left, or on or after that day, or if
    their name is not kept any more.
    """
    person, stay = _latest_employment(session, person_id, zone)
    if person.left_at is None:
        raise ValueError("This person has not left.")
    if person.erased_at is not None:
        raise ValueError("Nothing but a number is kept of this person. Add them anew.")
    left = civil_date(person.left_at, zone)
    if first_day <= left:
        raise ValueError("The first day is after the day on which they left.")
    if stay.end is None:
        # Nobody wrote down the end of that stay; `left_at` knows it.
        end = Employment(start=stay.start, end=left, recorded=max(left, stay.recorded), reason="")
        _add_employment(session, end, person_id, None, person.left_at)
    if not _set_left_at(session, person, Person.left_at.is_not(None), None):
        raise ValueError("This person has not left.")
    today = civil_date(at, zone)
    _add_employment(session, Employment(start=first_day, end=None, recorded=today, reason=reason), person_id, by, at)
    record_event(session, "person.returned", ("person", person_id), {"first_day": first_day, "reason": reason}, by, at)


def _set_left_at(session: Session, person: Person, was: ColumnElement[bool], left: datetime | None) -> bool:
    """Write down that somebody has left, or is back; False if somebody else has done so at this very moment. Who comes
    back has not been invited yet."""
    changing = update(Person).where(Person.id == person.id, was).values(left_at=left, invited_at=None)
    found = session.execute(changing.returning(Person.id), execution_options={"synchronize_session": False}).first()
    session.refresh(person)
    return found is not None


def _latest_employment(session: Session, person_id: int, zone: str) -> tuple[Person, Employment]:
    """Somebody, and what was recorded last about when they work here. The first stay of somebody is written down when
    it is asked for: it began when they were added."""
    person = session.get(Person, person_id)
    if person is None:
        raise LookupError(f"there is no person {person_id}")
    rows = select(Employment).where(Employment.person_id == person_id).order_by(Employment.id.desc()).limit(1)
    stay = session.execute(rows).scalar()
    if stay is None:
        begun = civil_date(person.created_at, zone)
        stay = Employment(start=begun, end=None, recorded=begun, reason="")
        _add_employment(session, stay, person_id, None, person.created_at)
    return person, stay


def _add_employment(session: Session, stay: Employment, person_id: int, by: int | None, at: datetime) -> None:
    stay.person_id, stay.made_by, stay.made_at = person_id, by, at
    session.add(stay)
    session.flush()


def invite(
    session: Session,
    person_id: int,
    letter: InvitationWriter,
    at: datetime,
    by: int | None = None,
    seen: datetime | None = None,
) -> bool:
    """Ask for a link to be mailed to somebody; the sign-in makes it and hands its token to `letter`.

    `seen` is when they were invited last, as far as whoever asks knows. False, and nothing is mailed, if they have been
    invited since, or have left: a second press must not end the link of the first one.
    """
    known = Person.invited_at.is_not_distinct_from(seen)
    asking = update(Person).where(Person.id == person_id, Person.left_at.is_(None), known).values(invited_at=at)
    found = session.execute(asking.returning(Person.id), execution_options={"synchronize_session": False}).first()
    if found is None:
        return False
    person = session.identity_map.get(identity_key(Person, person_id))
    if person is not None:
        session.expire(person, ["invited_at"])
    publish(session, InvitationRequested(person_id, letter, at))
    record_event(session, "person.invited", ("person", person_id), {}, by, at)
    return True
