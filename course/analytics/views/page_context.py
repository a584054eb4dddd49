"""What the pages about wrong answers have in common: the teams that the viewer may see, and what was counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from flask import Blueprint, abort, g
from flask_login import current_user

from course.analytics import queries
from course.analytics.rules.release_schedule import ReleaseSchedule
from course.analytics.rules.suppression import WHOLE_ORGANISATION
from course.analytics.team_findings import TeamSnapshot, team_snapshot
from course.analytics.weekly_counts import cached_count, cached_release_schedule
from course.clock import now
from course.dates import civil_date
from course.people.queries import TeamView, teams
from course.people.queries import may_manage_team as leads_team
from course.teams.queries import parents_at
from course.teams.rules import team_subtree
from course.web.app_state import app_state
from course.web.unit_of_work import db

pages = Blueprint("analytics", __name__)
ORGANISATION_LABEL = "Everybody"


@pages.before_request
def _set_nav_section() -> None:
    g.here = "people"


def today() -> date:
    """The calendar day in the organisation's time zone."""
    return civil_date(now(), app_state().config.time_zone)


def release_schedule() -> ReleaseSchedule:
    """What is told of each group when."""
    return cached_release_schedule(db(), today(), app_state().config.time_zone)


@dataclass(frozen=True)
class VisibleTeams:
    """The teams that the viewer may see. `places` says of every team that there ever was what it is part of (see
    rules.talks.covering)."""

    teams: list[TeamView]
    places: dict[int, int | None]

    @property
    def groups(self) -> set[int]:
        """What the viewer may see: the ids of these teams, and ALL for administrators."""
        return {one.id for one in self.teams} | ({WHOLE_ORGANISATION} if current_user.person.administrator else set())

    @property
    def open(self) -> dict[int, date]:
        """Those of which there are figures, and the last day that these count."""
        line, day = release_schedule(), today()
        found = {group: line.of(group, day) for group in self.groups}
        return {group: of[0] - timedelta(days=1) for group, of in found.items() if of}

    def name(self, group: int) -> str:
        """What a group is called. Whoever may not see it finds nothing."""
        if group not in self.groups:
            abort(404)
        return next((one.name for one in self.teams if one.id == group), ORGANISATION_LABEL)

    def standing(self, team: int) -> int | None:
        """The group on whose page a team stands today: itself, or if it is closed what it became part of; None if the
        viewer may not see that."""
        groups, at = self.groups, team
        while at not in groups:
            at = self.places.get(at) or WHOLE_ORGANISATION
            if at == WHOLE_ORGANISATION:
                return WHOLE_ORGANISATION if WHOLE_ORGANISATION in groups else None
        return at


def visible_teams() -> VisibleTeams:
    """What the viewer may see."""
    every, viewer = teams(db()), current_user.person
    parents = {one.id: one.parent_id for one in every}
    own = set[int]().union(*(team_subtree(one, parents) for one in viewer.manages if one in parents))
    shown = [one for one in every if viewer.administrator or one.id in own]
    return VisibleTeams(shown, parents_at(db(), now()))


def leads_group(group: int) -> bool:
    """Whether the viewer may write down what the group did: as its manager, not as a deputy."""
    viewer = current_user.person
    return bool(viewer.administrator) if group == WHOLE_ORGANISATION else leads_team(db(), viewer, group)


def group_snapshot(group: int) -> TeamSnapshot | None:
    """Of whom the figures of a group are; None if there are none."""
    of = release_schedule().of(group, today())
    return team_snapshot(db(), of, app_state().config.time_zone) if of else None


def group_answer_counts(tree: TeamSnapshot, group: int) -> queries.AnswerCounts:
    """The answers that tell of a group that has figures."""
    among = tree.among(group)
    what = tree.before, among or frozenset(), tree.out
    return cached_count(today(), what, lambda: queries.answer_counts(db(), among, tree.before, tree.out))


def group_url(group: int) -> str:
    """Where the page of a group is."""
    return "/insight/everybody" if group == WHOLE_ORGANISATION else f"/insight/team/{group}"
