"""Team results: wrong answers, discussions, and the decisions at which people leave the recommended path."""

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
    discussion_url,
    group_answer_counts,
    group_snapshot,
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

MAX_DECISIONS = 10  # decisions on a page; more would hide the worst


@pages.get("")
@requires_permission(Permission.SEE_PEOPLE)
def choose_team() -> str:
    """List the teams whose results the viewer may see."""
    return render_template("analytics/choose.html", seen=visible_teams())


@pages.get("/everybody")
@requires_permission(Permission.MANAGE_ORGANISATION)
def organisation_results() -> str:
    """Show the results of the whole organisation."""
    return _results_page(WHOLE_ORGANISATION)


@pages.get("/team/<int(max=2147483647):team_id>")
@requires_permission(Permission.SEE_PEOPLE)
def team(team_id: int) -> str:
    """Show the results of a team and all teams below it."""
    return _results_page(team_id or abort(404))


def _may_withdraw(group: int | None) -> bool:
    return group is not None and leads_group(group)


def _results_page(group: int) -> str:
    visible = visible_teams()
    name, points = visible.name(group), library().points
    discussions = discussions_of_teams(queries.team_discussions(db()), related_groups(group, visible.team_parents))
    context = {
        "name": name,
        "group": group,
        "discussion_url": discussion_url,
        "points": points,
        "talks": discussions,
        "mine": {entry.id for entry in discussions if _may_withdraw(visible.current_group(entry.team))},
        "sheets": [points[point] for point in library().taught_points],
    }
    tree = group_snapshot(group)
    if tree is None:
        return render_template("analytics/too_few.html", **context)
    counts = group_answer_counts(tree, group)
    team_ids = tree.team_ids(group)
    has_trend = remainder_is_publishable(tree.parents, counts.people.values(), group)
    months = trend(counts.months, tree.parents, group, team_ids) if has_trend else []
    return render_template(
        "analytics/team.html",
        quoted=quote_text,
        until=civil_date(tree.cutoff, app_state().config.time_zone) - timedelta(days=1),
        rows=team_findings(db(), library(), counts, tree.parents, group),
        talked=latest_discussions(discussions, covering_groups(group, visible.team_parents)),
        turns=_decision_findings(group, tree, team_ids),
        months=[_trend_bar(month) for month in months],
        **context,
    )


def _decision_findings(group: int, tree: TeamSnapshot, team_ids: Collection[int] | None) -> list[DecisionFinding]:
    findings: list[DecisionFinding] = []
    key = "decisions", tree.cutoff, tree.excluded
    for (ref, version), scenes in cached_count(
        today(), key, lambda: queries.decision_counts(db(), tree.cutoff, tree.excluded)
    ).items():
        scenario = part_in_version(db(), library(), Scenario, ref, version)
        if scenario is not None:
            findings += decision_findings(scenario, group_decision_counts(scenes, tree.parents, group, team_ids))
    return sorted(findings, key=lambda finding: -finding.departures.value)[:MAX_DECISIONS]


@dataclass(frozen=True)
class TrendBar:
    """A period of one or more months in the chart; `people` is the number of people who answered."""

    first: date
    last: date
    people: int
    share: Share


def _trend_bar(month: TrendPeriod) -> TrendBar:
    right_share = share(month.right, month.n) or abort(500)
    return TrendBar(
        date.fromisoformat(f"{month.first}-01"), date.fromisoformat(f"{month.last}-01"), len(month.people), right_share
    )
