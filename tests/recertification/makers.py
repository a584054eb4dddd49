"""Short ways to write a person's facts in tests."""

from __future__ import annotations

from datetime import date

from course.recertification.rules import (
    Completion,
    Employment,
    Extension,
    Facts,
    Pathway,
    Pause,
    Policy,
    Requirement,
    Standing,
    Started,
    standing,
)

RULE = Policy(date(2020, 1, 1))
FIXED = Policy(date(2020, 1, 1), kind="fixed", fixed_day=31, fixed_month=1, minimum_months=5)
Fact = Employment | Requirement | Completion | Extension | Pause | Started | Pathway


def d(text: str) -> date:
    return date.fromisoformat(text)


def done(day: str, kind: str = "initial", recorded: str | None = None, until: str | None = None) -> Completion:
    return Completion(d(day), d(recorded) if recorded else None, kind, d(until) if until else None)


def again(day: str) -> Completion:
    return done(day, "refresher")


def worker(*facts: Fact, since: str = "2024-01-01", end: str | None = None, reason: str = "staff") -> Facts:
    """Somebody employed and required from that day on, with more facts."""
    basis = (Employment(d(since), d(end) if end else None), Requirement(d(since), None, reason))
    return person(*basis, *facts)


def person(*facts: Fact) -> Facts:
    return Facts(
        tuple(f for f in facts if isinstance(f, Employment)),
        tuple(f for f in facts if isinstance(f, Requirement)),
        tuple(f for f in facts if isinstance(f, Completion)),
        tuple(f for f in facts if isinstance(f, Extension)),
        tuple(f for f in facts if isinstance(f, Pause)),
        tuple(f for f in facts if isinstance(f, Started)),
        tuple(f for f in facts if isinstance(f, Pathway)),
    )


def joined(one: Facts, other: Facts) -> Facts:
    return Facts(
        one.employments + other.employments,
        one.requirements + other.requirements,
        one.completions + other.completions,
        one.extensions + other.extensions,
        one.pauses + other.pauses,
        one.started + other.started,
        one.pathways + other.pathways,
    )


def plus(facts: Facts, *more: Fact) -> Facts:
    return joined(facts, person(*more))


def at(facts: Facts, day: str, *policies: Policy) -> Standing:
    return standing(facts, policies or (RULE,), d(day))
