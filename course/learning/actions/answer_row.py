"""The row of an answer, and what has to be known once it is saved, in one statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, bindparam, false, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

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
def _statement(dialect: str) -> Any:
    make = sqlite.insert if dialect == "sqlite" else postgresql.insert
    answers, items = (
        Answer.metadata.tables[Answer.__tablename__],
        AttemptItem.metadata.tables[AttemptItem.__tablename__],
    )
    asked, other = items.alias("asked"), items.alias("other")
    answered = answers.alias("answered")
    # What RETURNING sees of the new row itself differs between engines, so the item that it answers is left out.
    is_open = (
        select(other.c.id)
        .where(
            other.c.attempt_id
            == select(asked.c.attempt_id).where(asked.c.id == bindparam("answered_item")).scalar_subquery(),
            other.c.id != bindparam("answered_item"),
            ~select(answered.c.item_id).where(answered.c.item_id == other.c.id).exists(),
        )
        .exists()
    )
    is_listened_to = or_(false(), *(listener(bindparam("answering_person")) for listener in _listeners))
    return make(answers).on_conflict_do_nothing().returning(is_open, is_listened_to)


def insert_answer(session: Session, values: Mapping[str, object], person_id: int) -> AfterAnswer | None:
    """Save the first answer to an item, by column, and say what has to be known then; None if there was an answer already,
    which counts. The row of the attempt is locked, so that no other answer to it is on its way."""
    given = {**values, "answered_item": values["item_id"], "answering_person": person_id}
    row = session.execute(_statement(session.get_bind().dialect.name), given).one_or_none()
    return None if row is None else AfterAnswer(bool(row[0]), bool(row[1]))
