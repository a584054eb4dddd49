"""Locks on people, so that two who change the same person at once do so one after the other."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.people.models import Person


def lock_people(session: Session, ids: Collection[int]) -> None:
    """Let nobody else correct these people, or record that they have left or are back, until the transaction ends."""
    session.execute(select(Person.id).where(Person.id.in_(ids)).order_by(Person.id).with_for_update())
