"""Queries on what people answered to the questions of lesson pages. Nothing but boosters rests on these answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from course.db import RowSource
from course.learning.models import Enrolment, PageAnswer, PageRead


@dataclass(frozen=True)
class PageAnswerView:
    """The first answer of a person to the question of a page in one version; `chosen` is the index of the option."""

    question_id: str
    version: str
    point: str
    chosen: int
    correct: bool
    answered_at: datetime


_COLUMNS = (
    PageAnswer.question_id,
    PageAnswer.version,
    PageAnswer.point,
    PageAnswer.chosen,
    PageAnswer.correct,
    PageAnswer.answered_at,
)
_OF_PERSON = (
    select(*_COLUMNS)
    .join(Enrolment, Enrolment.id == PageAnswer.enrolment_id)
    .where(Enrolment.person_id == bindparam("person_id"))
    .order_by(PageAnswer.answered_at, PageAnswer.id)
)
_ON_PAGE = _OF_PERSON.where(PageAnswer.ref == bindparam("ref"))


def page_answers(session: RowSource, person_id: int, ref: str) -> dict[str, PageAnswerView]:
    """What the person answered to the question of a page, by the version in which it was asked: the newest enrolment's
    answer, where the course was taken twice."""
    rows = session.execute(_ON_PAGE, {"person_id": person_id, "ref": ref})
    return {row.version: PageAnswerView(*row) for row in rows}


def all_page_answers(session: Session, person_id: int) -> list[PageAnswerView]:
    """Everything that the person answered to questions of pages, oldest first, over all enrolments."""
    return [PageAnswerView(*row) for row in session.execute(_OF_PERSON, {"person_id": person_id})]


def pages_last_read(session: Session, person_id: int) -> dict[str, datetime]:
    """When the person last read each page to its end, by reference."""
    rows = session.execute(
        select(PageRead.ref, func.max(PageRead.read_at))
        .join(Enrolment, Enrolment.id == PageRead.enrolment_id)
        .where(Enrolment.person_id == person_id)
        .group_by(PageRead.ref)
    )
    return {row[0]: row[1] for row in rows}
