"""What teams set for themselves and all below them, and whose teams those are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from course.db import RowSource
from course.people.models import Membership, Team, TeamSetting

_setting, _team, _membership = TeamSetting.__table__, Team.__table__, Membership.__table__


def team_setting_values(session: RowSource, kind: str) -> dict[int, str]:
    """The value of each open team that has one of its own, by team. One query."""
    newest = select(func.max(_setting.c.id)).where(_setting.c.kind == kind).group_by(_setting.c.team_id)
    rows = session.execute(
        select(_setting.c.team_id, _setting.c.value)
        .join(_team, _team.c.id == _setting.c.team_id)
        .where(_setting.c.id.in_(newest), _setting.c.value.is_not(None), _team.c.closed_at.is_(None))
    )
    return {row[0]: row[1] for row in rows}


def has_team_setting(session: Session, kind: str) -> bool:
    """Whether any team has, or ever had, a value of its own. One query, which reads one row."""
    return bool(session.execute(select(exists().where(TeamSetting.kind == kind))).scalar())


def open_team_parents(session: RowSource) -> dict[int, int | None]:
    """The open teams, each with the one that it is part of. One query."""
    rows = session.execute(select(_team.c.id, _team.c.parent_id).where(_team.c.closed_at.is_(None)))
    return {row[0]: row[1] for row in rows}


def teams_of_people(session: RowSource, people: Collection[int]) -> dict[int, tuple[int, ...]]:
    """The teams of these people now, in the order in which they joined them; without an entry for whoever is in none.
    One query."""
    found: dict[int, list[int]] = defaultdict(list)
    rows = session.execute(
        select(_membership.c.person_id, _membership.c.team_id)
        .where(_membership.c.person_id.in_(people), _membership.c.until.is_(None))
        .order_by(_membership.c.since, _membership.c.id)
    )
    for row in rows:
        found[row[0]].append(row[1])
    return {person: tuple(teams) for person, teams in found.items()}
