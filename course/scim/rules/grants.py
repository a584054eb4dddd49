"""What groups give their members: which teams, roles and pathway somebody gets, keeps and loses. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from course.translation import lazy_gettext as _

KINDS = {
    "team": _("Member of a team"),
    "manager": _("Manager of a team"),
    "pathway": _("Pathway"),
}


@dataclass(frozen=True, order=True)
class Grant:
    """What a rule gives: a team, the role of its manager, or a pathway."""

    kind: str
    team_id: int | None = None
    pathway: str | None = None


@dataclass(frozen=True)
class GrantChanges:
    """What to give somebody, and what to take from them."""

    give: tuple[Grant, ...]
    take: tuple[Grant, ...]


def effective_grants(rules: Iterable[Grant]) -> frozenset[Grant]:
    """What somebody gets by these rules, oldest first: every team and role, and the pathway of the oldest rule that gives
    one, because a person has one."""
    found: list[Grant] = []
    for rule in rules:
        if rule.kind == "pathway" and any(one.kind == "pathway" for one in found):
            continue
        found.append(rule)
    return frozenset(found)


def plan_changes(wanted: Collection[Grant], given: Collection[Grant]) -> GrantChanges:
    """What to do for somebody whom the groups gave `given`, and who is to have `wanted`. What they had by hand is in neither,
    so nobody loses it. What is taken comes before what is given: a person has one pathway."""
    give = sorted(set(wanted) - set(given), key=_order)
    return GrantChanges(tuple(give), tuple(sorted(set(given) - set(wanted), key=_order)))


def _order(grant: Grant) -> tuple[str, int, str]:
    return grant.kind, grant.team_id or 0, grant.pathway or ""
