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


def completed(day: str, kind: str = "initial", recorded: str | None = None, until: str | None = None) -> CompletionFact:
    """A completion on that day."""
    return CompletionFact(d(day), d(recorded) if recorded else None, kind, d(until) if until else None)


def refreshed(day: str) -> CompletionFact:
    """A completion of a refresher on that day."""
    return completed(day, "refresher")


def employee(
    *facts: Fact, since: str = "2024-01-01", end: str | None = None, reason: str = "staff"
) -> CertificationFacts:
    """The facts of a person who is employed and for whom the course is required from that day on, with more facts."""
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


def merge_facts(first: CertificationFacts, second: CertificationFacts) -> CertificationFacts:
    return CertificationFacts(
        first.employments + second.employments,
        first.requirements + second.requirements,
        first.completions + second.completions,
        first.extensions + second.extensions,
        first.pauses + second.pauses,
        first.started + second.started,
        first.pathways + second.pathways,
    )


def add_facts(facts: CertificationFacts, *additional: Fact) -> CertificationFacts:
    return merge_facts(facts, person(*additional))


def status_on(facts: CertificationFacts, day: str, *policies: Policy) -> CertificationStatus:
    """The certification status on that day; without policies under the default policy."""
    return certification_status(facts, policies or (RULE,), d(day))
