"""Noting what has to be sent of a session, in the transaction of the fact: none can be missed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from course.cmi5 import queries
from course.cmi5.models import Cmi5Session, Cmi5Statement
from course.cmi5.queries import AssessmentOutcome, OpenLaunch
from course.cmi5.rules.statements import (
    COMPLETED,
    FAILED,
    PASSED,
    SessionStatement,
    judgement,
    may_send,
    statement_mark,
)
from course.cmi5.rules.units import COURSE
from course.content.library import Library
from course.context import Context
from course.db import insert_if_absent
from course.learning.events import ATTEMPT_FACT, CourseCompleted, FactRecorded


def note_statement(session: Session, found: OpenLaunch, sent: SessionStatement) -> bool:
    """Note a statement of a session. False if it may not be sent in its mode, or was noted already: in this session, or for
    this registration in an earlier one."""
    if not may_send(found.facts.mode, sent.verb):
        return False
    return insert_if_absent(
        session, Cmi5Statement, session_id=found.id, verb=sent.verb, mark=statement_mark(found.facts, sent.verb), at=sent.at,
        seconds=None if sent.duration is None else max(0, int(sent.duration.total_seconds())),
        points_right=sent.score.right if sent.score else None, points_asked=sent.score.asked if sent.score else None,
        next_try_at=sent.at, tries=0, arrived_at=None, status=None, failure="",
    )  # fmt: skip


def note_cmi5_fact(session: Session, event: FactRecorded) -> None:
    """Note that somebody is still there, and that they have passed."""
    sessions = queries.open_sessions(session, event.person_id)
    if not sessions:
        return
    used = update(Cmi5Session).where(Cmi5Session.id.in_([one.id for one in sessions])).values(used_at=event.at)
    session.execute(used)
    if event.fact != ATTEMPT_FACT:
        return
    for one in sessions:
        outcomes = queries.assessment_outcomes(session, event.person_id, one.unit, one.launched_at)
        if outcomes and outcomes[-1].passed:
            _note_pass(session, one, outcomes[-1])


def note_cmi5_completion(session: Session, event: CourseCompleted) -> None:
    """Note that somebody has completed the course, or renewed it by a refresher."""
    for one in queries.open_sessions(session, event.person_id):
        if not one.unit.is_completed_by(event.kind):
            continue
        note_statement(session, one, SessionStatement(COMPLETED, event.at, event.at - one.launched_at))
        _note_newest_pass(session, one, event.at)


def note_earlier_success(context: Context, found: OpenLaunch, library: Library) -> None:
    """Note at the beginning of a session what somebody has reached before: a platform in which the course was opened only
    afterwards must not wait for it for ever. A refresher is asked for anew."""
    session, unit = context.session, found.unit
    if unit.module:
        note_module(context, found, library)
    elif unit.name == COURSE and queries.has_valid_certificate(session, found.person_id, context.today):
        note_statement(session, found, SessionStatement(COMPLETED, context.now, context.now - found.launched_at))
        _note_newest_pass(session, found, context.now)


def note_module(context: Context, found: OpenLaunch, library: Library) -> None:
    """Note that the module of a session is complete, if it is, and that its check was passed."""
    session = context.session
    looked = update(Cmi5Session).where(Cmi5Session.id == found.id).values(looked_at=context.now)
    session.execute(looked)
    if not found.unit.module or not queries.module_is_done(session, library, found.person_id, found.unit.module):
        return
    note_statement(session, found, SessionStatement(COMPLETED, context.now, context.now - found.launched_at))
    _note_newest_pass(session, found, context.now)


def _note_newest_pass(session: Session, found: OpenLaunch, at: datetime) -> None:
    """Note that somebody has passed, by the newest of all attempts that they passed."""
    outcomes = [one for one in queries.assessment_outcomes(session, found.person_id, found.unit) if one.passed]
    if outcomes:
        _note_pass(session, found, outcomes[-1]._replace(finished_at=at))


def note_failure(context: Context, found: OpenLaunch) -> None:
    """Note at the end of a session that the assessment was failed in it. A session may say passed or failed once (section
    9.3), and who fails may try again in the same one: so it is said last."""
    outcomes = queries.assessment_outcomes(context.session, found.person_id, found.unit, found.launched_at)
    if not outcomes or queries.has_statement(context.session, statement_mark(found.facts, PASSED)):
        return
    verb, score = judgement(outcomes[-1].passed, outcomes[-1].score, found.facts.mastery_score)
    if verb == FAILED:
        duration = outcomes[-1].finished_at - found.launched_at
        note_statement(context.session, found, SessionStatement(FAILED, context.now, duration, score))


def _note_pass(session: Session, found: OpenLaunch, outcome: AssessmentOutcome) -> None:
    verb, score = judgement(outcome.passed, outcome.score, found.facts.mastery_score)
    if verb == PASSED:
        sent = SessionStatement(PASSED, outcome.finished_at, outcome.finished_at - found.launched_at, score)
        note_statement(session, found, sent)
