"""The talks of ten minutes that teams had about a learning point, as whoever led them wrote down."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from course.analytics.rules.suppression import ALL
from course.teams.rules import below

LATEST_ENTRY = timedelta(days=366)  # after the talk; later nobody remembers it well
MOST_PEOPLE = 5000


@dataclass(frozen=True)
class Talk:
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


def covering(group: int, places: Mapping[int, int | None]) -> frozenset[int]:
    """The group, the teams that it is part of, and ALL: whatever these talked about, the whole group did.

    `places` says what each team is part of; of one that is closed, what it was part of or went into.
    """
    found, team = {ALL, group}, places.get(group)
    while team is not None and team not in found:
        found.add(team)
        team = places.get(team)
    return frozenset(found)


def concerning(group: int, places: Mapping[int, int | None]) -> frozenset[int]:
    """Whose talks are told of a group: those of `covering`, and of every team that is or was below it."""
    return frozenset({ALL, *places}) if group == ALL else covering(group, places) | below(group, places)


def about(talks: Iterable[Talk], teams: Collection[int]) -> list[Talk]:
    """Those of these teams, in their order."""
    return [one for one in talks if one.team in teams]


def newest(talks: Iterable[Talk], teams: Collection[int]) -> dict[str, date]:
    """For each learning point the last day on which one of these teams talked about it."""
    days: dict[str, date] = {}
    for one in about(talks, teams):
        days[one.point] = max(one.held_on, days.get(one.point, one.held_on))
    return days


def not_likely(held_on: date, today: date) -> str | None:
    """Why a talk cannot be written down with that day, in words for whoever entered it; None if it can."""
    if held_on > today:
        return "Enter today or a day before. A talk is written down once you have had it."
    if held_on < today - LATEST_ENTRY:
        return "Enter a day of the last twelve months."
    return None
