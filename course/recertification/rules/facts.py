"""What is known about a person: dated facts, none of which is ever edited.

Each fact has the civil day on which it takes effect and the one on which it was `recorded` (by default the same).
What is learned later (somebody leaves, a leave ends sooner) is written as another fact with the same beginning, and
of those the one recorded last stands. A last day before the first takes the fact back: it never took place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

INITIAL = "initial"
REFRESHER = "refresher"
IMPORTED = "imported"


@dataclass(frozen=True)
class EmploymentFact:
    """From the first to the last day at work, both included; without `end` it goes on."""

    start: date
    end: date | None = None
    recorded: date | None = None

    @property
    def recorded_on(self) -> date:
        return self.recorded or self.start


@dataclass(frozen=True)
class Requirement:
    """A reason why the person needs the course (a role, a pathway), from the first to the last day."""

    since: date
    until: date | None
    reason: str
    recorded: date | None = None

    @property
    def recorded_on(self) -> date:
        return self.recorded or self.since


@dataclass(frozen=True)
class CompletionFact:
    """The course done on that day. `valid_until` is for imported certificates that state their last valid day.
    From the day `revoked` on it holds nothing: its certificate was revoked, or the import taken back.
    ValueError if it was recorded before it took place, or revoked before it was recorded, or states a last day that
    is not after it."""

    day: date
    recorded: date | None = None
    kind: str = INITIAL
    valid_until: date | None = None
    revoked: date | None = None
    revocation_reason: str = ""

    def __post_init__(self) -> None:
        if self.kind not in (INITIAL, REFRESHER, IMPORTED):
            raise ValueError("A completion is of the initial course or of a refresher, or it is imported.")
        if self.recorded_on < self.day:
            raise ValueError("A completion is recorded on its day or later.")
        if self.valid_until is not None and (self.kind != IMPORTED or self.valid_until <= self.day):
            raise ValueError("Only an imported certificate states its last valid day, and that is after its day.")
        if self.revoked is not None and self.revoked < self.recorded_on:
            raise ValueError("What a completion is worth is revoked on the day when it was recorded, or later.")

    @property
    def recorded_on(self) -> date:
        return self.recorded or self.day

    @property
    def key(self) -> tuple[date, str, date | None]:
        """What is the same for the same completion, however often it is recorded or imported."""
        return self.day, self.kind, self.valid_until


@dataclass(frozen=True)
class Extension:
    """More time, up to and including the day `until`. `withdrawn` is the day on which it was taken back."""

    recorded: date
    until: date
    reason: str
    withdrawn: date | None = None

    @property
    def recorded_on(self) -> date:
        return self.recorded


@dataclass(frozen=True)
class Pause:
    """A long leave, from the first to the last day away; after it there are `re_enter_days` days."""

    since: date
    until: date | None
    re_enter_days: int
    reason: str
    recorded: date | None = None

    def __post_init__(self) -> None:
        if self.re_enter_days < 0:
            raise ValueError("The days after a return are not negative.")

    @property
    def recorded_on(self) -> date:
        return self.recorded or self.since


@dataclass(frozen=True)
class StartFact:
    """The course or a refresher begun on that day, and not finished."""

    day: date
    recorded: date | None = None

    @property
    def recorded_on(self) -> date:
        return self.recorded or self.day


@dataclass(frozen=True)
class PathwayFact:
    """From that day on the person follows this pathway. It is written down on its day and never reaches back, so
    that no certificate changes with it."""

    since: date
    name: str

    @property
    def recorded_on(self) -> date:
        return self.since


Fact = TypeVar("Fact", EmploymentFact, Requirement, CompletionFact, Extension, Pause, StartFact, PathwayFact)


@dataclass(frozen=True)
class CertificationFacts:
    """All facts of one person. Without any employment the requirements alone decide."""

    employments: tuple[EmploymentFact, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    completions: tuple[CompletionFact, ...] = ()
    extensions: tuple[Extension, ...] = ()
    pauses: tuple[Pause, ...] = ()
    started: tuple[StartFact, ...] = ()
    pathways: tuple[PathwayFact, ...] = ()

    def as_of(self, on: date) -> CertificationFacts:
        """The facts as they were written down by the end of that day, one for each thing.

        Employments and requirements keep the day on which they were first recorded: what is learned about their end
        does not set their due day anew.
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


Lasting = TypeVar("Lasting", EmploymentFact, Requirement)


def _latest_since_first(first: Lasting, last: Lasting) -> Lasting:
    """What was recorded last, as of the day on which the first was recorded."""
    return last if last.recorded_on == first.recorded_on else replace(last, recorded=first.recorded_on)


def _completion_as_of(on: date, first: CompletionFact, last: CompletionFact) -> CompletionFact:
    """A completion as it was first recorded, and whether it is revoked by what was recorded last."""
    gone = last.revoked is not None and last.revoked <= on
    if not gone and first.revoked is None:
        return first
    return replace(
        first, revoked=last.revoked if gone else None, revocation_reason=last.revocation_reason if gone else ""
    )


def _first_and_last(facts: Sequence[Fact], on: date, key: Callable[[Fact], object]) -> list[tuple[Fact, Fact]]:
    """For each thing the first and the last fact about it that was recorded by that day."""
    if not facts:
        return []
    found: dict[object, tuple[Fact, Fact]] = {}
    for fact in sorted(facts, key=lambda fact: fact.recorded_on):
        if fact.recorded_on <= on:
            first, _ = found.get(key(fact), (fact, fact))
            found[key(fact)] = first, fact
    return list(found.values())


def covers(first: date, last: date | None, day: date) -> bool:
    return first <= day and (last is None or day <= last)
