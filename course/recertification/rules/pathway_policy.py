"""From the versions for everybody and for single pathways to the one sequence that governs a person.

On each day the person's own pathway decides: the newest version for it governs, or, as long as there is none, the
newest for everybody. A version for everybody does not end a rule that a pathway has of its own.
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
    """A version that came to govern somebody on the day of a move to another pathway, and not because it was made."""


def policies_for_person(policies: Sequence[Policy], history: Sequence[PathwayFact]) -> Sequence[Policy]:
    """The versions that govern somebody with this history of pathways, none of them for a pathway.

    A version keeps its day and applies as it says to those who are in its pathway on that day. Whoever comes under
    another rule by a move comes under it on the day of the move: due days move, no nearer than the minimum of days,
    and a certificate keeps its date. Later choices and versions add to the sequence and change nothing in it.
    """
    if not any(policy.pathway for policy in policies):
        return policies
    # Of several choices on one day the last holds.
    chosen = {choice.since: choice.name for choice in history}
    found: list[Policy] = []
    name: str | None = None
    for day in sorted({*(policy.governs_from for policy in policies), *chosen}):
        before, name = name, chosen.get(day, name)
        now, stayed = _effective_policy(policies, name, day), _effective_policy(policies, before, day)
        if now is None:
            continue
        if now is not stayed:
            values = {field.name: getattr(now, field.name) for field in fields(Policy)}
            found.append(
                PathwayChangePolicy(**values | {"since": day, "recorded": day, "applies": IMMEDIATELY, "pathway": None})
            )
        else:
            found += _starting_versions(policies, name, day, now)
    return found


def _effective_policy(policies: Sequence[Policy], pathway: str | None, on: date) -> Policy | None:
    """The version for those of that pathway on that day."""
    own = policy_in_force([policy for policy in policies if policy.pathway == pathway], on) if pathway else None
    if own is not None and own.kind != GENERAL:
        return own
    return policy_in_force([policy for policy in policies if policy.pathway is None], on)


def own_pathway_policy(policies: Sequence[Policy], pathway: str, on: date) -> Policy | None:
    """The version that a pathway has of its own on that day; None if it follows the one for everybody."""
    found = _effective_policy(policies, pathway, on)
    return found if found is not None and found.pathway else None


def _starting_versions(policies: Sequence[Policy], pathway: str | None, day: date, now: Policy) -> list[Policy]:
    """What came to govern on that day for those who were in the pathway before it."""
    today = [policy for policy in policies if policy.governs_from == day]
    ended = [policy for policy in today if policy.kind == GENERAL and policy.pathway == pathway]
    before = _effective_policy(policies, pathway, add_days(day, -1))
    if ended and now.pathway is None and before is not None and before.pathway:
        return [replace(now, since=day, recorded=day, applies=ended[-1].applies)]
    return [replace(p, pathway=None) for p in today if p.pathway == now.pathway and p.kind != GENERAL]
