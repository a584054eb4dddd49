"""The loop that does what has to be done by itself: named jobs, each at its own interval.

Several workers may run at the same time; each job sees to it that nothing is done twice.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

_LOG = logging.getLogger("course")
TICK_SECONDS = 5  # seconds between two looks at what is due


@dataclass(frozen=True)
class Job:
    """Something done once when a worker starts, and from then on `every` so often; `run` is given the moment."""

    name: str
    every: timedelta
    run: Callable[[datetime], object]


class JobScheduler:
    """What is due in each round of one worker."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs = jobs
        self._last: dict[str, datetime] = {}

    def go(self, at: datetime, stop: threading.Event) -> list[str]:
        """Do what is due, until `stop` is set; returns the names of what was done. A job that fails is written to the
        log, and neither keeps the others from being done nor is tried again before its time."""
        done = []
        for job in self._jobs:
            last = self._last.get(job.name)
            # A clock that was set back must not silence a job until it has caught up.
            if stop.is_set() or (last is not None and timedelta() <= at - last < job.every):
                continue
            self._last[job.name] = at
            done.append(job.name)
            try:
                job.run(at)
            except Exception:
                _LOG.exception("the job %s failed", job.name)
        return done


def run_jobs(
    jobs: Sequence[Job], stop: threading.Event, clock: Callable[[], datetime], tick: float = TICK_SECONDS
) -> None:
    """Round after round until `stop` is set; a job that is running then is finished first."""
    rounds = JobScheduler(jobs)
    while not stop.is_set():
        rounds.go(clock(), stop)
        stop.wait(tick)
