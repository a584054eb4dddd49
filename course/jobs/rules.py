"""Background jobs: what a kind of job declares, when regular jobs are due, and when a lease has ended. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from course.translation import lazy_gettext as _

JobState = Literal["waiting", "running", "done", "failed", "cancelled"]
Lane = Literal["mail", "general"]
OPEN_STATES: tuple[JobState, ...] = ("waiting", "running")
# Threads of each worker process. Mail has a lane of its own, so that no export keeps it waiting. The kinds that take
# minutes run once at a time, so that one thread of the general lane is left for what is short.
LANE_THREADS: Mapping[Lane, int] = {"mail": 1, "general": 5}
# A worker that has not renewed the lease of a job for so long has died or lost the database.
LEASE = timedelta(minutes=2)
RETRY_DELAYS = (timedelta(seconds=5), timedelta(minutes=1))  # after an attempt that lost the database
# Longer than a job ever waits for its moment, with clocks of several machines that differ.
MAX_WAIT = 10 * RETRY_DELAYS[-1]
JOB_RETENTION = timedelta(days=30)  # how long a job that has ended is listed
REGULAR_JOB_RETENTION = timedelta(days=7)  # there are hundreds of them in a day

WAITING_STAGE = _("Waiting to begin")
FAILED = _("Something went wrong on our side. Ask for it again; if that does not help, tell your administrator.")
WORKER_LOST = _("The program that was doing this was stopped, as often as it was tried. Ask for it again.")
CANCELLED = _("It was cancelled.")

# Called with what is being done, how many steps are done, and of how many. Raises JobLostError (see below).
Progress = Callable[[str, int, int], None]


class JobLostError(Exception):
    """The job is no longer this worker's: it was cancelled, or its lease ended and another worker has it."""


class WorkerStoppingError(Exception):
    """The worker is being stopped; the job goes back to the queue and costs no attempt."""


@dataclass(frozen=True)
class Claim:
    """A job in the hands of one worker: `number` counts the claims of the job, and a later one makes this one void;
    `attempt` counts from 1 since the job was last put into the queue."""

    job_id: int
    number: int
    attempt: int


@dataclass(frozen=True)
class ClaimedJob:
    """What a worker has to do: the kind of the job, its arguments, and the person who asked for it (None: nobody)."""

    claim: Claim
    kind: str
    arguments: Mapping[str, Any]
    owner_id: int | None


@dataclass(frozen=True)
class JobRun:
    """What the function of a job is given: the arguments, who asked for the job (None: nobody), the moment at which it
    was claimed, how to report progress, and the clock."""

    kind: JobKind
    claim: Claim
    arguments: Mapping[str, Any]
    owner_id: int | None
    at: datetime
    progress: Progress
    clock: Callable[[], datetime]


@dataclass(frozen=True)
class JobKind:
    """A kind of job, declared once in the feature's `jobs.py` and collected in course/server/jobs.py.

    `name` is stored, `title` is shown to administrators. `every` makes the kind regular: one job for each interval,
    whichever worker comes first; `wanted` is asked first whether there is anything to do. `at_once` and `per_person`
    limit how many run at the same time in all processes, `attempts` how often a job is begun whose worker died.
    The text of `expected_errors` is shown to the owner. `erases_arguments` empties the arguments of a job that has
    ended, because they hold personal data; such a job cannot be repeated. `runs_to_end` is said of a kind whose work is
    finished whatever happens: such a job is cancelled only as long as it waits.
    """

    name: str
    title: str
    run: Callable[[JobRun], object]
    lane: Lane = "general"
    every: timedelta | None = None
    wanted: Callable[[datetime], bool] | None = None
    at_once: int = 1
    per_person: int = 1
    attempts: int = 3
    expected_errors: tuple[type[Exception], ...] = ()
    erases_arguments: bool = False
    runs_to_end: bool = False


