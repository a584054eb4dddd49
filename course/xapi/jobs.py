"""Jobs: finding modules that are complete, sending what waits, and forgetting what was sent long ago."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from course.content.library import Library
from course.context import make_context
from course.encryption import SecretLockedError
from course.jobs.rules import JobKind, JobRun, Progress
from course.translation import lazy_gettext as _
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session, unit_of_work
from course.xapi import actions, queries
from course.xapi.actions import RoundResult
from course.xapi.queries import DueStatement, EndpointView, Look
from course.xapi.rules import (
    BATCH_SIZE,
    ROUND_SECONDS,
    BatchAnswer,
    ContentTitles,
    StatementContext,
    build_statement,
    may_be_sent,
    modules_done_since,
)
from course.xapi.sender import StatementServer, basic_authorization, send_statements

_STAGE = _("Sending statements to the learning record store")
PORTION = 100  # steps after which it is looked for complete modules at once


def find_modules(progress: Progress = lambda *_: None) -> int:
    """Look for modules that are complete since somebody finished a step; returns after how many steps it looked. Safe to run
    again, and twice at once: a module is noted once."""
    count = 0
    while True:
        with read_only_session() as session:
            endpoint, found = queries.current_endpoint(session), queries.looks(session, PORTION)
            done = _modules_done(endpoint, found) if endpoint is not None else []
        if not found or endpoint is None:
            return count
        with unit_of_work() as session:
            actions.note_modules(session, endpoint, done)
        count += len(found)
        progress(_("Looking for complete modules"), count, count)


def _modules_done(endpoint: EndpointView, looks: Sequence[Look]) -> list[tuple[Look, Sequence[str]]]:
    with read_only_session() as session:
        learnt = queries.learnt_at(session, looks, endpoint.made_at)
    whole: Library = app_state().library
    return [
        (look, modules_done_since(whole.for_(one.pathway, None), one.before, one.now) if one is not None else ())
        for look in looks
        for one in (learnt.get(look.id),)
    ]


def send_waiting(clock: Callable[[], datetime], progress: Progress = lambda *_: None) -> int:
    """Send what is due, until nothing is, the store takes nothing, or the round has lasted long enough; returns how many
    statements were tried. Any number of workers may do it at once."""
    until, count = time.monotonic() + ROUND_SECONDS, 0
    while time.monotonic() < until:
        progress(_STAGE, count, count + 1)
        at = clock()
        with read_only_session() as session:
            endpoint = queries.current_endpoint(session)
            ids = queries.due_statements(session, at, BATCH_SIZE)
        if endpoint is None or not ids:
            break
        with unit_of_work() as session:
            rows = actions.claim_statements(session, ids, at)
        if not rows:
            continue  # another worker was quicker, and the next look finds others
        result = _send(endpoint, rows)
        with unit_of_work() as session:
            actions.record_results(make_context(session, None, clock()), endpoint, result)
        count += len(rows)
        if result.failure is not None:
            break
    return count


def _send(endpoint: EndpointView, rows: Sequence[DueStatement]) -> RoundResult:
    config = app_state().config
    try:
        password = actions.endpoint_password(endpoint, config.secret_key)
    except SecretLockedError:
        failure = _("The password cannot be read with this SECRET_KEY. Enter it again.")
        return RoundResult((), waiting=rows, failure=BatchAnswer(None, failure=str(failure)))
    # What waited, or was sent before, when an administrator chose addresses is taken for a fact that is gone.
    allowed = [one for one in rows if may_be_sent(one.kind, endpoint.actor)]
    with read_only_session() as session:
        facts = queries.statement_facts(session, allowed)
        people = {one.person_id for one in facts.values()}
        actors = queries.statement_actors(session, people, endpoint.actor, endpoint.namespace, config.public_url)
    known = StatementContext(config.public_url, content_titles(app_state().library), actors)
    statements = {row: build_statement(fact, known) for row, fact in facts.items() if fact.person_id in actors}
    server = StatementServer(
        endpoint.statements_address, basic_authorization(endpoint.username, password), config.webhook_test_ca
    )
    return send_statements(server, rows, statements)


def content_titles(library: Library) -> ContentTitles:
    """The English titles of the course, its modules, and its scenarios by module/scenario."""
    titles = {"course": str(library.course.title)}
    for module in library.modules.values():
        titles[module.id] = str(module.title)
        titles |= {f"{module.id}/{one.id}": str(one.title) for one in module.scenarios.values()}
    return titles


def _has_look(_at: datetime) -> bool:
    with read_only_session() as session:
        return queries.has_look(session)


def _has_due_statement(at: datetime) -> bool:
    with read_only_session() as session:
        return queries.has_due_statement(session, at)


def _find(run: JobRun) -> None:
    find_modules(run.progress)


def _deliver(run: JobRun) -> None:
    send_waiting(run.clock, run.progress)


def _forget(run: JobRun) -> None:
    with unit_of_work() as session:
        actions.forget_old_statements(session, run.at)


JOBS = (
    JobKind("xapi.find", _("Look for complete modules"), _find, every=timedelta(seconds=30), wanted=_has_look),
    JobKind("xapi.send", _STAGE, _deliver, every=timedelta(seconds=15), wanted=_has_due_statement),
    JobKind("xapi.forget", _("Delete statements that were sent long ago"), _forget, every=timedelta(days=1)),
)  # fmt: skip
