"""What teams get wrong, without a name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeVar, cast

from flask import Blueprint, abort, current_app, g, render_template, request
from flask_login import current_user

from course.clock import now
from course.content.current import library
from course.content.queries import part
from course.content.shapes import Option, Question, Scenario
from course.dates import begin_of, civil_date
from course.insight import queries
from course.insight.rules.findings import Turn, decided, turns
from course.insight.rules.groups import Month, Share, share
from course.insight.rules.items import FLOOR, Figures, figures
from course.insight.rules.mending import quoted, to_mend
from course.insight.rules.privacy import ALL, counted_until, rest_is_large
from course.insight.rules.trend import trend
from course.insight.telling import Tree, told, tree_of
from course.web.access import Permission, may
from course.web.session import db
from course.web.site import state

pages = Blueprint("insight", __name__)
KEPT = "course.insight"  # where counts are kept, among the extensions of the application
MOST_KEPT = 50
T = TypeVar("T")
SHOWN_TURNS = 10  # decisions on a page; more would bury the worst


@pages.before_request
def _here() -> None:
    g.here = "people"


def _until() -> date:
    return counted_until(civil_date(now(), state().config.time_zone))


@pages.get("")
@may(Permission.SEE_PEOPLE)
def choose() -> str:
    """The teams of which the viewer may see what they get wrong."""
    return render_template("insight/choose.html", tree=_tree(), all_open=ALL)


@pages.get("/everybody")
@may(Permission.MANAGE_ORGANISATION)
def everybody() -> str:
    """What the whole organisation gets wrong."""
    return _shown("Everybody", ALL, _tree())


@pages.get("/team/<int(max=2147483647):team_id>")
@may(Permission.SEE_PEOPLE)
def team(team_id: int) -> str:
    """What a team and those below it get wrong."""
    tree = _tree()
    found = next((one for one in tree.teams if one.id == team_id), None) or abort(404)
    return _shown(found.name, found.id, tree)


def _kept(tree: Tree, what: Hashable, count: Callable[[], T]) -> T:
    """What was counted of the same people up to the same day: until either changes, so are the answers, which are
    never changed. A million of them take seconds to count."""
    of = tree.before, tree.people
    known, counts = current_app.extensions.get(KEPT, (None, {}))
    if known != of or len(counts) >= MOST_KEPT:
        counts = {}
        current_app.extensions[KEPT] = of, counts
    if what not in counts:
        counts[what] = count()
    return cast("T", counts[what])


def _tree() -> Tree:
    """The teams that the viewer may see, and what tells of which something may be shown."""
    found, viewer = tree_of(db(), _until(), state().config.time_zone), current_user.person
    if viewer.administrator:
        return found
    seen = set[int]().union(*(found.below.get(one, set()) for one in viewer.manages))
    return replace(found, teams=[one for one in found.teams if one.id in seen])


def _shown(name: str, group: int, tree: Tree) -> str:
    if group not in tree.open:
        return render_template("insight/too_few.html", name=name)
    among = tree.among(group)
    counted = _kept(tree, among or frozenset(), lambda: queries.answers(db(), among, tree.before))
    sums = rest_is_large(tree.parents, counted.people.values(), group)
    months = trend(counted.months, tree.parents, group, among) if sums else []
    return render_template(
        "insight/team.html",
        name=name,
        quoted=quoted,
        until=_until() - timedelta(days=1),
        rows=told(db(), library(), counted, tree.parents, group),
        turns=_turns(group, tree, among),
        months=[_bar(month) for month in months],
    )


def _turns(group: int, tree: Tree, among: Collection[int] | None) -> list[Turn]:
    found: list[Turn] = []
    for (ref, version), scenes in _kept(tree, "decisions", lambda: queries.decisions(db(), tree.before)).items():
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


@dataclass(frozen=True)
class Item:
    """A question in a version: `module` is where it is asked today, None if it is not in the course any more.

    `current` is whether this version is asked today; `counts` says how many chose each option, where there is one to
    choose.
    """

    question: Question
    module: str | None
    current: bool
    figures: Figures
    counts: tuple[tuple[Option, int], ...]
    mend: tuple[str, ...]


# What the table can be sorted by: words, and the key; what is not known stands last.
SORTS: dict[str, tuple[str, Callable[[Item], float]]] = {
    "right": ("Fewest right", lambda item: _or_last(item.figures.facility)),
    "discrimination": ("Weakest discrimination", lambda item: _or_last(item.figures.discrimination)),
    "efficiency": ("Weakest efficiency", lambda item: _or_last(item.figures.efficiency)),
    "answers": ("Most answers", lambda item: -item.figures.n),
}


def _or_last(value: float | None) -> float:
    return 101.0 if value is None else value


@pages.get("/questions")
@may(Permission.MANAGE_ORGANISATION)
def questions() -> str:
    """How each question does in each version, and what to mend; `sort`, `module` and `point` stand in the address."""
    course, sort = library(), request.args.get("sort", "right")
    module, point = request.args.get("module", ""), request.args.get("point", "")
    found = [item for item in _items() if module in ("", item.module) and (not point or point in item.question.points)]
    found.sort(key=lambda item: (SORTS.get(sort, SORTS["right"])[1](item), item.question.id, item.question.version))
    return render_template(
        "insight/questions.html",
        items=found,
        sorts={name: words for name, (words, _) in SORTS.items()},
        sort=sort if sort in SORTS else "right",
        module=module,
        point=point,
        modules=course.modules,
        points=[course.points[one] for one in course.taught_points],
        floor=FLOOR,
    )


def _items() -> list[Item]:
    course, found = library(), []
    modules = {question.id: module.id for module in course.modules.values() for question in module.questions}
    for (question_id, version), results in queries.results(db(), begin_of(_until(), state().config.time_zone)).items():
        question = part(db(), course, Question, question_id, version)
        if question is None:
            continue
        current = ("question", question_id, version) in course.parts
        told = figures(results, len(question.options))
        one = question.form == "one"
        right = [index for index, option in enumerate(question.options) if option.correct]
        chosen = (
            zip(question.options, told.options, strict=True) if told.enough and question.form in ("one", "all") else ()
        )
        mend = to_mend(told, [option.text for option in question.options], right) if one and current else ()
        found.append(Item(question, modules.get(question_id), current, told, tuple(chosen), mend))
    return found
