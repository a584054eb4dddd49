"""People and teams."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from course.api.queries.scope import PageRequest, PeopleScope, people_condition
from course.api.rules.answers import PersonItem, TeamItem
from course.people.models import Membership, Person, PersonChange, Team
from course.people.queries import team_subtree

# When somebody's name, address, staff number or job role changed last, came into a team last, and left one last.
_changed_at = select(func.max(PersonChange.changed_at)).where(PersonChange.person_id == Person.id).scalar_subquery()
_came_at = select(func.max(Membership.since)).where(Membership.person_id == Person.id).scalar_subquery()
_went_at = select(func.max(Membership.until)).where(Membership.person_id == Person.id).scalar_subquery()


def people_page(
    session: Session, scope: PeopleScope, page: PageRequest, changed_since: datetime | None = None
) -> list[PersonItem]:
    """People by id. Two queries."""
    conditions = [people_condition(scope), Person.id > page.after]
    if changed_since is not None:
        conditions.append(_changed_condition(changed_since))
    return _people(session, conditions, page.limit)


def person(session: Session, scope: PeopleScope, person_id: int) -> PersonItem | None:
    """One of the people; None if there is no such person, or not for this token. Two queries."""
    found = _people(session, [people_condition(scope), Person.id == person_id], 1)
    return found[0] if found else None


def _changed_condition(since: datetime) -> ColumnElement[bool]:
    changes = select(PersonChange.id).where(PersonChange.person_id == Person.id, PersonChange.changed_at >= since)
    moves = select(Membership.id).where(
        Membership.person_id == Person.id, or_(Membership.since >= since, Membership.until >= since)
    )
    return or_(Person.created_at >= since, changes.exists(), moves.exists())


def _people(session: Session, conditions: Sequence[ColumnElement[bool]], limit: int) -> list[PersonItem]:
    columns = Person.id, Person.name, Person.email, Person.staff_number, Person.job_role, Person.created_at
    rows = session.execute(
        select(*columns, _changed_at.label("changed"), _came_at.label("came"), _went_at.label("went"))
        .where(*conditions)
        .order_by(Person.id)
        .limit(limit)
    ).all()
    teams: dict[int, list[int]] = defaultdict(list)
    memberships = select(Membership.person_id, Membership.team_id).where(
        Membership.person_id.in_([row.id for row in rows]), Membership.until.is_(None)
    )
    for member, team in session.execute(memberships.order_by(Membership.team_id)):
        teams[member].append(team)
    return [
        PersonItem(
            id=row.id, name=row.name, email=row.email, staff_number=row.staff_number, job_role=row.job_role,
            team_ids=teams[row.id], added_at=row.created_at,
            changed_at=max(moment for moment in (row.created_at, row.changed, row.came, row.went) if moment is not None),
        )
        for row in rows
    ]  # fmt: skip


def teams_page(session: Session, limit_to: int | None, page: PageRequest) -> list[TeamItem]:
    """Open teams by id: those at and below a team, or all of them. One query."""
    wanted = select(Team.id, Team.name, Team.parent_id).where(Team.closed_at.is_(None), Team.id > page.after)
    if limit_to is not None:
        wanted = wanted.where(Team.id.in_(select(team_subtree([limit_to]).c.id)))
    rows = session.execute(wanted.order_by(Team.id).limit(page.limit))
    return [TeamItem(id=row.id, name=row.name, parent_id=None if row.id == limit_to else row.parent_id) for row in rows]
