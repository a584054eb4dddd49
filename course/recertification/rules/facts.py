"""The dated facts about a person from which the certification status is derived. No fact is ever edited.

Each fact has the civil day on which it takes effect and the day on which it was `recorded` (by default the same day). A
correction or an addition (a person leaves, a leave ends sooner) is another fact with the same first day; of several
such facts the one recorded last counts. A fact whose last day is before its first day withdraws the earlier one: the
employment, leave or requirement never took place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar

from course.people.rules import login_label

INITIAL = "initial"
REFRESHER = "refresher"
IMPORTED = "imported"


@dataclass(frozen=True)
class EmploymentFact:
    """A spell of employment from its first to its last day, both included. Without `end` it is open-ended."""

    start: date
    end: date | None = None
    recorded: date | None = None

    @property
    def recorded_on(self) -> date:
        """The day on which the fact was recorded; by default its first day."""
        return self.recorded or self.start


@dataclass(frozen=True)
class Requirement:
    """A reason why the person needs the course (a role, a pathway), from the first to the last day, both included."""

    since: date
    until: date | None
    reason: str
    recorded: date | None = None

    @property
    def recorded_on(self) -> date:
        return self.recorded or self.since


@dataclass(frozen=True)
class CompletionFact:
    """A completion of the course or a refresher on that day. `valid_until` is for imported certificates that state
    their last valid day. From the day `revoked` on the completion is without effect: its certificate was revoked, or
    the import was withdrawn. `issued_until` is the last valid day on the certificate that was issued here, if there is
    one. `is_merged`: it counted for a second entry of the person, and so counts whatever its age;
    `is_own`: it is a certificate that was issued here for that entry.

    Raises ValueError if the completion was recorded before it took place or revoked before it was recorded, or if it
    states a last valid day that is not after it.
    """

    day: date
    recorded: date | None = None
    kind: str = INITIAL
    valid_until: date | None = None
    revoked: date | None = None
    revocation_reason: str = ""
    issued_until: date | None = None
    is_merged: bool = False
    is_own: bool = False

    def __post_init__(self) -> None:
        if self.kind not in (INITIAL, REFRESHER, IMPORTED):
            raise ValueError("a completion is of the initial course or of a refresher, or it is imported")
        if self.recorded_on < self.day:
            raise ValueError("a completion is recorded on its day or later")
        if self.valid_until is not None and (self.kind != IMPORTED or self.valid_until <= self.day):
            raise ValueError("only an imported certificate states its last valid day, and that is after its day")
        if self.revoked is not None and self.revoked < self.recorded_on:
            raise ValueError("what a completion is worth is revoked on the day when it was recorded, or later")

    @property
    def recorded_on(self) -> date:
        return self.recorded or self.day

    @property
    def key(self) -> tuple[date, str, date | None]:
        """Identifies the completion, however often it is recorded or imported."""
        return self.day, self.kind, self.valid_until


@dataclass(frozen=True)
class ExternalCompletion:
    """A completion elsewhere, as its certificate states it: the day, the last valid day (None: it states none), the
    issuer, the completed course (`kind` is initial or refresher), and the signed document if there is one."""

    day: date
    valid_until: date | None
    issuer: str
    kind: str = INITIAL
    proof: str | None = None


@dataclass(frozen=True)
class Extension:
    """An extension: more time for the person, up to and including the day `until`. `withdrawn` is the day on which the
    extension was withdrawn."""

    recorded: date
    until: date
    reason: str
    withdrawn: date | None = None

    @property
    def recorded_on(self) -> date:
        return self.recorded


USUAL_RE_ENTER_DAYS = 14  # unless somebody enters another number


@dataclass(frozen=True)
class Pause:
    """A pause of recertification during a long leave, from the first to the last day of the leave. After the leave the
    person has `re_enter_days` days until anything is due. Raises ValueError if that number is negative."""

    since: date
    until: date | None
    re_enter_days: int
    reason: str
    recorded: date | None = None

    def __post_init__(self) -> None:
        if self.re_enter_days < 0:
            raise ValueError("the days after a return are not negative")

    @property
    def recorded_on(self) -> date:
        return self.recorded or self.since


@dataclass(frozen=True)
class StartFact:
    """The person began the course or a refresher on that day, and has not finished it."""

    day: date
    recorded: date | None = None

    @property
    def recorded_on(self) -> date:
        return self.recorded or self.day


@dataclass(frozen=True)
class PathwayFact:
    """The person follows this pathway from that day on. A pathway fact is recorded on its own day and never takes
    effect earlier, so that no issued certificate changes with it."""

    since: date
    name: str

    @property
    def recorded_on(self) -> date:
        return self.since


Fact = TypeVar("Fact", EmploymentFact, Requirement, CompletionFact, Extension, Pause, StartFact, PathwayFact)


@dataclass(frozen=True)
class CertificationFacts:
    """All facts of one person. Without any employment fact the requirements alone decide whether the course is
    required."""

    employments: tuple[EmploymentFact, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    completions: tuple[CompletionFact, ...] = ()
    extensions: tuple[Extension, ...] = ()
    pauses: tuple[Pause, ...] = ()
    started: tuple[StartFact, ...] = ()
    pathways: tuple[PathwayFact, ...] = ()

    def as_of(self, on: date) -> CertificationFacts:
        """The facts as they were recorded by the end of that day, one for each subject.

        Employments and requirements keep the day on which they were first recorded: a later correction of their end
        does not move the first due date.
        """
        return CertificationFacts(
            tuple(_latest_since_first(*both) for both in _first_and_last(self.employments, on, lambda e: e.start)),
            tuple(
                _latest_since_first(*both)
                for both in _first_and_last(self.requirements, on, lambda r: (r.since, r.reason))
            ),
            tuple(_completion_as_of(on, *both) for both in _first_and_last(self.completions, on, lambda c: c.key)),
            tuple(
                replace(last, withdrawn=None) if last.withdrawn and last.withdrawn > on else last
                for _, last in _first_and_last(self.extensions, on, lambda e: (e.recorded, e.until, e.reason))
            ),
            tuple(last for _, last in _first_and_last(self.pauses, on, lambda p: p.since)),
            tuple(first for first, _ in _first_and_last(self.started, on, lambda s: s.day)),
            tuple(last for _, last in _first_and_last(self.pathways, on, lambda p: p.since)),
        )


def newest_employments(employments: Sequence[EmploymentFact], on: date) -> list[EmploymentFact]:
    """Of each spell of employment what was recorded last by the end of that day, as it was recorded."""
    return [newest for _, newest in _first_and_last(employments, on, lambda one: one.start)]


def current_pause(facts: CertificationFacts, on: date) -> Pause | None:
    """The leave that covers the day, as it is known on it; of several the one that began last."""
    pauses = [one for one in facts.as_of(on).pauses if one.since <= on and (one.until is None or one.until >= on)]
    return max(pauses, key=lambda pause: pause.since, default=None)


Lasting = TypeVar("Lasting", EmploymentFact, Requirement)


def _latest_since_first(first: Lasting, latest: Lasting) -> Lasting:
    """The fact recorded last, with the day on which the first fact about the same subject was recorded."""
    return latest if latest.recorded_on == first.recorded_on else replace(latest, recorded=first.recorded_on)


def _completion_as_of(on: date, first: CompletionFact, latest: CompletionFact) -> CompletionFact:
    """The completion as it was first recorded, with the revocation from the fact recorded last."""
    is_revoked = latest.revoked is not None and latest.revoked <= on
    if not is_revoked and first.revoked is None:
        return first
    return replace(
        first,
        revoked=latest.revoked if is_revoked else None,
        revocation_reason=latest.revocation_reason if is_revoked else "",
    )


def _first_and_last(facts: Sequence[Fact], on: date, key: Callable[[Fact], object]) -> list[tuple[Fact, Fact]]:
    """For each subject (as `key` identifies it) the first and the last fact that was recorded by that day."""
    if not facts:
        return []
    first_and_last: dict[object, tuple[Fact, Fact]] = {}
    for fact in sorted(facts, key=lambda fact: fact.recorded_on):
        if fact.recorded_on <= on:
            first, _ = first_and_last.get(key(fact), (fact, fact))
            first_and_last[key(fact)] = first, fact
    return list(first_and_last.values())


def covers(first: date, last: date | None, day: date) -> bool:
    """Whether the day lies between the first and the last day, both included; without a last day there is no end."""
    return first <= day and (last is None or day <= last)


@dataclass(frozen=True)
class PersonFacts:
    """A person with the facts from which their certification status is derived."""

    id: int
    name: str
    email: str | None
    facts: CertificationFacts
    left_at: datetime | None = None
    sign_in_name: str | None = None

    @property
    def login(self) -> str:
        """What they sign in with: the address or the sign-in name."""
        return login_label(self.email, self.sign_in_name)
