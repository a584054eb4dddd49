"""What the analytics pages share: the teams that the viewer may see, and the published figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from flask import Blueprint, abort, g
from flask_login import current_user

from course.analytics import queries
from course.analytics.rules.published_figures import GroupFigures
from course.analytics.rules.suppression import WHOLE_ORGANISATION
from course.clock import now
from course.dates import civil_date
from course.people.queries import TeamView, may_manage_team, teams
from course.teams.queries import parents_at
from course.teams.rules import team_subtree
from course.translation import lazy_gettext as _
from course.web.access import Permission
from course.web.addresses import url_for
from course.web.app_state import app_state
from course.web.unit_of_work import db

pages = Blueprint("analytics", __name__)
ORGANISATION_LABEL = _("Everyone")


@pages.before_request
def _set_nav_section() -> None:
    g.here = "people"


def today() -> date:
    """The calendar day in the organisation's time zone."""
    return civil_date(now(), app_state().config.time_zone)


@dataclass(frozen=True)
class VisibleTeams:
    """The teams that the viewer may see. `team_parents` gives the parent of every team that ever existed (see
    rules.discussions.covering_groups)."""

    teams: list[TeamView]
    team_parents: dict[int, int | None]

    @property
    def groups(self) -> set[int]:
        """The groups that the viewer may see: these teams, and WHOLE_ORGANISATION for who sees all results."""
        return {team.id for team in self.teams} | (
            {WHOLE_ORGANISATION} if Permission.SEE_RESULTS_OF_EVERYONE in current_user.person.permissions else set()
        )

    @property
    def published_until(self) -> dict[int, date]:
        """The groups whose figures are published, with the last day that the figures include."""
        published, groups = queries.published_mondays(db(), today()), self.groups
        return {group: monday - timedelta(days=1) for group, monday in published.items() if group in groups}

    def name(self, group: int) -> str:
        """The name of a group; 404 if the viewer may not see it."""
        if group not in self.groups:
            abort(404)
        return next((team.name for team in self.teams if team.id == group), ORGANISATION_LABEL)

    def current_group(self, team: int) -> int | None:
        """The group whose page shows a team today: the team itself or, if it is closed, the team that it became part of;
        None if the viewer may not see that."""
        groups, at = self.groups, team
        while at not in groups:
            at = self.team_parents.get(at) or WHOLE_ORGANISATION
            if at == WHOLE_ORGANISATION:
                return WHOLE_ORGANISATION if WHOLE_ORGANISATION in groups else None
        return at


def visible_teams() -> VisibleTeams:
    """The teams whose results the viewer may see: all for an administrator, otherwise theirs and all below them."""
    all_teams, viewer = teams(db()), current_user.person
    parents = {team.id: team.parent_id for team in all_teams}
    scope = viewer.scope(Permission.SEE_RESULTS)
    managed = set[int]().union(*(team_subtree(team, parents) for team in scope.teams if team in parents))
    visible = [team for team in all_teams if scope.everyone or team.id in managed]
    return VisibleTeams(visible, parents_at(db(), now()))


def leads_group(group: int) -> bool:
    """Whether the viewer may record discussions of the group, and not only see it."""
    viewer = current_user.person
    if group == WHOLE_ORGANISATION:
        return bool(viewer.scope(Permission.RECORD_TALKS).everyone)
    return may_manage_team(db(), viewer, group, Permission.RECORD_TALKS)


def published_figures(group: int) -> tuple[date, GroupFigures] | None:
    """The figures of a group that are shown today, and their Monday; None if nothing is published of the group."""
    return queries.team_figures_on(db(), group, today())


def group_url(group: int) -> str:
    """The path of a group's results page."""
    if group == WHOLE_ORGANISATION:
        return url_for("analytics.organisation_results")
    return url_for("analytics.team", team_id=group)


def discussion_url(group: int, point: str) -> str:
    """The path of the page for the discussion of a learning point with a group."""
    if group == WHOLE_ORGANISATION:
        return url_for("analytics.organisation_discussion", point=point)
    return url_for("analytics.team_discussion", team_id=group, point=point)
