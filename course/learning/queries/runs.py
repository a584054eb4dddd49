"""Scenario runs of a person, with their decisions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, union_all
from sqlalchemy.orm import Session

from course.learning.models import (
    Attempt,
    Completion,
    Decision,
    DecisionWithdrawal,
    Enrolment,
    PageAnswer,
    PageRead,
    RunOutcome,
    ScenarioRun,
    ScenarioRunVoid,
)
from course.learning.rules.decision_log import LoggedDecision, live_decisions, next_step


@dataclass(frozen=True)
class RunView:
    """A scenario run of this person; `log` holds all `decisions` in order, and also those that were taken back.

    `finished_at` is when it first came to its end with nothing to repair, and `outcome` how: it counts as done from then
    on. `is_reopened` says that the decision which ended it was taken back: what holds now follows from the decisions.
    `is_void` says that it counts for nothing, because it was entered wrongly from paper.
    """

    id: int
    enrolment_id: int
    ref: str
    version: str
    number: int
    opened_at: datetime
    finished_at: datetime | None
    outcome: str | None
    log: tuple[LoggedDecision, ...]
    is_reopened: bool = False
    is_void: bool = False

    @property
    def has_outcome(self) -> bool:
        """Whether the recorded outcome is that of the decisions."""
        return self.finished_at is not None and not self.is_reopened

    @property
    def is_open(self) -> bool:
        """Whether a decision of the story is due: the run has not ended, or the decision that ended it was taken back. None is
        due in a void run."""
        is_due = self.finished_at is None or (self.is_reopened and self.log[-1].withdrawn)
        return is_due and not self.is_void

    @property
    def decisions(self) -> tuple[tuple[str, str], ...]:
        return live_decisions(self.log)

    @property
    def next_step(self) -> int:
        return next_step(self.log)


def run(session: Session, person_id: int, run_id: int) -> RunView | None:
    """A run with its decisions; None if it is not this person's."""
    views = _run_views(session, person_id, run_id=run_id)
    return views[0] if views else None


def runs(session: Session, person_id: int, ref: str | None = None) -> list[RunView]:
    """A person's runs over all enrolments, oldest first; of one scenario if `ref` is named."""
    return _run_views(session, person_id, ref=ref)


def _run_views(session: Session, person_id: int, run_id: int | None = None, ref: str | None = None) -> list[RunView]:
    statement = (
        select(
            ScenarioRun.id, ScenarioRun.enrolment_id, ScenarioRun.ref, ScenarioRun.version, ScenarioRun.number,
            ScenarioRun.opened_at, RunOutcome.finished_at, RunOutcome.outcome, Decision.id.label("decision"), Decision.step,
            Decision.scene_id, Decision.choice_id, Decision.decided_at, DecisionWithdrawal.withdrawn_at,
            ScenarioRunVoid.run_id.is_not(None).label("is_void"),
        )
        .join(Enrolment, Enrolment.id == ScenarioRun.enrolment_id)
        .outerjoin(RunOutcome, RunOutcome.run_id == ScenarioRun.id)
        .outerjoin(ScenarioRunVoid, ScenarioRunVoid.run_id == ScenarioRun.id)
        .outerjoin(Decision, Decision.run_id == ScenarioRun.id)
        .outerjoin(DecisionWithdrawal, DecisionWithdrawal.decision_id == Decision.id)
        .where(Enrolment.person_id == person_id)
        .order_by(ScenarioRun.id, Decision.step)
    )  # fmt: skip
    if run_id is not None:
        statement = statement.where(ScenarioRun.id == run_id)
    if ref is not None:
        statement = statement.where(ScenarioRun.ref == ref)
    grouped: dict[int, list[Row[*tuple[Any, ...]]]] = {}
    for row in session.execute(statement):
        grouped.setdefault(row.id, []).append(row)
    return [
        RunView(r[0].id, r[0].enrolment_id, r[0].ref, r[0].version, r[0].number, r[0].opened_at, r[0].finished_at,
                r[0].outcome, tuple(LoggedDecision(row.decision, row.step, row.scene_id, row.choice_id,
                                                   row.withdrawn_at is not None) for row in r if row.decision),
                any(_is_end_withdrawn(row) for row in r), r[0].is_void)
        for r in grouped.values()
    ]  # fmt: skip


def _is_end_withdrawn(row: Row[*tuple[Any, ...]]) -> bool:
    # The decision that ends a run is as old as its outcome to the microsecond, because one action writes both.
    return row.withdrawn_at is not None and row.finished_at is not None and row.decided_at >= row.finished_at


def is_followed(session: Session, run: RunView) -> bool:
    """Whether anything came after the end of a run that rests on it: another step of its enrolment was begun since, the
    enrolment is complete, or the run is void. False for a run that has not ended."""
    if run.finished_at is None:
        return False
    if run.is_void:
        return True
    enrolment, ended = run.enrolment_id, run.finished_at
    later = union_all(
        select(Completion.id).where(Completion.enrolment_id == enrolment),
        select(PageRead.id).where(PageRead.enrolment_id == enrolment, PageRead.read_at > ended),
        select(PageAnswer.id).where(PageAnswer.enrolment_id == enrolment, PageAnswer.answered_at > ended),
        select(Attempt.id).where(Attempt.enrolment_id == enrolment, Attempt.opened_at > ended),
        select(ScenarioRun.id).where(ScenarioRun.enrolment_id == enrolment, ScenarioRun.opened_at > ended),
    )
    return session.execute(later.limit(1)).first() is not None
