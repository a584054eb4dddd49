"""Noting facts about which a statement is sent, once each, in the transaction of the fact: none can be missed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, delete, exists, select
from sqlalchemy.orm import Session

from course.certificates.events import CertificateRevoked
from course.certificates.models import Certificate
from course.db import insert_missing
from course.learning.events import (
    ANSWER_FACT,
    ATTEMPT_FACT,
    DECISION_FACT,
    PAGE_FACT,
    CourseCompleted,
    FactRecorded,
    FactWithdrawn,
)
from course.learning.events import SCENARIO_FACT as SCENARIO_EVENT
from course.learning.models import Answer, AttemptItem, AttemptOutcome, Completion, Decision, RunOutcome
from course.xapi.models import XapiStatement
from course.xapi.queries import EndpointView, Look, current_endpoint, is_begun_before
from course.xapi.rules import (
    ANSWER,
    ATTEMPT,
    COMPLETED,
    DECISION,
    LOOK,
    MODULE,
    SCENARIO,
    STARTED,
    STATEMENT_RETENTION,
    VOID,
    statement_id,
)

_KIND_OF_FACT = {ANSWER_FACT: ANSWER, ATTEMPT_FACT: ATTEMPT, DECISION_FACT: DECISION, SCENARIO_EVENT: SCENARIO}
# The facts that finish a step of a module.
_STEP_FACTS = (PAGE_FACT, ATTEMPT_FACT, SCENARIO_EVENT)


class _Fact(NamedTuple):
    """What a statement is about: its kind, its name within that (see XapiStatement), and the moment that its own row says; None
    for what names a statement."""

    kind: str
    name: str
    moment: datetime | None


def note_learning_fact(session: Session, event: FactRecorded) -> None:
    """Note what somebody has just done, if a store is set up that wants it."""
    endpoint = current_endpoint(session)
    if endpoint is None:
        return
    facts: list[_Fact] = []
    if STARTED in endpoint.kinds and _is_start(session, endpoint, event):
        facts.append(_Fact(STARTED, str(event.enrolment_id), event.at))
    kind = _KIND_OF_FACT.get(event.fact)
    if kind in endpoint.kinds:
        facts.append(_Fact(str(kind), str(event.number), event.at))
    if event.fact in _STEP_FACTS and MODULE in endpoint.kinds:
        facts.append(_Fact(LOOK, f"{event.fact}:{event.number}", event.at))
    _note(session, endpoint, event.person_id, event.enrolment_id, event.at, facts)


def note_course_completed(session: Session, event: CourseCompleted) -> None:
    """Note that somebody has just completed the course or a refresher."""
    endpoint = current_endpoint(session)
    if endpoint is not None and COMPLETED in endpoint.kinds:
        row = session.execute(
            select(Completion.enrolment_id, Completion.completed_at).where(Completion.id == event.completion_id)
        ).one()
        fact = _Fact(COMPLETED, str(event.completion_id), row.completed_at)
        _note(session, endpoint, event.person_id, row.enrolment_id, event.at, [fact])


def note_fact_withdrawn(session: Session, event: FactWithdrawn) -> None:
    """Note that the statement about a fact is taken back, if one was noted; with an attempt those about its
    answers, with a scenario those about its decisions."""
    facts: list[_Fact] = []
    for kind, rows in _withdrawn_rows(event.fact, event.number):
        facts += [_Fact(kind, str(number), moment) for number, moment in session.execute(rows)]
    _note_void(session, event.person_id, event.enrolment_id, event.at, facts)


def _withdrawn_rows(fact: str, number: int) -> list[tuple[str, Select[int, datetime]]]:
    """The facts that are taken back with one, itself last: for each kind the numbers and moments."""
    if fact == DECISION_FACT:
        return [(DECISION, select(Decision.id, Decision.decided_at).where(Decision.id == number))]
    if fact == SCENARIO_EVENT:
        outcome = select(RunOutcome.run_id, RunOutcome.finished_at).where(RunOutcome.run_id == number)
        decisions = select(Decision.id, Decision.decided_at).where(Decision.run_id == number).order_by(Decision.id)
        return [(DECISION, decisions), (SCENARIO, outcome)]
    answers = (
        select(Answer.item_id, Answer.answered_at)
        .join(AttemptItem, AttemptItem.id == Answer.item_id)
        .where(AttemptItem.attempt_id == number)
        .order_by(Answer.item_id)
    )
    ended = select(AttemptOutcome.attempt_id, AttemptOutcome.finished_at).where(AttemptOutcome.attempt_id == number)
    return [(ANSWER, answers), (ATTEMPT, ended)]


def note_certificate_revoked(session: Session, event: CertificateRevoked) -> None:
    """Note that the statement is taken back that somebody completed what a revoked certificate was issued for."""
    found = (
        select(Completion.id, Completion.enrolment_id, Completion.completed_at)
        .join(Certificate, Certificate.completion_id == Completion.id)
        .where(Certificate.number.in_(event.numbers))
        .limit(1)
    )
    row = session.execute(found).first()
    if row is not None:
        fact = _Fact(COMPLETED, str(row.id), row.completed_at)
        _note_void(session, event.person_id, row.enrolment_id, event.at, [fact])


def _note_void(session: Session, person_id: int, enrolment_id: int, at: datetime, facts: Sequence[_Fact]) -> None:
    """Note that statements are taken back, those that were noted for the store that is in use. Statements of a kind that is not
    sent were never noted; one that was forgotten after STATEMENT_RETENTION has arrived."""
    endpoint = current_endpoint(session)
    if endpoint is None:
        return
    marks = {_mark(endpoint, fact): fact.kind for fact in facts}
    rows = select(XapiStatement.mark).where(
        XapiStatement.endpoint_id == endpoint.id,
        XapiStatement.person_id == person_id,
        XapiStatement.kind.in_(set(marks.values())),
        XapiStatement.mark.in_(marks),
    )
    known = set(session.execute(rows).scalars())
    if at - endpoint.made_at > STATEMENT_RETENTION:
        # What was forgotten is not known any more, and may be at the store.
        known |= {mark for mark, kind in marks.items() if kind in endpoint.kinds}
    _note(session, endpoint, person_id, enrolment_id, at, [_Fact(VOID, mark, None) for mark in marks if mark in known])


def note_modules(
    session: Session, endpoint: EndpointView, done: Iterable[tuple[Look, Sequence[str]]]
) -> None:  # fmt: skip
    """Note the modules that are complete since the steps after which a job has looked, and forget that it has to look."""
    ids = []
    for look, modules in done:
        ids.append(look.id)
        if look.endpoint_id == endpoint.id:
            facts = [_Fact(MODULE, f"{look.enrolment_id}:{one}", look.at) for one in modules]
            _note(session, endpoint, look.person_id, look.enrolment_id, look.at, facts)
    session.execute(delete(XapiStatement).where(XapiStatement.id.in_(ids), XapiStatement.kind == LOOK))


def _mark(endpoint: EndpointView, fact: _Fact) -> str:
    """The id of the statement about a fact, the same whenever it is asked for."""
    moment, until = fact.moment, endpoint.undated_until
    is_dated = moment is not None and (until is None or moment >= until)
    return statement_id(endpoint.namespace, fact.kind, fact.name, moment if is_dated else None)


def _is_start(session: Session, endpoint: EndpointView, event: FactRecorded) -> bool:
    """Whether what was just done is the first thing in an enrolment. One that was begun before the store was set up has
    started earlier, of which nothing is sent. The clock may have been ahead when it was set up: what is done after that has
    earlier moments."""
    known = exists().where(
        XapiStatement.endpoint_id == endpoint.id,
        XapiStatement.kind == STARTED,
        XapiStatement.fact == str(event.enrolment_id),
    )
    if session.execute(select(known)).scalar():
        return False
    return not is_begun_before(session, event.enrolment_id, min(endpoint.made_at, event.at))


def _note(
    session: Session, endpoint: EndpointView, person_id: int, enrolment_id: int, at: datetime,
    facts: Sequence[_Fact],
) -> None:  # fmt: skip
    rows: list[dict[str, Any]] = [
        {
            "endpoint_id": endpoint.id, "person_id": person_id, "enrolment_id": enrolment_id, "kind": fact.kind,
            "fact": fact.name, "mark": _mark(endpoint, fact), "at": at, "noted_at": at, "next_try_at": at, "failure": "",
        }
        for fact in facts
    ]  # fmt: skip
    if rows:
        insert_missing(session, XapiStatement, rows)
