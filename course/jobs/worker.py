"""The worker: threads that claim jobs, a heartbeat that renews leases, and the clock that makes regular jobs.

Any number of workers in any number of processes may run at once. What one of them dies over is claimed by another once
its lease has ended. A worker that loses the database goes on once the database is back.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from course.db import is_lock_failure, storage_fault
from course.jobs import actions, queries
from course.jobs.rules import (
    FAILED,
    LANE_THREADS,
    LEASE,
    Claim,
    ClaimedJob,
    JobKind,
    JobLostError,
    JobRegistry,
    JobRun,
    Lane,
    ProcessMark,
    WorkerStoppingError,
    dead_workers,
    due_slot,
    marked_name,
    retry_delay,
)
from course.web.unit_of_work import read_only_session, unit_of_work

_LOG = logging.getLogger("course")
Clock = Callable[[], datetime]
SAY_AGAIN_SECONDS = 600.0  # between two lines about one trouble of the database
CALM_SECONDS = 30.0  # without any trouble, after which it is over
POLL_SECONDS = 1.0  # between two looks at the queue
RECONNECT_SECONDS = 3.0  # after an error of the database
PROGRESS_SECONDS = 1.0  # progress within one stage is stored this often at most: each time is a transaction


@dataclass(frozen=True)
class LocalTask:
    """Something that each process does for itself: once when it starts, and then `every` so often. It is no job, because
    its result is in the memory of the process, or is the process' own sign of life."""

    name: str
    every: timedelta
    run: Callable[[datetime], object]


