"""Discussions of ten minutes that teams held about a learning point, as their leaders recorded them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from course.analytics.rules.suppression import WHOLE_ORGANISATION
from course.teams.rules import team_subtree
from course.translation import lazy_gettext as _

MAX_ENTRY_DELAY = timedelta(days=366)  # after the discussion; a later entry would not be reliable
MAX_PEOPLE = 5000


@dataclass(frozen=True)
class DiscussionView:
    """A discussion that `people` members of a team (WHOLE_ORGANISATION: of the whole organisation) held on `held_on`.

    `agreed` is what they agreed to do, in their words; `by` recorded it at `made_at`.
    """

    id: int
    team: int
    name: str
    point: str
    held_on: date
    people: int
    agreed: str
    by: str
    made_at: datetime
    author_id: int | None = None


def covering_groups(group: int, team_parents: Mapping[int, int | None]) -> frozenset[int]:
    """The group, the teams that contain it, and WHOLE_ORGANISATION: a discussion of any of these covers the group.

    `team_parents` gives the parent of each team; for a closed team, the team that it was part of or was merged into.
    """
    found, team = {WHOLE_ORGANISATION, group}, team_parents.get(group)
    while team is not None and team not in found:
        found.add(team)
        team = team_parents.get(team)
    return frozenset(found)


def related_groups(group: int, team_parents: Mapping[int, int | None]) -> frozenset[int]:
    """The groups whose discussions a group's page lists: `covering_groups`, and every team that is or was below it."""
    return (
        frozenset({WHOLE_ORGANISATION, *team_parents})
        if group == WHOLE_ORGANISATION
        else covering_groups(group, team_parents) | team_subtree(group, team_parents)
    )


def discussions_of_teams(discussions: Iterable[DiscussionView], teams: Collection[int]) -> list[DiscussionView]:
    """The discussions of these teams, in their order."""
    return [discussion for discussion in discussions if discussion.team in teams]


def latest_discussions(discussions: Iterable[DiscussionView], teams: Collection[int]) -> dict[str, date]:
    """For each learning point the last day on which one of these teams discussed it."""
    days: dict[str, date] = {}
    for discussion in discussions_of_teams(discussions, teams):
        held_on = discussion.held_on
        days[discussion.point] = max(held_on, days.get(discussion.point, held_on))
    return days


def discussion_date_error(held_on: date, today: date) -> str | None:
    """The error message for a day on which no discussion can have been held; None if the day is possible."""
    if held_on > today:
        return _("Enter today or a day in the past.")
    if held_on < today - MAX_ENTRY_DELAY:
        return _("Enter a day in the last 12 months.")
    return None
