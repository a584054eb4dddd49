"""Jobs: finding what became true by time alone, delivering what waits, and forgetting old deliveries."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta

from course.context import make_context
from course.jobs.rules import JobKind, JobRun, Progress
from course.standings.jobs import catch_up
from course.translation import lazy_gettext as _
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session, unit_of_work
from course.webhooks import actions, queries
from course.webhooks.delivery import DeliverySettings, send_parcel
from course.webhooks.queries import Parcel
from course.webhooks.rules import MAX_AT_ONCE, MAX_AT_ONCE_EACH, ROUND_SECONDS, AttemptResult

PORTION = 200  # people whose events are written at once
_STAGE = _("Delivering events to other systems")


def find_events(at: datetime, progress: Progress = lambda *_: None) -> int:
    """Make events of the certification statuses of today that are none yet; returns how many. For a webhook that is new, what
    is so already is noted and not sent. Safe to run again, and twice at once."""
    with read_only_session() as session:
        known = queries.webhooks(session)
    if not known:
        return 0
    catch_up(at, progress)
    started, after, count = [one for one in known if one.started_at is not None], 0, 0
    while True:
        with read_only_session() as session:
            rows = queries.next_status_rows(session, after, PORTION)
            facts = queries.new_status_facts(session, rows) if rows else []
        if facts:
            with unit_of_work() as session:
                count += actions.record_facts(session, facts, started, at)
        if len(rows) < PORTION:
            break
        after = rows[-1].person_id
        progress(_("Looking for events"), 0, 1)
    if len(started) < len(known):
        with unit_of_work() as session:
            actions.start_webhooks(session, [one.id for one in known], at)
    return count


class _DeliveryRound:
    """A round of delivering: at most MAX_AT_ONCE are on their way, MAX_AT_ONCE_EACH to one webhook, and one if it fails."""

    def __init__(self, clock: Callable[[], datetime], progress: Progress) -> None:
        config = app_state().config
        self._settings = DeliverySettings(config.secret_key, config.webhook_test_ca)
        self._clock, self._progress = clock, progress
        self._on_their_way: dict[Future[AttemptResult], tuple[Parcel, datetime]] = {}
        self.count = 0

    def run(self) -> int:
        """Deliver what is due, until nothing is or the round has lasted long enough; returns how many were tried."""
        until = time.monotonic() + ROUND_SECONDS
        with ThreadPoolExecutor(MAX_AT_ONCE, "webhook") as pool:
            try:
                while True:
                    self._progress(_STAGE, self.count, self.count + 1)
                    if time.monotonic() < until:
                        self._send_due(pool)
                    if not self._on_their_way:
                        return self.count
                    self._record_next()
            finally:
                # Also when the worker is being stopped: what has been sent is recorded.
                while self._on_their_way:
                    self._record_next()

    def _send_due(self, pool: ThreadPoolExecutor) -> None:
        """Claim and send as many as there is room for."""
        while len(self._on_their_way) < MAX_AT_ONCE:
            at, at_work = self._clock(), Counter(parcel.webhook_id for parcel, _began in self._on_their_way.values())
            full = [one for one, number in at_work.items() if number >= MAX_AT_ONCE_EACH]
            with read_only_session() as session:
                due = queries.due_delivery(session, at, at_work.keys(), full)
            if due is None:
                return
            with unit_of_work() as session:
                claimed = actions.claim_delivery(session, due, at)
            if not claimed:
                continue  # another worker was quicker, and the next look finds another one
            with read_only_session() as session:
                parcel = queries.parcel(session, due.id, at)
            if parcel is not None:
                self._on_their_way[pool.submit(send_parcel, parcel, self._settings, at)] = (parcel, at)
                self.count += 1

    def _record_next(self) -> None:
        """Wait until one has an answer, and record it and all others that have one."""
        done, _waiting = wait(self._on_their_way, return_when=FIRST_COMPLETED)
        for future in done:
            parcel, began_at = self._on_their_way.pop(future)
            with unit_of_work() as session:
                actions.record_attempt(make_context(session, None, self._clock()), parcel, future.result(), began_at)


def deliver_events(clock: Callable[[], datetime], progress: Progress = lambda *_: None) -> int:
    """Deliver what is due; returns how many deliveries were tried. Any number of workers may do it at once."""
    return _DeliveryRound(clock, progress).run()


def _has_webhook(_at: datetime) -> bool:
    with read_only_session() as session:
        return queries.has_webhook(session)


def _has_due_delivery(at: datetime) -> bool:
    with read_only_session() as session:
        return queries.has_due_delivery(session, at)


def _find(run: JobRun) -> None:
    find_events(run.at, run.progress)


def _deliver(run: JobRun) -> None:
    deliver_events(run.clock, run.progress)


def _forget(run: JobRun) -> None:
    with unit_of_work() as session:
        actions.forget_old_deliveries(session, run.at)


JOBS = (
    JobKind("webhooks.find", _("Look for events to send to other systems"), _find, every=timedelta(minutes=15),
            wanted=_has_webhook),
    JobKind("webhooks.deliver", _STAGE, _deliver, every=timedelta(seconds=5), wanted=_has_due_delivery),
    JobKind("webhooks.forget", _("Delete old deliveries to other systems"), _forget, every=timedelta(days=1)),
)  # fmt: skip