class DatabaseTrouble:
    """Says in one line that the database is away, busy or not writable, again after SAY_AGAIN_SECONDS, and once that it is
    over: every thread meets it every few seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: dict[str, float] = {}
        self._last: float | None = None

    def meets(self, title: str, error: BaseException) -> bool:
        """Whether an error is of this sort; if so, it need not be logged any more."""
        kind = storage_fault(error) or ("busy" if is_lock_failure(error) else None)
        if kind is None:
            return False
        with self._lock:
            self._last = time.monotonic()
            is_new = self._last - self._said.get(kind, -SAY_AGAIN_SECONDS) >= SAY_AGAIN_SECONDS
            if is_new:
                self._said[kind] = self._last
        if is_new:
            cause = getattr(error, "orig", error)
            _LOG.error("background work waits for the database (%s), %s: %s", kind, title, cause)
        return True

    def is_calm(self) -> None:
        """Said after work that met no trouble."""
        if self._last is None:
            return
        with self._lock:
            over = self._last is not None and time.monotonic() - self._last >= CALM_SECONDS
            if over:
                self._last = None
                self._said.clear()
        if over:
            _LOG.warning("background work goes on: the database does its work again")


_trouble = DatabaseTrouble()


class LocalSchedule:
    """Which local tasks are due."""

    def __init__(self, tasks: Sequence[LocalTask]) -> None:
        self._tasks = tasks
        self._last: dict[str, datetime] = {}

    def run_due(self, at: datetime, stop: threading.Event) -> list[str]:
        """Run the tasks that are due, until `stop` is set; returns their names. A task that fails is logged, keeps no
        other from running, and is not run again before its time."""
        names = []
        for task in self._tasks:
            last = self._last.get(task.name)
            # A clock that was set back must not silence a task until it has caught up.
            if stop.is_set() or (last is not None and timedelta() <= at - last < task.every):
                continue
            self._last[task.name] = at
            names.append(task.name)
            try:
                task.run(at)
            except Exception as error:
                if not _trouble.meets(task.name, error):
                    _LOG.exception("the task %s failed", task.name)
        return names


class JobWorker:
    """Claims jobs and runs them, in threads or (`run_waiting`) in the caller's own."""

    def __init__(
        self, app: Flask, name: str, registry: JobRegistry, clock: Clock, lease: timedelta = LEASE, poll: float = POLL_SECONDS
    ) -> None:  # fmt: skip
        self.stop_requested = threading.Event()
        self._app, self._registry, self._clock = app, registry, clock
        self._name = marked_name(name, _find_process(os.getpid()) or ProcessMark())
        self._lease, self._poll = lease, poll
        self._held: dict[Claim, threading.Event] = {}  # the claims of this process, and whether each was lost
        self._lock = threading.Lock()
        # One thread looks into the queue at a time: if all did, each would have a connection of its own.
        self._look = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._slots: dict[str, datetime] = {}

    def start(self, local_tasks: Sequence[LocalTask] = ()) -> None:
        """Start the threads: those of the lanes, the heartbeat, the schedule, and one for the local tasks."""
        self._take_over()
        local = LocalSchedule(local_tasks)
        loops: list[tuple[str, Callable[[], object], float]] = [
            ("heartbeat", self.renew_leases, self._lease.total_seconds() / 6),
            ("schedule", self.make_regular_jobs, self._poll),
            ("local tasks", lambda: local.run_due(self._clock(), self.stop_requested), max(self._poll, 1.0)),
        ]
        for lane, count in LANE_THREADS.items():
            loops += [(f"{lane} lane {number}", self._lane_step(lane), self._poll) for number in range(1, count + 1)]
        for title, step, pause in loops:
            thread = threading.Thread(target=self._loop, args=(title, step, pause), name=f"jobs: {title}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _take_over(self) -> None:
        """Set the jobs free that workers of this machine (or container) had when they died, such as the one that this one
        replaces: nobody needs to wait until their leases have ended."""
        try:
            with self._app.app_context():
                with read_only_session() as session:
                    names = queries.busy_workers(session)
                if dead := dead_workers(names, self._name, _find_process):
                    with unit_of_work() as session:
                        actions.end_leases(session, dead, self._clock())
        except DBAPIError as error:  # then they are free when their leases have ended
            if not _trouble.meets("taking over jobs", error):
                raise

    def stop(self, seconds: float) -> bool:
        """Claim nothing more, and wait so long for the jobs that run; whether all threads have ended. A job that reports
        its progress meanwhile goes back to the queue; what does not end in time is claimed again after its lease."""
        self.stop_requested.set()
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def look_around(self) -> None:
        """Read once what a worker without a job reads every second. Nothing is claimed, made or written: what this makes in
        memory is shared by the processes that are forked next."""
        at = self._clock()
        for kind in self._registry.kinds:
            if kind.every is not None and (kind.wanted is None or kind.wanted(at)):
                with read_only_session() as session:
                    queries.has_regular_job(session, kind.name, due_slot(kind.every, at))
        for lane in LANE_THREADS:
            names = [kind.name for kind in self._registry.of_lane(lane)]
            with read_only_session() as session:
                queries.has_claimable_job(session, lane, names, at)
        with read_only_session() as session:
            queries.busy_workers(session)
            queries.has_lost_job(session, at)

    def is_idle(self) -> bool:
        """Whether no job of this process runs."""
        with self._lock:
            return not self._held

    def run_waiting(self) -> int:
        """Run all jobs that wait now in this thread, the mail lane first; returns how many were run."""
        count = 0
        with self._app.app_context():
            while not self.stop_requested.is_set() and any([self._run_next("mail"), self._run_next("general")]):
                count += 1
        return count

    def _loop(self, title: str, step: Callable[[], object], pause: float) -> None:
        while not self.stop_requested.is_set():
            try:
                with self._app.app_context():
                    busy = step() is True
            except BaseException as error:  # also what would end a thread: the next job has its turn all the same
                if not _trouble.meets(title, error):
                    _LOG.exception("%s: %s", title, error)
                self.stop_requested.wait(RECONNECT_SECONDS)
                continue
            _trouble.is_calm()
            if not busy:
                self.stop_requested.wait(pause)

    def _lane_step(self, lane: Lane) -> Callable[[], bool]:
        return lambda: self._run_next(lane)

    def make_regular_jobs(self) -> None:
        """Make the jobs of regular kinds whose interval has begun, unless some worker has, and give up lost ones."""
        at = self._clock()
        for kind in self._registry.kinds:
            if kind.every is None or self._slots.get(kind.name) == (slot := due_slot(kind.every, at)):
                continue
            if kind.wanted is None or kind.wanted(at):
                with self._look, read_only_session() as session:
                    known = queries.has_regular_job(session, kind.name, slot)
                if not known:
                    with unit_of_work() as session:
                        actions.enqueue_regular(session, kind, slot, at)
            self._slots[kind.name] = slot
        with self._look, read_only_session() as session:
            lost = queries.has_lost_job(session, at)
        if lost:
            with unit_of_work() as session:
                actions.fail_lost_jobs(session, self._registry.kinds, at)

    def renew_leases(self) -> None:
        """Tell the database that the jobs of this process are alive; note those that are this worker's no more."""
        with self._lock:
            held = dict(self._held)
        for claim, lost in held.items():
            with unit_of_work() as session:
                if not actions.renew_lease(session, claim, self._clock(), self._lease):
                    lost.set()

    def _run_next(self, lane: Lane) -> bool:
        """Claim one job of a lane and run it; whether there was one."""
        kinds, at = self._registry.of_lane(lane), self._clock()
        with self._look, read_only_session() as session:
            if not queries.has_claimable_job(session, lane, [kind.name for kind in kinds], at):
                return False
        with unit_of_work() as session:
            claimed = actions.claim_job(session, lane, kinds, self._name, at, self._lease)
        if claimed is None:
            return False
        lost = threading.Event()
        with self._lock:
            self._held[claimed.claim] = lost
        try:
            self._run(self._registry.by_name[claimed.kind], claimed, lost, at)
        finally:
            with self._lock:
                del self._held[claimed.claim]
        return True

    def _run(self, kind: JobKind, job: ClaimedJob, lost: threading.Event, at: datetime) -> None:
        """Run a claimed job, and record what became of it."""
        claim = job.claim
        run = JobRun(kind, claim, job.arguments, job.owner_id, at, self._progress(claim, lost), self._clock)
        try:
            # A context of its own: what one job leaves in `g` must not reach the next.
            with self._app.app_context():
                kind.run(run)
        except JobLostError:
            _LOG.warning("job %s (%s) was cancelled, or another worker has it", claim.job_id, kind.name)
        except WorkerStoppingError:
            self._settle(lambda session: actions.release_job(session, claim, self._clock(), costs_attempt=False))
        except kind.expected_errors as error:
            _LOG.warning("job %s (%s) failed: %s", claim.job_id, kind.name, error)
            words = str(error)
            self._settle(lambda session: actions.fail_job(session, kind, claim, words, self._clock()))
        except BaseException as error:
            if not _trouble.meets(f"job {claim.job_id} ({kind.name})", error):
                _LOG.exception("job %s (%s) failed", claim.job_id, kind.name)
            if _is_database_error(error) and claim.attempt < kind.attempts:
                later = self._clock() + retry_delay(claim.attempt)
                self._settle(lambda session: actions.release_job(session, claim, later, costs_attempt=True))
            else:
                self._settle(lambda session: actions.fail_job(session, kind, claim, FAILED, self._clock()))
        else:
            self._settle(lambda session: actions.finish_job(session, kind, claim, self._clock()))

    def _settle(self, record: Callable[..., object]) -> None:
        """Record what became of a job; while the database is away, again until the lease would have ended anyway."""
        until = time.monotonic() + self._lease.total_seconds()
        while True:
            try:
                with unit_of_work() as session:
                    record(session)
                return
            except DBAPIError as error:
                if not _is_database_error(error) or time.monotonic() > until or self.stop_requested.is_set():
                    raise
                if not _trouble.meets("what became of a job", error):
                    _LOG.warning("what became of a job could not be recorded yet: %s", error)
            self.stop_requested.wait(RECONNECT_SECONDS / 3)

    def _progress(self, claim: Claim, lost: threading.Event) -> Callable[[str, int, int], None]:
        """What a job calls to report how far it has come."""
        last_stage, last_at = "", 0.0

        def report(stage: str, done: int, total: int) -> None:
            nonlocal last_stage, last_at
            if lost.is_set():
                raise JobLostError
            if self.stop_requested.is_set():
                raise WorkerStoppingError
            if stage == last_stage and time.monotonic() - last_at < PROGRESS_SECONDS:
                return
            with unit_of_work() as session:
                if not actions.report_progress(session, claim, stage, done, total):
                    raise JobLostError
            last_stage, last_at = stage, time.monotonic()

        return report


def _find_process(number: int) -> ProcessMark | None:
    """The process of that number, as this process sees it; None if there is none."""
    try:
        os.kill(number, 0)
    except (ProcessLookupError, OverflowError):
        return None
    except OSError:
        pass  # it is somebody else's
    return ProcessMark(_namespace(), _start_of(number))


def _namespace() -> str:
    """The namespaces that process numbers and moments of start are of, until the machine is started again; a hash. Empty on
    systems that have none, and where it cannot be seen."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        spaces = [
            os.readlink(f"/proc/self/ns/{kind}") for kind in ("pid", "time") if Path(f"/proc/self/ns/{kind}").exists()
        ]
    except (OSError, ValueError):
        return ""
    return hashlib.sha256(" ".join([boot, *spaces]).encode()).hexdigest()[:16] if boot and spaces else ""


def _start_of(number: int) -> str:
    """When a process was started, in ticks since the machine was; empty if that cannot be seen."""
    try:
        # The name of the program comes before, in brackets, and may hold anything.
        return Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _is_database_error(error: BaseException) -> bool:
    """Whether the database is away or busy, so that the same may work a moment later."""
    return isinstance(error, OperationalError | InterfaceError) or storage_fault(error) is not None
