"""Team results: wrong answers, discussions, and the decisions at which people leave the recommended path."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from flask import abort, render_template

from course.analytics import queries
from course.analytics.rules.discussions import covering_groups, discussions_of_teams, latest_discussions, related_groups
from course.analytics.rules.findings import DecisionFinding, decision_findings
from course.analytics.rules.groups import Share
from course.analytics.rules.published_figures import GroupFigures, PublishedPeriod
from course.analytics.rules.question_review import quote_text
from course.analytics.rules.suppression import WHOLE_ORGANISATION
from course.analytics.team_findings import team_findings
from course.analytics.views.page_context import (
    discussion_url,
    leads_group,
    pages,
    published_figures,
    visible_teams,
)
from course.content.loaded_course import library
from course.content.queries import part_in_version
from course.content.schema import Scenario
from course.web.access import Permission, requires_permission
from course.web.unit_of_work import db

MAX_DECISIONS = 10  # decisions on a page; more would hide the worst


@pages.get("")
@requires_permission(Permission.SEE_RESULTS)
def choose_team() -> str:
    """List the teams whose results the viewer may see."""
    visible = visible_teams()
    return render_template("analytics/choose.html", seen=visible, open=visible.published_until)


@pages.get("/everybody")
@requires_permission(Permission.SEE_RESULTS_OF_EVERYONE)
def organisation_results() -> str:
    """Show the results of the whole organisation."""
    return _results_page(WHOLE_ORGANISATION)


@pages.get("/team/<int(max=2147483647):team_id>")
@requires_permission(Permission.SEE_RESULTS)
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
    published = published_figures(group)
    if published is None:
        return render_template("analytics/too_few.html", **context)
    monday, figures = published
    return render_template(
        "analytics/team.html",
        quoted=quote_text,
        until=monday - timedelta(days=1),
        rows=team_findings(db(), library(), figures.findings),
        talked=latest_discussions(discussions, covering_groups(group, visible.team_parents)),
        turns=_decision_findings(figures),
        months=[_trend_bar(period) for period in figures.periods],
        **context,
    )


def _decision_findings(figures: GroupFigures) -> list[DecisionFinding]:
    findings: list[DecisionFinding] = []
    for (ref, version), counts in figures.decisions.items():
        scenario = part_in_version(db(), library(), Scenario, ref, version)
        if scenario is not None:
            findings += decision_findings(scenario, counts)
    return sorted(findings, key=lambda finding: -finding.departures.value)[:MAX_DECISIONS]


@dataclass(frozen=True)
class TrendBar:
    """A period of one or more months in the chart; `people` is the number of people who answered."""

    first: date
    last: date
    people: int
    share: Share


def _trend_bar(period: PublishedPeriod) -> TrendBar:
    first, last = date.fromisoformat(f"{period.first}-01"), date.fromisoformat(f"{period.last}-01")
    return TrendBar(first, last, period.people, period.share or abort(500))
