"""What has to be known once an answer is saved, in one statement."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, exists, false, or_, select

from course.db import RowSource
from course.learning.models import Answer, AttemptItem

# Whether somebody outside wants to know what a person does, given the id of the person.
_listeners: list[Callable[[ColumnElement[int]], ColumnElement[bool]]] = []


class AfterAnswer(NamedTuple):
    """Whether a question of the attempt waits for its answer, and whether somebody outside wants to know what the person does."""

    is_open: bool
    is_listened_to: bool


def add_listener(listener: Callable[[ColumnElement[int]], ColumnElement[bool]]) -> None:
    """Ask this too, from the next answer on. Adding the same one again does nothing."""
    if listener not in _listeners:
        _listeners.append(listener)
        _statement.cache_clear()


@cache
def _statement() -> Select[bool, bool]:
    waiting = (
        exists()
        .where(AttemptItem.attempt_id == bindparam("attempt"))
        .where(~exists().where(Answer.item_id == AttemptItem.id))
    )
    return select(waiting, or_(false(), *(listener(bindparam("person")) for listener in _listeners)))


def after_answer(session: RowSource, attempt_id: int, person_id: int) -> AfterAnswer:
    """What has to be known after an answer to a question of this attempt."""
    row = session.execute(_statement(), {"attempt": attempt_id, "person": person_id}).one()
    return AfterAnswer(bool(row[0]), bool(row[1]))
