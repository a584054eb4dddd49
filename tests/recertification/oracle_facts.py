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


def is_revoked(completion: CompletionFact, day: date) -> bool:
    """Whether a completion had been revoked by the end of that day."""
    return completion.revoked is not None and completion.revoked <= day


def facts_as_of(facts: CertificationFacts, on: date) -> CertificationFacts:
    """The facts recorded by the end of that day. Of several facts about one subject the last counts; a correction of
    the end of an employment or a requirement keeps the day of the first record (case 19), and importing the same
    certificate again changes nothing (case 40)."""
    employments: dict[date, list[EmploymentFact]] = {}
    for employment in _recorded_by(facts.employments, on, lambda e: e.recorded or e.start):
        employments.setdefault(employment.start, []).append(employment)
    requirements: dict[tuple[date, str], list[Requirement]] = {}
    for requirement in _recorded_by(facts.requirements, on, lambda r: r.recorded or r.since):
        requirements.setdefault((requirement.since, requirement.reason), []).append(requirement)
    completions: dict[tuple[date, str, date | None], list[CompletionFact]] = {}
    for one in _recorded_by(facts.completions, on, lambda c: c.recorded or c.day):
        completions.setdefault((one.day, one.kind, one.valid_until), []).append(one)
    extensions: dict[tuple[date, date, str], Extension] = {}
    for extension in _recorded_by(facts.extensions, on, lambda e: e.recorded):
        extensions[extension.recorded, extension.until, extension.reason] = extension
    leaves: dict[date, Pause] = {}
    for leave in _recorded_by(facts.pauses, on, lambda p: p.recorded or p.since):
        leaves[leave.since] = leave
    pathways: dict[date, PathwayFact] = {}
    for choice in _recorded_by(facts.pathways, on, lambda p: p.since):
        pathways[choice.since] = choice
    return CertificationFacts(
        tuple(replace(all_[-1], recorded=all_[0].recorded or all_[0].start) for all_ in employments.values()),
        tuple(replace(all_[-1], recorded=all_[0].recorded or all_[0].since) for all_ in requirements.values()),
        tuple(
            replace(all_[0], revoked=all_[-1].revoked if is_revoked(all_[-1], on) else None)
            for all_ in completions.values()
        ),
        tuple(extensions.values()),
        tuple(leaves.values()),
        tuple(_recorded_by(facts.started, on, lambda s: s.recorded or s.day)),
        tuple(pathways.values()),
    )


def _recorded_by(facts: Sequence[Fact], on: date, recorded_on: Callable[[Fact], date]) -> list[Fact]:
    """The facts recorded by that day, in the order of recording."""
    return [fact for fact in sorted(facts, key=recorded_on) if recorded_on(fact) <= on]
