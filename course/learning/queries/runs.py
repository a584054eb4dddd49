"""Scenario runs of a person, with their decisions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from course.learning.models import Decision, DecisionWithdrawal, Enrolment, RunOutcome, ScenarioRun
from course.learning.rules.decision_log import LoggedDecision, live_decisions, next_step


@dataclass(frozen=True)
class RunView:
    """A scenario run of this person; `log` holds all `decisions` in order, and also those that were taken back."""

    id: int
    enrolment_id: int
    ref: str
    version: str
    number: int
    opened_at: datetime
    finished_at: datetime | None
    outcome: str | None
    log: tuple[LoggedDecision, ...]

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
            Decision.scene_id, Decision.choice_id, DecisionWithdrawal.withdrawn_at,
        )
        .join(Enrolment, Enrolment.id == ScenarioRun.enrolment_id)
        .outerjoin(RunOutcome, RunOutcome.run_id == ScenarioRun.id)
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
                                                   row.withdrawn_at is not None) for row in r if row.decision))
        for r in grouped.values()
    ]  # fmt: skip
