"""What a team gets wrong, what it talked about, and where people leave the safe path."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from flask import abort, render_template

from course.analytics import queries
from course.analytics.rules.discussions import about, concerning, covering, newest
from course.analytics.rules.findings import Turn, decided, turns
from course.analytics.rules.groups import Month, Share, share
from course.analytics.rules.question_review import quoted
from course.analytics.rules.suppression import ALL, rest_is_large
from course.analytics.rules.trend import trend
from course.analytics.team_findings import Tree, told
from course.analytics.views.page_context import address, counted, figures, leads_group, pages, seen, today
from course.analytics.weekly_counts import kept
from course.content.loaded_course import library
from course.content.queries import part
from course.content.schema import Scenario
from course.dates import civil_date
from course.web.access import Permission, may
from course.web.app_state import state
from course.web.unit_of_work import db

SHOWN_TURNS = 10  # decisions on a page; more would bury the worst


@pages.get("")
@may(Permission.SEE_PEOPLE)
def choose() -> str:
    """The teams of which the viewer may see what they get wrong."""
    return render_template("analytics/choose.html", seen=seen())


@pages.get("/everybody")
@may(Permission.MANAGE_ORGANISATION)
def everybody() -> str:
    """What the whole organisation gets wrong."""
    return _shown(ALL)


@pages.get("/team/<int(max=2147483647):team_id>")
@may(Permission.SEE_PEOPLE)
def team(team_id: int) -> str:
    """What a team and those below it get wrong."""
    return _shown(team_id or abort(404))


def _may_take_back(group: int | None) -> bool:
    return group is not None and leads_group(group)


def _shown(group: int) -> str:
    here = seen()
    name, points = here.name(group), library().points
    talks = about(queries.talks(db()), concerning(group, here.places))
    given = {
        "name": name,
        "base": address(group),
        "points": points,
        "talks": talks,
        "mine": {one.id for one in talks if _may_take_back(here.standing(one.team))},
        "sheets": [points[one] for one in library().taught_points],
    }
    tree = figures(group)
    if tree is None:
        return render_template("analytics/too_few.html", **given)
    found = counted(tree, group)
    among = tree.among(group)
    sums = rest_is_large(tree.parents, found.people.values(), group)
    months = trend(found.months, tree.parents, group, among) if sums else []
    return render_template(
        "analytics/team.html",
        quoted=quoted,
        until=civil_date(tree.before, state().config.time_zone) - timedelta(days=1),
        rows=told(db(), library(), found, tree.parents, group),
        talked=newest(talks, covering(group, here.places)),
        turns=_turns(group, tree, among),
        months=[_bar(month) for month in months],
        **given,
    )


def _turns(group: int, tree: Tree, among: Collection[int] | None) -> list[Turn]:
    found: list[Turn] = []
    what = "decisions", tree.before, tree.out
    for (ref, version), scenes in kept(today(), what, lambda: queries.decisions(db(), tree.before, tree.out)).items():
        scenario = part(db(), library(), Scenario, ref, version)
        if scenario is not None:
            found += turns(scenario, decided(scenes, tree.parents, group, among))
    return sorted(found, key=lambda turn: -turn.left.value)[:SHOWN_TURNS]


@dataclass(frozen=True)
class Bar:
    """A month, or several joined, in the chart; `people` answered."""

    first: date
    last: date
    people: int
    share: Share


def _bar(month: Month) -> Bar:
    told = share(month.right, month.n) or abort(500)
    return Bar(date.fromisoformat(f"{month.first}-01"), date.fromisoformat(f"{month.last}-01"), len(month.people), told)
