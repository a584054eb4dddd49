"""The facts behind rows of the outbox, read when a statement is made of them: they are never changed, so neither is it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import exists, func, literal, or_, select
from sqlalchemy.orm import Session

from course.content.schema import SETTINGS, Setting
from course.learning.models import (
    Answer,
    Attempt,
    AttemptItem,
    AttemptOutcome,
    Completion,
    Decision,
    Enrolment,
    PageRead,
    RunOutcome,
    ScenarioRun,
)
from course.learning.queries import enrolment_id as newest_enrolment
from course.learning.queries import progress_facts_of_many
from course.learning.rules.progress import ProgressFacts
from course.organisation.models import Organisation
from course.people.models import Person
from course.people.queries.pathways import newest_pathway
from course.xapi.models import XapiStatement
from course.xapi.queries.statements import DueStatement
from course.xapi.rules import (
    ANSWER,
    ATTEMPT,
    COMPLETED,
    DECISION,
    LOOK,
    MODULE,
    SCENARIO,
    STARTED,
    VOID,
    AnswerFact,
    AttemptFact,
    CompletedFact,
    DecisionFact,
    FactDetails,
    ModuleFact,
    ScenarioFact,
    StartedFact,
    StatementFact,
    VoidFact,
    account_name,
)


def is_begun_before(session: Session, enrolment_id: int, at: datetime) -> bool:
    """Whether something was done in an enrolment before that moment."""
    begun = [
        exists().where(PageRead.enrolment_id == enrolment_id, PageRead.read_at < at),
        exists().where(Attempt.enrolment_id == enrolment_id, Attempt.opened_at < at),
        exists().where(ScenarioRun.enrolment_id == enrolment_id, ScenarioRun.opened_at < at),
    ]
    return bool(session.execute(select(or_(*begun))).scalar())


class Look(NamedTuple):
    """A step that was finished, after which a module may be complete."""

    id: int
    endpoint_id: int
    person_id: int
    enrolment_id: int
    at: datetime
    noted_at: datetime


def looks(session: Session, limit: int) -> list[Look]:
    """The oldest steps after which nobody has looked."""
    columns = (
        XapiStatement.id, XapiStatement.endpoint_id, XapiStatement.person_id, XapiStatement.enrolment_id, XapiStatement.at,
        XapiStatement.noted_at,
    )  # fmt: skip
    rows = select(*columns).where(XapiStatement.next_try_at.is_not(None), XapiStatement.kind == LOOK)
    return [Look(*row) for row in session.execute(rows.order_by(XapiStatement.id).limit(limit))]


@dataclass(frozen=True)
class Learnt:
    """What somebody had done in an enrolment for the whole course at two moments, and on which pathway they read."""

    before: ProgressFacts
    now: ProgressFacts
    pathway: Setting | None


def learnt_at(session: Session, looks: Sequence[Look], moment: datetime) -> dict[int, Learnt]:
    """For each look, what its person had done up to `moment` and up to the step after which it looks, by its id. One that is
    about a refresher, or an enrolment that is not the newest, is missing: no module is completed in it.

    After the newest step of a person everything counts: if the clock was set back, earlier steps are of later moments. If it
    was ahead at that `moment`, what was done before the step is what had been done by then.
    """
    found: dict[int, Learnt] = {}
    usual = session.execute(select(Organisation.pathway)).scalar() or ""
    for look in looks:
        if newest_enrolment(session, look.person_id) != look.enrolment_id:
            continue
        chosen = session.execute(select(newest_pathway(literal(look.person_id)))).scalar() or usual
        before, until_step, everything = (
            progress_facts_of_many(session, [look.person_id], at).get(look.person_id, ProgressFacts())
            for at in (min(moment, look.at - timedelta(microseconds=1)), look.at, None)
        )
        # Asked last: a step that was recorded meanwhile has a look of its own.
        now = everything if _newest_look(session, look.person_id) == look.id else until_step
        found[look.id] = Learnt(before, now, chosen if chosen in SETTINGS else None)
    return found


def _newest_look(session: Session, person_id: int) -> int | None:
    waiting = XapiStatement.next_try_at.is_not(None), XapiStatement.kind == LOOK
    return session.execute(
        select(func.max(XapiStatement.id)).where(XapiStatement.person_id == person_id, *waiting)
    ).scalar()


def statement_facts(session: Session, rows: Sequence[DueStatement]) -> dict[int, StatementFact]:
    """What the rows of the outbox are about, by their ids. A fact that was erased meanwhile is missing. A query for each kind
    among the rows, and one for the enrolments."""
    kinds = select(Enrolment.id, Enrolment.kind).where(Enrolment.id.in_({one.enrolment_id for one in rows}))
    courses = {row.id: row.kind for row in session.execute(kinds)}
    found: dict[int, StatementFact] = {}
    for kind in {one.kind for one in rows}:
        of_kind = [one for one in rows if one.kind == kind]
        details = _READERS[kind](session, [one.fact for one in of_kind])
        for one in of_kind:
            if one.fact in details and one.enrolment_id in courses:
                found[one.id] = StatementFact(
                    one.mark, one.person_id, one.at, one.enrolment_id, courses[one.enrolment_id], details[one.fact]
                )
    return found


def statement_actors(
    session: Session, ids: Collection[int], actor: str, namespace: UUID, base: str
) -> dict[int, dict[str, Any]]:
    """The agents (xAPI) of these people, without those who were erased: an opaque account, or the mail address of who has one
    if `actor` says so."""
    rows = session.execute(select(Person.id, Person.email).where(Person.id.in_(ids), Person.erased_at.is_(None)))
    agents: dict[int, dict[str, Any]] = {}
    for row in rows:
        account = {"account": {"homePage": base, "name": account_name(namespace, row.id)}}
        named = {"mbox": f"mailto:{row.email}"} if actor == "mail" and row.email else account
        agents[row.id] = {"objectType": "Agent", **named}
    return agents


def _numbers(facts: Sequence[str]) -> list[int]:
    return [int(one) for one in facts]


def _starts(_session: Session, facts: Sequence[str]) -> dict[str, FactDetails]:
    return dict.fromkeys(facts, StartedFact())


def _modules(_session: Session, facts: Sequence[str]) -> dict[str, FactDetails]:
    return {fact: ModuleFact(fact.partition(":")[2]) for fact in facts}


def _decisions(session: Session, facts: Sequence[str]) -> dict[str, FactDetails]:
    rows = session.execute(
        select(Decision.id, ScenarioRun.ref, ScenarioRun.version, Decision.scene_id, Decision.choice_id, Decision.step)
        .join(ScenarioRun, ScenarioRun.id == Decision.run_id)
        .where(Decision.id.in_(_numbers(facts)))
    )
    return {str(one.id): DecisionFact(one.ref, one.version, one.scene_id, one.choice_id, one.step) for one in rows}


def _scenarios(session: Session, facts: Sequence[str]) -> dict[str, FactDetails]:
    rows = session.execute(
        select(ScenarioRun.id, ScenarioRun.ref, ScenarioRun.version, RunOutcome.ending, RunOutcome.outcome)
        .join(RunOutcome, RunOutcome.run_id == ScenarioRun.id)
        .where(ScenarioRun.id.in_(_numbers(facts)))
    )
    return {str(one.id): ScenarioFact(one.ref, one.version, one.ending, one.outcome) for one in rows}


def _answers(session: Session, facts: Sequence[str]) -> dict[str, FactDetails]:
    rows = session.execute(
        select(
            Answer.item_id, AttemptItem.question_id, AttemptItem.version, AttemptItem.point, Answer.correct,
            Answer.sureness, Attempt.kind, Attempt.ref,
        )
        .join(AttemptItem, AttemptItem.id == Answer.item_id)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .where(Answer.item_id.in_(_numbers(facts)))
    )  # fmt: skip
    return {
        str(one.item_id): AnswerFact(
            one.question_id, one.version, one.point, one.correct, one.sureness, one.kind, one.ref
        )
        for one in rows
    }


def _attempts(session: Session, facts: Sequence[str]) -> dict[str, FactDetails]:
    rows = session.execute(
        select(
            Attempt.id, Attempt.kind, Attempt.ref, Attempt.number, AttemptOutcome.passed, AttemptOutcome.points_right,
            AttemptOutcome.points_asked, AttemptOutcome.pass_mark,
        )
        .join(AttemptOutcome, AttemptOutcome.attempt_id == Attempt.id)
        .where(Attempt.id.in_(_numbers(facts)))
    )  # fmt: skip
    return {
        str(one.id): AttemptFact(
            one.kind, one.ref, one.number, one.passed, one.points_right, one.points_asked, one.pass_mark
        )
        for one in rows
    }


def _voids(_session: Session, facts: Sequence[str]) -> dict[str, FactDetails]:
    return {fact: VoidFact(fact) for fact in facts}


def _completions(session: Session, facts: Sequence[str]) -> dict[str, FactDetails]:
    rows = session.execute(select(Completion.id, Completion.edition).where(Completion.id.in_(_numbers(facts))))
    return {str(row.id): CompletedFact(row.edition) for row in rows}


_READERS: Mapping[str, Callable[[Session, Sequence[str]], dict[str, FactDetails]]] = {
    STARTED: _starts, MODULE: _modules, DECISION: _decisions, SCENARIO: _scenarios, ANSWER: _answers,
    ATTEMPT: _attempts, COMPLETED: _completions, VOID: _voids,
}  # fmt: skip
