"""Locks on people and teams, so that two who change the same one at once do so one after the other."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.people.models import Person, Team


def lock_people(session: Session, ids: Collection[int]) -> None:
    """Let nobody else correct these people, or record that they have left or are back, until the transaction ends."""
    session.execute(select(Person.id).where(Person.id.in_(ids)).order_by(Person.id).with_for_update())


def lock_open_teams_among(session: Session, team_ids: Collection[int]) -> frozenset[int]:
    """Of these teams the ids of those that are open. Until the transaction ends nobody closes them: whoever wants to
    waits, and then finds the people who were put into them. To be called before people are locked, as by whoever changes the
    tree of teams: of two who lock in another order each would wait for the other."""
    rows = select(Team.id).where(Team.id.in_(sorted(team_ids)), Team.closed_at.is_(None)).order_by(Team.id)
    return frozenset(session.execute(rows.with_for_update(read=True, key_share=True)).scalars())
