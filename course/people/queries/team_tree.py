"""The tree of open teams, and who is in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.people.models import Membership, Person, Team
from course.people.queries.visibility import team_subtree
from course.text import sort_key


@dataclass(frozen=True)
class TeamView:
    """A team that is open; `depth` is 0 at the top of the tree."""

    id: int
    name: str
    parent_id: int | None
    depth: int


def members_below(session: Session, team_id: int) -> list[int]:
    """The people who are in a team or in one below it now."""
    below = team_subtree([team_id])
    return list(
        session.execute(
            select(Membership.person_id)
            .join(Person, Person.id == Membership.person_id)
            .where(Membership.until.is_(None), Person.left_at.is_(None), Membership.team_id.in_(select(below.c.id)))
            .distinct()
            .order_by(Membership.person_id)
        ).scalars()
    )


def teams(session: Session) -> list[TeamView]:
    """The open teams in the order of the tree: each is followed by those below it, siblings by name."""
    statement = select(Team.id, Team.name, Team.parent_id).where(Team.closed_at.is_(None))
    return order_as_tree(TeamView(row.id, row.name, row.parent_id, 0) for row in session.execute(statement))


def order_as_tree(teams: Iterable[TeamView]) -> list[TeamView]:
    """The teams in the order of the tree, with their depth."""
    rows = sorted(teams, key=lambda row: (*sort_key(row.name), row.id))
    ids = {row.id for row in rows}
    below: dict[int | None, list[TeamView]] = {}
    for row in rows:
        # A team under one that is closed stands at the top, so that it is not lost from the list.
        below.setdefault(row.parent_id if row.parent_id in ids else None, []).append(row)
    return list(_walk_branch(below, None, 0))


def _walk_branch(below: dict[int | None, list[TeamView]], parent: int | None, depth: int) -> Iterable[TeamView]:
    for row in below.get(parent, ()):
        yield TeamView(row.id, row.name, row.parent_id, depth)
        yield from _walk_branch(below, row.id, depth + 1)
