"""The recipients of a request for help, and whether a learner asked for help on a day."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.help_requests.models import HelpRequest
from course.help_requests.rules import HelpRecipient, choose_recipients
from course.people.models import Membership, Person, RoleGrant, Team


def help_recipients(session: Session, person_id: int) -> tuple[HelpRecipient, ...]:
    """The recipients of a person's request for help, of current staff, in the order of teams and names. Three queries."""
    memberships = select(Membership.team_id).where(Membership.person_id == person_id, Membership.until.is_(None))
    teams = session.execute(memberships.order_by(Membership.id)).scalars().all()
    parents = {row.id: row.parent_id for row in session.execute(select(Team.id, Team.parent_id))}
    grants = session.execute(
        select(Person.id, Person.name, Person.email, RoleGrant.role, RoleGrant.team_id)
        .join(RoleGrant, RoleGrant.person_id == Person.id)
        # A request for help is a mail: who has no address could not get it.
        .where(RoleGrant.until.is_(None), Person.left_at.is_(None), Person.email.is_not(None))
        .order_by(Person.name, Person.id)
    )
    managers: dict[int, list[HelpRecipient]] = defaultdict(list)
    administrators: list[HelpRecipient] = []
    for holder_id, name, email, role, team in grants:
        if email is None:
            continue
        if role == "manager" and team is not None:
            managers[team].append(HelpRecipient(holder_id, name, email, True))
        elif role == "administrator":
            administrators.append(HelpRecipient(holder_id, name, email, False))
    return choose_recipients(person_id, teams, parents, managers, administrators)


def has_asked_on(session: Session, person_id: int, day: date) -> bool:
    """Whether a person asked for help on that day."""
    request = select(HelpRequest.id).where(HelpRequest.person_id == person_id, HelpRequest.day == day)
    return session.execute(request).first() is not None
