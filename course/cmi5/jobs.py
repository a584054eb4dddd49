"""Jobs: sending what waits, ending sessions in which nothing is done any more, and forgetting old ones."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from course.cmi5 import actions, queries
from course.cmi5.lms_client import LmsClient
from course.cmi5.queries import SessionParcel
from course.cmi5.rules.delivery import PlatformAnswer
from course.cmi5.rules.statements import build_session_statement
from course.context import make_context
from course.encryption import SecretLockedError, unlock_secret
from course.jobs.rules import JobKind, JobRun, Progress
from course.translation import lazy_gettext as _
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session, unit_of_work

_STAGE = _("Telling learning platforms what became of the course")
_PORTION = 50  # sessions that are ended in one transaction
ROUND_SECONDS = 300.0


def end_idle_sessions(at: datetime) -> int:
    """End the sessions whose learners have gone; returns how many."""
    with read_only_session() as session:
        found = queries.idle_sessions(session, at, _PORTION)
    if not found:
        return 0
    with unit_of_work() as session:
        context = make_context(session, None, at)
        return sum(actions.end_launch(context, one, app_state().library) for one in found)


def find_complete_modules(at: datetime) -> int:
    """Look whether the modules are complete in which somebody has done something; returns at how many sessions it looked. What is
    done while it looks is found at the next look, or at the end of the session."""
    with read_only_session() as session:
        found = queries.module_sessions_to_look_at(session, _PORTION)
    if found:
        with unit_of_work() as session:
            for one in found:
                actions.note_module(make_context(session, None, at), one, app_state().library)
    return len(found)


def send_session_statements(clock: Callable[[], datetime], progress: Progress = lambda *_: None) -> int:
    """Send what is due, one statement after the other, until nothing is; returns how many were tried. Any number of workers may
    do it at once: the statements of a session go in their order."""
    until, count = time.monotonic() + ROUND_SECONDS, 0
    while time.monotonic() < until:
        progress(_STAGE, count, count + 1)
        at = clock()
        with read_only_session() as session:
            due = queries.due_session_statement(session, at)
        if due is None:
            break
        with unit_of_work() as session:
            claimed = actions.claim_session_statement(session, due, at)
        if not claimed:
            continue  # another worker was quicker
        with read_only_session() as session:
            parcel = queries.session_parcel(session, due.id)
        if parcel is None:
            continue
        answer = _send(parcel)
        with unit_of_work() as session:
            actions.record_answer_of_platform(make_context(session, None, clock()), parcel, answer)
        count += 1
    return count


def _send(parcel: SessionParcel) -> PlatformAnswer:
    config = app_state().config
    try:
        token = unlock_secret(parcel.token, config.secret_key, actions.token_purpose(parcel.session_id)).decode()
    except SecretLockedError:
        return PlatformAnswer(401, failure=str(_("The token cannot be read with this SECRET_KEY.")))
    statement = build_session_statement(parcel.facts, parcel.sent)
    return LmsClient(config.webhook_test_ca).put(parcel.facts.endpoint, token, statement)


def _has_work(at: datetime) -> bool:
    with read_only_session() as session:
        return queries.has_work(session, at)


def _deliver(run: JobRun) -> None:
    find_complete_modules(run.at)
    end_idle_sessions(run.at)
    send_session_statements(run.clock, run.progress)


def _forget(run: JobRun) -> None:
    with unit_of_work() as session:
        actions.forget_old_sessions(session, run.at)


JOBS = (
    JobKind("cmi5.send", _STAGE, _deliver, every=timedelta(seconds=5), wanted=_has_work),
    JobKind("cmi5.forget", _("Forget tokens of learning platforms"), _forget, every=timedelta(days=1)),
)  # fmt: skip