@dataclass
class JobRegistry:
    """All kinds of jobs that a worker can do, by name. Raises ValueError for two kinds of one name."""

    kinds: tuple[JobKind, ...]
    by_name: Mapping[str, JobKind] = field(init=False)

    def __post_init__(self) -> None:
        self.by_name = {}
        kinds, self.kinds = self.kinds, ()
        self.add(kinds)

    def add(self, kinds: Iterable[JobKind]) -> None:
        """Add the kinds of a feature that stands above the registry; see `course/event_handlers`. Raises ValueError for a
        name that is taken."""
        together = (*self.kinds, *kinds)
        found = {kind.name: kind for kind in together}
        if len(found) != len(together):
            raise ValueError("two kinds of jobs have one name")
        self.kinds, self.by_name = together, found

    def of_lane(self, lane: Lane) -> tuple[JobKind, ...]:
        """The kinds that the threads of a lane do."""
        return tuple(kind for kind in self.kinds if kind.lane == lane)

    @property
    def regular_kinds(self) -> tuple[JobKind, ...]:
        """The kinds of regular work, by title."""
        return tuple(sorted((kind for kind in self.kinds if kind.every is not None), key=lambda kind: kind.title))

    def regular_kind(self, name: str) -> JobKind | None:
        """The kind of regular work of that name; None if there is none."""
        kind = self.by_name.get(name)
        return kind if kind is not None and kind.every is not None else None

    def title(self, name: str) -> str:
        """What a kind is called on pages; a kind that this version of the program does not know keeps its name."""
        return self.by_name[name].title if name in self.by_name else name

    def cancellable_states(self, name: str) -> tuple[JobState, ...]:
        """The states in which a job of that kind can be cancelled."""
        return ("waiting",) if name in self.by_name and self.by_name[name].runs_to_end else OPEN_STATES

    def repeatable(self, name: str) -> bool:
        """Whether a job of that kind that has ended can be put into the queue once more."""
        return name in self.by_name and not self.by_name[name].erases_arguments


def due_slot(every: timedelta, at: datetime) -> datetime:
    """The beginning of the interval that `at` lies in, counted from midnight UTC of 1 January 1970. All workers find the
    same one, so that (kind, slot) is a unique key."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + (at - epoch) // every * every


def lease_end(at: datetime, lease: timedelta = LEASE) -> datetime:
    """Until when a worker that renews its lease at `at` has the job."""
    return at + lease


@dataclass(frozen=True)
class ProcessMark:
    """What tells a process from others of its number: `namespace` is the one in which the number means anything, `started`
    the moment at which the process was started there. Empty: not known, as on systems without namespaces."""

    namespace: str = ""
    started: str = ""


def worker_name(command: str, host: str, process: int) -> str:
    """What a worker is called: which command it is, on which machine, in which process."""
    return f"{command} on {host}, process {process}"


def marked_name(name: str, mark: ProcessMark) -> str:
    """The name of a worker, with what tells its process from others of the same number; see `dead_workers`."""
    return f"{name} ({mark.namespace}/{mark.started})" if mark.namespace else name


_MARKED_NAME = re.compile(
    r".* on (?P<host>.+), process (?P<process>\d+)(?: \((?P<namespace>\w+)/(?P<started>\w*)\))?", re.DOTALL
)


def dead_workers(names: Iterable[str], starting: str, find_process: Callable[[int], ProcessMark | None]) -> list[str]:
    """Which of these workers have died, as far as the one that is just `starting` can know: those of its own machine and
    namespace whose process does not exist, or whose number another process has now. Containers may share the name of
    their machine, but a process number of one means nothing in another. `find_process` looks up a number in the own
    namespace."""
    own = _MARKED_NAME.fullmatch(starting)
    dead = []
    for name in names:
        found = _MARKED_NAME.fullmatch(name)
        if found is None or own is None or found.group("host", "namespace") != own.group("host", "namespace"):
            continue
        process = find_process(int(found["process"]))
        is_other = process and process.started and found["started"] and process.started != found["started"]
        if process is None or is_other or found["process"] == own["process"]:
            dead.append(name)
    return dead


def retry_delay(attempt: int) -> timedelta:
    """How long a job waits after its attempt number `attempt` lost the database."""
    return RETRY_DELAYS[min(attempt, len(RETRY_DELAYS)) - 1]


def regular_key(kind: str) -> str:
    """The unique key of the open job of a regular kind: while one waits or runs, no other is made."""
    return f"regular:{kind}"
