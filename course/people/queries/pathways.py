"""Which pathway was chosen for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, ScalarSelect, select
from sqlalchemy.orm import Session

from course.content.schema import Setting
from course.people.models import PathwayChoice, Person, Team


@dataclass(frozen=True)
class PathwayView:
    """Which pathway was chosen for somebody, when, by whom (None: by a command), and why. `team` is the name of the team
    whose pathway it is; None if it was chosen for the person."""

    pathway: Setting
    reason: str
    at: datetime
    by: str | None
    team: str | None = None


_choice = PathwayChoice.__table__


def newest_pathway(person: ColumnElement[int]) -> ScalarSelect[str]:
    """The pathway that holds for a person, as part of another query; null if it is the organisation's usual one."""
    return (
        select(_choice.c.pathway)
        .where(_choice.c.person_id == person)
        .order_by(_choice.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def chosen_pathway(session: Session, person_id: int) -> PathwayView | None:
    """The choice that holds for a person; None if it is the organisation's usual pathway."""
    row = session.execute(
        select(PathwayChoice, Person.name, Team.name)
        .outerjoin(Person, Person.id == PathwayChoice.chosen_by)
        .outerjoin(Team, Team.id == PathwayChoice.team_id)
        .where(PathwayChoice.person_id == person_id)
        .order_by(PathwayChoice.id.desc())
        .limit(1)
    ).first()
    if row is None or row[0].pathway is None:
        return None
    choice: PathwayChoice = row[0]
    return PathwayView(cast("Setting", choice.pathway), choice.reason, choice.chosen_at, row[1], row[2])
