"""What a team gets wrong, what it talked about, and where people leave the safe path."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from flask import abort, render_template

from course.analytics import queries
from course.analytics.rules.discussions import covering_groups, discussions_of_teams, latest_discussions, related_groups
from course.analytics.rules.findings import DecisionFinding, decision_findings, group_decision_counts
from course.analytics.rules.groups import Share, TrendPeriod, share
from course.analytics.rules.question_review import quote_text
from course.analytics.rules.suppression import WHOLE_ORGANISATION, remainder_is_publishable
from course.analytics.rules.trend import trend
from course.analytics.team_findings import TeamSnapshot, team_findings
from course.analytics.views.page_context import (
    group_answer_counts,
    group_snapshot,
    group_url,
    leads_group,
    pages,
    today,
    visible_teams,
)
from course.analytics.weekly_counts import cached_count
from course.content.loaded_course import library
from course.content.queries import part_in_version
from course.content.schema import Scenario
from course.dates import civil_date
from course.web.access import Permission, requires_permission
from course.web.app_state import app_state
from course.web.unit_of_work import db

MAX_DECISIONS = 10  # decisions on a page; more would bury the worst


@pages.get("")
@requires_permission(Permission.SEE_PEOPLE)
def choose_team() -> str:
    """The teams of which the viewer may see what they get wrong."""
    return render_template("analytics/choose.html", seen=visible_teams())


@pages.get("/everybody")
@requires_permission(Permission.MANAGE_ORGANISATION)
def organisation_results() -> str:
    """What the whole organisation gets wrong."""
    return _results_page(WHOLE_ORGANISATION)


@pages.get("/team/<int(max=2147483647):team_id>")
@requires_permission(Permission.SEE_PEOPLE)
def team(team_id: int) -> str:
    """What a team and those below it get wrong."""
    return _results_page(team_id or abort(404))


def _may_withdraw(group: int | None) -> bool:
    return group is not None and leads_group(group)


def _results_page(group: int) -> str:
    here = visible_teams()
    name, points = here.name(group), library().points
    talks = discussions_of_teams(queries.team_discussions(db()), related_groups(group, here.places))
    given = {
        "name": name,
        "base": group_url(group),
        "points": points,
        "talks": talks,
        "mine": {one.id for one in talks if _may_withdraw(here.standing(one.team))},
        "sheets": [points[one] for one in library().taught_points],
    }
    tree = group_snapshot(group)
    if tree is None:
        return render_template("analytics/too_few.html", **given)
    found = group_answer_counts(tree, group)
    among = tree.among(group)
    sums = remainder_is_publishable(tree.parents, found.people.values(), group)
    months = trend(found.months, tree.parents, group, among) if sums else []
    return render_template(
        "analytics/team.html",
        quoted=quote_text,
        until=civil_date(tree.before, app_state().config.time_zone) - timedelta(days=1),
        rows=team_findings(db(), library(), found, tree.parents, group),
        talked=latest_discussions(talks, covering_groups(group, here.places)),
        turns=_decision_findings(group, tree, among),
        months=[_trend_bar(month) for month in months],
        **given,
    )


def _decision_findings(group: int, tree: TeamSnapshot, among: Collection[int] | None) -> list[DecisionFinding]:
    found: list[DecisionFinding] = []
    what = "decisions", tree.before, tree.out
    for (ref, version), scenes in cached_count(
        today(), what, lambda: queries.decision_counts(db(), tree.before, tree.out)
    ).items():
        scenario = part_in_version(db(), library(), Scenario, ref, version)
        if scenario is not None:
            found += decision_findings(scenario, group_decision_counts(scenes, tree.parents, group, among))
    return sorted(found, key=lambda turn: -turn.left.value)[:MAX_DECISIONS]


@dataclass(frozen=True)
class TrendBar:
    """A month, or several joined, in the chart; `people` answered."""

    first: date
    last: date
    people: int
    share: Share


def _trend_bar(month: TrendPeriod) -> TrendBar:
    told = share(month.right, month.n) or abort(500)
    return TrendBar(
        date.fromisoformat(f"{month.first}-01"), date.fromisoformat(f"{month.last}-01"), len(month.people), told
    )
