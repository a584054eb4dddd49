"""Jobs: noting of whom there is something new to tell a platform, and sending what is due."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from course.jobs.rules import JobKind, JobRun, Progress
from course.lti.platform_client import PlatformConnection, PlatformNetwork
from course.lti.queries import platform_connection
from course.lti_services import actions, queries
from course.lti_services.platform_services import find_or_make_column, send_score
from course.lti_services.queries import GradeParcel
from course.lti_services.rules.problems import GradeError, GradeProblem
from course.lti_services.rules.scores import Score, can_be_graded, is_news, next_timestamp
from course.network_addresses import is_this_machine
from course.translation import lazy_gettext as _
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session, unit_of_work

ROUND_SECONDS = 20.0  # a round ends when it has lasted so long; the next begins after five seconds
PORTION = 200
_STAGE = _("Sending grades to learning platforms")
# What says that the whole platform does not answer: the others that wait for it are left to the next round.
_OF_PLATFORM = frozenset({GradeProblem.UNREACHABLE, GradeProblem.SERVER, GradeProblem.BUSY})


def send_grades(clock: Callable[[], datetime], progress: Progress = lambda *_: None) -> int:
    """Send what is due; returns how many scores were tried. Any number of workers may do it at once."""
    until, count, silent = time.monotonic() + ROUND_SECONDS, 0, set[int]()
    while time.monotonic() < until:
        progress(_STAGE, count, count + 1)
        at = clock()
        with read_only_session() as session:
            due = queries.due_grade(session, at, silent)
        if due is None:
            return count
        with unit_of_work() as session:
            claimed = actions.claim_grade(session, due, at)
        if not claimed:
            continue  # another worker was quicker, and the next look finds another one
        count += 1
        if _send(due.id, due.registration_id, clock) in _OF_PLATFORM:
            silent.add(due.registration_id)
    return count


def _send(grade_id: int, registration_id: int, clock: Callable[[], datetime]) -> GradeProblem | None:
    """Send a score that is claimed, and record what became of it; the problem, if it did not arrive."""
    config, at = app_state().config, clock()
    network = PlatformNetwork(
        is_this_machine(urlsplit(config.public_url).hostname or ""), config.private_provider_hosts
    )
    with read_only_session() as session:
        parcel = queries.grade_parcel(session, grade_id)
        connection = platform_connection(session, registration_id, config.secret_key, network, at)
        if parcel is None or connection is None:
            return None
        score = queries.current_score(session, app_state().library, parcel.person_id, parcel.link)
    if score is None or not is_news(score, parcel.sent, parcel.corrects):
        with unit_of_work() as session:
            actions.record_nothing_new(session, parcel, clock())
        return None
    try:
        stamp = _send_to(connection, parcel, score, clock)
    except GradeError as error:
        with unit_of_work() as session:
            actions.record_failure(session, parcel, error, clock())
            if error.problem is GradeProblem.GONE and not parcel.link.line_item:
                # The course found or made this column: the next try looks for it anew.
                actions.store_column(session, parcel.link.id, None)
        return error.problem
    with unit_of_work() as session:
        actions.record_arrival(session, parcel, score, stamp, clock())
    return None


def _send_to(
    connection: PlatformConnection, parcel: GradeParcel, score: Score, clock: Callable[[], datetime]
) -> datetime:
    """Send a score; the moment that it carried. Raises GradeError."""
    link = parcel.link
    if not can_be_graded(link.line_item, link.line_items, link.scopes):
        raise GradeError(GradeProblem.NO_COLUMN)
    column = parcel.column or _column(connection, parcel, clock)
    stamp = next_timestamp(clock(), parcel.sent_stamp)
    send_score(connection, column, score, parcel.subject, stamp)
    return stamp


def _column(connection: PlatformConnection, parcel: GradeParcel, clock: Callable[[], datetime]) -> str:
    """The column of a link for which the platform gave none, found or made by one worker. Raises GradeError."""
    with unit_of_work() as session:
        mine = actions.claim_column(session, parcel.link.id, clock())
    if not mine:
        raise GradeError(GradeProblem.OTHER_MAKES_COLUMN)
    address = None
    try:
        address = find_or_make_column(connection, parcel.link)
    finally:
        with unit_of_work() as session:
            actions.store_column(session, parcel.link.id, address)
    return address


def find_changes(at: datetime) -> int:
    """Note the launches of which nothing was sent yet, and the people who have done something since; returns how many there were.
    Safe to run twice at once."""
    count, after = 0, 0
    while True:
        with read_only_session() as session:
            new = queries.new_uses(session, PORTION)
            changed = queries.changed_uses(session, after, PORTION)
        uses = [*new, *((link, account) for _number, link, account in changed)]
        if uses:
            with unit_of_work() as session:
                actions.note_uses(session, uses, at)
        count += len(uses)
        if len(changed) < PORTION and len(new) < PORTION:
            return count
        after = changed[-1][0] if changed else after


def _has_due_grade(at: datetime) -> bool:
    with read_only_session() as session:
        return queries.due_grade(session, at) is not None


def _has_changes(_at: datetime) -> bool:
    with read_only_session() as session:
        return bool(queries.new_uses(session, 1) or queries.changed_uses(session, 0, 1))


def _find(run: JobRun) -> None:
    find_changes(run.at)


def _send_due(run: JobRun) -> None:
    send_grades(run.clock, run.progress)


JOBS = (
    JobKind("lti.find_grades", _("Look for grades to send to learning platforms"), _find, every=timedelta(minutes=1),
            wanted=_has_changes),
    JobKind("lti.send_grades", _STAGE, _send_due, every=timedelta(seconds=5), wanted=_has_due_grade),
)  # fmt: skip
