"""About whom a token is: everyone, or a team and all below it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Subquery, and_, or_, select
from sqlalchemy.orm import Session

from course.people.models import Membership, Person, PersonMerge, Team
from course.people.queries import team_subtree


@dataclass(frozen=True)
class PeopleScope:
    """The people of a team and of all below it (None: everyone) who work here on a day, which is today."""

    team_id: int | None
    today: date


@dataclass(frozen=True)
class PageRequest:
    """A page of a list: whatever comes after this place, at most so many."""

    after: int
    limit: int


def is_team_within(session: Session, team_id: int, limit: int | None) -> bool:
    """Whether there is such an open team, and it is the team `limit` or below it (None: any). One query."""
    wanted = select(Team.id).where(Team.id == team_id, Team.closed_at.is_(None))
    if limit is not None:
        wanted = wanted.where(Team.id.in_(select(team_subtree([limit]).c.id)))
    return session.execute(wanted).first() is not None


def merged_entries_query() -> Subquery:
    """The entries that were merged (`person_id`), by way of others too, each with the entry that goes on (`into_id`)."""
    walk = select(PersonMerge.person_id, PersonMerge.into_id).cte("merge_walk", recursive=True)
    further = select(walk.c.person_id, PersonMerge.into_id).join(PersonMerge, PersonMerge.person_id == walk.c.into_id)
    walk = walk.union(further)
    last = walk.c.into_id.not_in(select(PersonMerge.person_id))
    return select(walk.c.person_id, walk.c.into_id).where(last).subquery("merged_entry")


def people_condition(scope: PeopleScope) -> ColumnElement[bool]:
    """Whether a row of Person is one of these people."""
    here = and_(Person.left_at.is_(None), or_(Person.last_day.is_(None), Person.last_day >= scope.today))
    if scope.team_id is None:
        return here
    below = team_subtree([scope.team_id])
    members = select(Membership.person_id).where(Membership.until.is_(None), Membership.team_id.in_(select(below.c.id)))
    return and_(here, Person.id.in_(members))
