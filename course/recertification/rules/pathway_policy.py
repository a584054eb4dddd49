"""Combine the policy versions for everybody and for single pathways into the one sequence that governs a person.

On each day the person's pathway decides: the newest policy version for that pathway governs or, while the pathway has
none, the newest version for everybody. A version for everybody does not end a policy that a pathway has of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date

from course.recertification.rules.civil_dates import add_days
from course.recertification.rules.facts import PathwayFact
from course.recertification.rules.policy import GENERAL, IMMEDIATELY, Policy, policy_in_force


@dataclass(frozen=True)
class PathwayChangePolicy(Policy):
    """A policy version that governs a person from the day of a move to another pathway, and not from the day on which
    the version was made."""


def policies_for_person(policies: Sequence[Policy], history: Sequence[PathwayFact]) -> Sequence[Policy]:
    """The policy versions that govern a person with this history of pathways; `pathway` is None in each of them.

    A version keeps its day and applies as stated to the people who are in its pathway on that day. A person who comes
    under another policy by a move to another pathway comes under it on the day of the move: due dates move, no nearer
    than the minimum number of days, and certificates keep their dates. Later pathway choices and versions add to the
    sequence and change nothing in it.
    """
    if not any(policy.pathway for policy in policies):
        return policies
    # Of several choices on one day the last one counts.
    pathway_by_day = {choice.since: choice.name for choice in history}
    sequence: list[Policy] = []
    pathway: str | None = None
    for day in sorted({*(policy.governs_from for policy in policies), *pathway_by_day}):
        previous_pathway, pathway = pathway, pathway_by_day.get(day, pathway)
        policy, policy_before_move = (
            _effective_policy(policies, pathway, day),
            _effective_policy(policies, previous_pathway, day),
        )
        if policy is None:
            continue
        if policy is not policy_before_move:
            values = {field.name: getattr(policy, field.name) for field in fields(Policy)}
            sequence.append(
                PathwayChangePolicy(**values | {"since": day, "recorded": day, "applies": IMMEDIATELY, "pathway": None})
            )
        else:
            sequence += _starting_versions(policies, pathway, day, policy)
    return sequence


def _effective_policy(policies: Sequence[Policy], pathway: str | None, on: date) -> Policy | None:
    """The policy version for people in that pathway on that day."""
    pathway_policy = (
        policy_in_force([policy for policy in policies if policy.pathway == pathway], on) if pathway else None
    )
    if pathway_policy is not None and pathway_policy.kind != GENERAL:
        return pathway_policy
    return policy_in_force([policy for policy in policies if policy.pathway is None], on)


def own_pathway_policy(policies: Sequence[Policy], pathway: str, on: date) -> Policy | None:
    """The policy version that the pathway has of its own on that day; None if it follows the version for everybody."""
    effective = _effective_policy(policies, pathway, on)
    return effective if effective is not None and effective.pathway else None


def _starting_versions(policies: Sequence[Policy], pathway: str | None, day: date, policy: Policy) -> list[Policy]:
    """The policy versions that took effect on that day for people who were already in the pathway the day before."""
    starting = [policy for policy in policies if policy.governs_from == day]
    ended = [policy for policy in starting if policy.kind == GENERAL and policy.pathway == pathway]
    previous = _effective_policy(policies, pathway, add_days(day, -1))
    if ended and policy.pathway is None and previous is not None and previous.pathway:
        return [replace(policy, since=day, recorded=day, applies=ended[-1].applies)]
    return [replace(p, pathway=None) for p in starting if p.pathway == policy.pathway and p.kind != GENERAL]


def pathway_history(
    organisation_choices: list[PathwayFact], person_choices: list[tuple[date, str | None]]
) -> tuple[PathwayFact, ...]:
    """The pathways that hold for the person and, until the first of these choices, for the whole organisation; that of the
    organisation, too, from a choice without a pathway to the next one."""
    first = min((since for since, _ in person_choices), default=date.max)
    facts = [choice for choice in organisation_choices if choice.since < first]
    for number, (since, pathway) in enumerate(person_choices, 1):
        until = person_choices[number][0] if number < len(person_choices) else date.max
        if pathway is not None:
            facts.append(PathwayFact(since, pathway))
            continue
        earlier = [choice for choice in organisation_choices if choice.since <= since] or organisation_choices[:1]
        facts += [PathwayFact(since, choice.name) for choice in earlier[-1:]]
        facts += [choice for choice in organisation_choices if since < choice.since < until]
    return tuple(facts)
