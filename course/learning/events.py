"""The events that learning publishes to other features."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from course.audit.rules import AuditEventKind
from course.content.library import Library
from course.translation import lazy_gettext as _


@dataclass(frozen=True)
class CourseCompleted:
    """A person completed the course or a refresher (`kind` is initial or refresher).

    `on` is the day in the organisation's time zone, `valid_months` the period of validity, `pathway` the pathway on
    which it was completed, `minutes` how long it takes, and `sections` the titles of the modules that were taught.
    """

    completion_id: int
    person_id: int
    kind: str
    at: datetime
    on: date
    course: str
    edition: str
    content_version: str
    valid_months: int
    pathway: str | None
    minutes: int
    sections: tuple[str, ...]


@dataclass(frozen=True)
class StepEnded:
    """A person finished an attempt, a scenario or a page in one of their enrolments."""

    person_id: int
    enrolment_id: int
    library: Library
    on: date
    at: datetime


# What a `FactRecorded` is about, and of which table `number` is the key.
PAGE_FACT, ANSWER_FACT, ATTEMPT_FACT = "page", "answer", "attempt"  # page_read, attempt_item, attempt (its outcome)
DECISION_FACT, SCENARIO_FACT = "decision", "scenario"  # decision, scenario_run (its outcome)


@dataclass(frozen=True)
class FactRecorded:
    """A person has just read a page, answered a question, taken a decision, or come to the end of an attempt or a scenario."""

    fact: str
    number: int
    person_id: int
    enrolment_id: int
    at: datetime


@dataclass(frozen=True)
class FactWithdrawn:
    """Such a fact counts for nothing any more: a person undid a decision, or an attempt and its answers were declared void."""

    fact: str
    number: int
    person_id: int
    enrolment_id: int
    at: datetime


@dataclass(frozen=True)
class AnswerInSitting:
    """An answer to an item was saved that was given in a sitting of a supervised session."""

    item_id: int
    sitting_id: int
    at: datetime


AUDIT_EVENTS = (
    # Neither the scene nor the choice: what a learner decides is nobody else's business.
    AuditEventKind("scenario.decision_withdrawn", _("{who} undid a decision in a scenario of {whom}"),
                   own=_("{who} undid a decision in a scenario")),
)  # fmt: skip
