"""Locks on people and teams, so that two who change the same one at once do so one after the other."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.people.models import Person, Team


def lock_people(session: Session, ids: Collection[int]) -> None:
    """Let nobody else correct these people, or record that they have left or are back, until the transaction ends.

    Rows that refer to them can still be added, so that two who change each other at once do not wait for each other: what each
    records names its author."""
    session.execute(select(Person.id).where(Person.id.in_(ids)).order_by(Person.id).with_for_update(key_share=True))


def lock_leaving_people(session: Session, ids: Collection[int]) -> None:
    """As `lock_people`, before people leave or are merged: rows that refer to them are not added either until the transaction
    ends, and those that somebody is adding now, such as a link to sign in with, are waited for and found."""
    session.execute(select(Person.id).where(Person.id.in_(ids)).order_by(Person.id).with_for_update())


def lock_open_teams_among(session: Session, team_ids: Collection[int]) -> frozenset[int]:
    """Of these teams the ids of those that are open. Until the transaction ends nobody closes them: whoever wants to
    waits, and then finds the people who were put into them. To be called before people are locked, as by whoever changes the
    tree of teams: of two who lock in another order each would wait for the other."""
    rows = select(Team.id).where(Team.id.in_(sorted(team_ids)), Team.closed_at.is_(None)).order_by(Team.id)
    return frozenset(session.execute(rows.with_for_update(read=True, key_share=True)).scalars())


def hold_team_tree(session: Session) -> None:
    """Let nobody change the tree of teams until the transaction ends. For who changes many people one after the other and finds
    out with each in which teams: to be called before people are locked. Whoever changes the tree locks all open teams in this
    order, so the first one is enough."""
    first = select(Team.id).where(Team.closed_at.is_(None)).order_by(Team.id).limit(1)
    session.execute(first.with_for_update(read=True, key_share=True))
