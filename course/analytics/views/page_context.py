"""What the pages about wrong answers have in common: the teams that the viewer may see, and what was counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from flask import Blueprint, abort, g
from flask_login import current_user

from course.analytics import queries
from course.analytics.rules.release_schedule import Timeline
from course.analytics.rules.suppression import ALL
from course.analytics.team_findings import Tree, tree_of
from course.analytics.weekly_counts import kept, timeline_here
from course.clock import now
from course.dates import civil_date
from course.people.queries import TeamView, teams
from course.people.queries import leads as leads_team
from course.teams.queries import places
from course.teams.rules import below
from course.web.app_state import state
from course.web.unit_of_work import db

pages = Blueprint("analytics", __name__)
EVERYBODY = "Everybody"


@pages.before_request
def _here() -> None:
    g.here = "people"


def today() -> date:
    """The calendar day in the organisation's time zone."""
    return civil_date(now(), state().config.time_zone)


def timeline() -> Timeline:
    """What is told of each group when."""
    return timeline_here(db(), today(), state().config.time_zone)


@dataclass(frozen=True)
class Seen:
    """The teams that the viewer may see. `places` says of every team that there ever was what it is part of (see
    rules.talks.covering)."""

    teams: list[TeamView]
    places: dict[int, int | None]

    @property
    def groups(self) -> set[int]:
        """What the viewer may see: the ids of these teams, and ALL for administrators."""
        return {one.id for one in self.teams} | ({ALL} if current_user.person.administrator else set())

    @property
    def open(self) -> dict[int, date]:
        """Those of which there are figures, and the last day that these count."""
        line, day = timeline(), today()
        found = {group: line.of(group, day) for group in self.groups}
        return {group: of[0] - timedelta(days=1) for group, of in found.items() if of}

    def name(self, group: int) -> str:
        """What a group is called. Whoever may not see it finds nothing."""
        if group not in self.groups:
            abort(404)
        return next((one.name for one in self.teams if one.id == group), EVERYBODY)

    def standing(self, team: int) -> int | None:
        """The group on whose page a team stands today: itself, or if it is closed what it became part of; None if the
        viewer may not see that."""
        groups, at = self.groups, team
        while at not in groups:
            at = self.places.get(at) or ALL
            if at == ALL:
                return ALL if ALL in groups else None
        return at


def seen() -> Seen:
    """What the viewer may see."""
    every, viewer = teams(db()), current_user.person
    parents = {one.id: one.parent_id for one in every}
    own = set[int]().union(*(below(one, parents) for one in viewer.manages if one in parents))
    shown = [one for one in every if viewer.administrator or one.id in own]
    return Seen(shown, places(db(), now()))


def leads_group(group: int) -> bool:
    """Whether the viewer may write down what the group did: as its manager, not as a deputy."""
    viewer = current_user.person
    return bool(viewer.administrator) if group == ALL else leads_team(db(), viewer, group)


def figures(group: int) -> Tree | None:
    """Of whom the figures of a group are; None if there are none."""
    of = timeline().of(group, today())
    return tree_of(db(), of, state().config.time_zone) if of else None


def counted(tree: Tree, group: int) -> queries.Counted:
    """The answers that tell of a group that has figures."""
    among = tree.among(group)
    what = tree.before, among or frozenset(), tree.out
    return kept(today(), what, lambda: queries.answers(db(), among, tree.before, tree.out))


def address(group: int) -> str:
    """Where the page of a group is."""
    return "/insight/everybody" if group == ALL else f"/insight/team/{group}"
