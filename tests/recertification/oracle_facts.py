"""The facts about a person that the oracle (oracle.py) knows on a day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import TypeVar

from course.recertification.rules import (
    CertificationFacts,
    CompletionFact,
    EmploymentFact,
    Extension,
    PathwayFact,
    Pause,
    Requirement,
    StartFact,
)

Fact = TypeVar("Fact", EmploymentFact, Requirement, CompletionFact, Extension, Pause, StartFact, PathwayFact)


def gone(done: CompletionFact, day: date) -> bool:
    """Whether a completion had been revoked by the end of that day."""
    return done.revoked is not None and done.revoked <= day


def as_known(facts: CertificationFacts, on: date) -> CertificationFacts:
    """What was written down by the end of that day. Of several facts about one thing the last stands; what is learned
    about the end of a stay or of a reason does not tell of it anew (case 19), and importing the same again changes
    nothing (case 40)."""
    stays: dict[date, list[EmploymentFact]] = {}
    for stay in _told(facts.employments, on, lambda e: e.recorded or e.start):
        stays.setdefault(stay.start, []).append(stay)
    reasons: dict[tuple[date, str], list[Requirement]] = {}
    for reason in _told(facts.requirements, on, lambda r: r.recorded or r.since):
        reasons.setdefault((reason.since, reason.reason), []).append(reason)
    done: dict[tuple[date, str, date | None], list[CompletionFact]] = {}
    for one in _told(facts.completions, on, lambda c: c.recorded or c.day):
        done.setdefault((one.day, one.kind, one.valid_until), []).append(one)
    given: dict[tuple[date, date, str], Extension] = {}
    for extension in _told(facts.extensions, on, lambda e: e.recorded):
        given[extension.recorded, extension.until, extension.reason] = extension
    leaves: dict[date, Pause] = {}
    for leave in _told(facts.pauses, on, lambda p: p.recorded or p.since):
        leaves[leave.since] = leave
    ways: dict[date, PathwayFact] = {}
    for choice in _told(facts.pathways, on, lambda p: p.since):
        ways[choice.since] = choice
    return CertificationFacts(
        tuple(replace(all_[-1], recorded=all_[0].recorded or all_[0].start) for all_ in stays.values()),
        tuple(replace(all_[-1], recorded=all_[0].recorded or all_[0].since) for all_ in reasons.values()),
        tuple(replace(all_[0], revoked=all_[-1].revoked if gone(all_[-1], on) else None) for all_ in done.values()),
        tuple(given.values()),
        tuple(leaves.values()),
        tuple(_told(facts.started, on, lambda s: s.recorded or s.day)),
        tuple(ways.values()),
    )


def _told(facts: Sequence[Fact], on: date, written: Callable[[Fact], date]) -> list[Fact]:
    """Those written down by that day, in the order in which they were."""
    return [fact for fact in sorted(facts, key=written) if written(fact) <= on]
