"""What a person does in a training, written together: a statement for each table, and not some for each attempt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from course.learning.actions import NewAttempt
from course.learning.models import (
    Answer,
    Attempt,
    AttemptItem,
    AttemptOutcome,
    Decision,
    PageRead,
    RunOutcome,
    ScenarioRun,
)

Row = Mapping[str, Any]


@dataclass(frozen=True)
class AnsweredAttempt:
    """An attempt: for each question its item and its answer, in their order, and how the attempt ended. The rows have no
    ids yet."""

    attempt: NewAttempt
    opened_at: datetime
    items: Sequence[Row]
    answers: Sequence[Row]
    outcome: Row


@dataclass(frozen=True)
class DecidedRun:
    """A way through a scenario: its decisions in their order, and the ending if it came to one."""

    run: Row
    decisions: Sequence[Row]
    outcome: Row | None


@dataclass
class TrainingRows:
    """Rows of one person that are not written yet."""

    pages: list[Row] = field(default_factory=list)
    runs: list[DecidedRun] = field(default_factory=list)
    attempts: list[AnsweredAttempt] = field(default_factory=list)

    def write(self, session: Session) -> None:
        """Write all of them, in the order in which they were noted."""
        _insert(session, PageRead, self.pages)
        runs = [*zip(_insert_with_ids(session, ScenarioRun, [one.run for one in self.runs]), self.runs, strict=True)]
        _insert(session, Decision, [{"run_id": run, **row} for run, one in runs for row in one.decisions])
        _insert(session, RunOutcome, [{"run_id": run, **one.outcome} for run, one in runs if one.outcome is not None])
        opened = [{**asdict(one.attempt), "opened_at": one.opened_at} for one in self.attempts]
        attempts = [*zip(_insert_with_ids(session, Attempt, opened), self.attempts, strict=True)]
        items = [{"attempt_id": attempt, **row} for attempt, one in attempts for row in one.items]
        answers = [row for one in self.attempts for row in one.answers]
        ids = _insert_with_ids(session, AttemptItem, items)
        _insert(session, Answer, [{"item_id": item, **row} for item, row in zip(ids, answers, strict=True)])
        _insert(session, AttemptOutcome, [{"attempt_id": attempt, **one.outcome} for attempt, one in attempts])


def _insert(session: Session, table: Any, rows: Sequence[Row]) -> None:
    if rows:
        session.execute(insert(table), list(rows))


def _insert_with_ids(session: Session, table: Any, rows: Sequence[Row]) -> list[int]:
    """Insert rows; returns their new ids, in their order."""
    if not rows:
        return []
    statement = insert(table).returning(table.id, sort_by_parameter_order=True)
    return list(session.execute(statement, list(rows)).scalars())
