"""Short helpers to write a person's facts in tests."""

from __future__ import annotations

from datetime import date

from course.recertification.rules import (
    CertificationFacts,
    CertificationStatus,
    CompletionFact,
    EmploymentFact,
    Extension,
    PathwayFact,
    Pause,
    Policy,
    Requirement,
    StartFact,
    certification_status,
)

RULE = Policy(date(2020, 1, 1))
FIXED = Policy(date(2020, 1, 1), kind="fixed", fixed_day=31, fixed_month=1, minimum_months=5)
Fact = EmploymentFact | Requirement | CompletionFact | Extension | Pause | StartFact | PathwayFact


def d(text: str) -> date:
    return date.fromisoformat(text)


def done(day: str, kind: str = "initial", recorded: str | None = None, until: str | None = None) -> CompletionFact:
    return CompletionFact(d(day), d(recorded) if recorded else None, kind, d(until) if until else None)


def again(day: str) -> CompletionFact:
    return done(day, "refresher")


def worker(
    *facts: Fact, since: str = "2024-01-01", end: str | None = None, reason: str = "staff"
) -> CertificationFacts:
    """Somebody employed and required from that day on, with more facts."""
    basis = (EmploymentFact(d(since), d(end) if end else None), Requirement(d(since), None, reason))
    return person(*basis, *facts)


def person(*facts: Fact) -> CertificationFacts:
    return CertificationFacts(
        tuple(f for f in facts if isinstance(f, EmploymentFact)),
        tuple(f for f in facts if isinstance(f, Requirement)),
        tuple(f for f in facts if isinstance(f, CompletionFact)),
        tuple(f for f in facts if isinstance(f, Extension)),
        tuple(f for f in facts if isinstance(f, Pause)),
        tuple(f for f in facts if isinstance(f, StartFact)),
        tuple(f for f in facts if isinstance(f, PathwayFact)),
    )


def joined(one: CertificationFacts, other: CertificationFacts) -> CertificationFacts:
    return CertificationFacts(
        one.employments + other.employments,
        one.requirements + other.requirements,
        one.completions + other.completions,
        one.extensions + other.extensions,
        one.pauses + other.pauses,
        one.started + other.started,
        one.pathways + other.pathways,
    )


def plus(facts: CertificationFacts, *more: Fact) -> CertificationFacts:
    return joined(facts, person(*more))


def at(facts: CertificationFacts, day: str, *policies: Policy) -> CertificationStatus:
    return certification_status(facts, policies or (RULE,), d(day))
