"""The talks of ten minutes that teams had about a learning point, as whoever led them wrote down."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from course.analytics.rules.suppression import WHOLE_ORGANISATION
from course.teams.rules import team_subtree

MAX_ENTRY_DELAY = timedelta(days=366)  # after the talk; later nobody remembers it well
MAX_PEOPLE = 5000


@dataclass(frozen=True)
class DiscussionView:
    """On `held_on`, `people` of a team (ALL: of the whole organisation) talked about a learning point. `agreed` is what
    they wanted to do then, in their words; `by` wrote it down at `made_at`."""

    id: int
    team: int
    name: str
    point: str
    held_on: date
    people: int
    agreed: str
    by: str
    made_at: datetime


def covering_groups(group: int, places: Mapping[int, int | None]) -> frozenset[int]:
    """The group, the teams that it is part of, and ALL: whatever these talked about, the whole group did.

    `places` says what each team is part of; of one that is closed, what it was part of or went into.
    """
    found, team = {WHOLE_ORGANISATION, group}, places.get(group)
    while team is not None and team not in found:
        found.add(team)
        team = places.get(team)
    return frozenset(found)


def related_groups(group: int, places: Mapping[int, int | None]) -> frozenset[int]:
    """Whose talks are told of a group: those of `covering_groups`, and of every team that is or was below it."""
    return (
        frozenset({WHOLE_ORGANISATION, *places})
        if group == WHOLE_ORGANISATION
        else covering_groups(group, places) | team_subtree(group, places)
    )


def discussions_of_teams(talks: Iterable[DiscussionView], teams: Collection[int]) -> list[DiscussionView]:
    """Those of these teams, in their order."""
    return [one for one in talks if one.team in teams]


def latest_discussions(talks: Iterable[DiscussionView], teams: Collection[int]) -> dict[str, date]:
    """For each learning point the last day on which one of these teams talked about it."""
    days: dict[str, date] = {}
    for one in discussions_of_teams(talks, teams):
        days[one.point] = max(one.held_on, days.get(one.point, one.held_on))
    return days


def discussion_date_error(held_on: date, today: date) -> str | None:
    """Why a talk cannot be written down with that day, in words for whoever entered it; None if it can."""
    if held_on > today:
        return "Enter today or a day before. A talk is written down once you have had it."
    if held_on < today - MAX_ENTRY_DELAY:
        return "Enter a day of the last twelve months."
    return None
