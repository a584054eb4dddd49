"""How each question does, for the person who keeps the content."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import render_template, request

from course.analytics import queries
from course.analytics.rules.item_analysis import FLOOR, Figures, figures
from course.analytics.rules.question_review import to_mend
from course.analytics.team_findings import questions_until
from course.analytics.views.page_context import pages, today
from course.analytics.weekly_counts import kept
from course.content.loaded_course import library
from course.content.queries import part
from course.content.schema import Option, Question
from course.dates import begin_of
from course.web.access import Permission, may
from course.web.app_state import state
from course.web.unit_of_work import db


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
    found = [
        item
        for item in kept(today(), "items", _items)
        if module in ("", item.module) and (not point or point in item.question.points)
    ]
    found.sort(key=lambda item: (SORTS.get(sort, SORTS["right"])[1](item), item.question.id, item.question.version))
    return render_template(
        "analytics/questions.html",
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
    """Every question that was answered, in each of its versions."""
    course, found = library(), []
    modules = {question.id: module.id for module in course.modules.values() for question in module.questions}
    zone = state().config.time_zone
    until = questions_until(db(), today(), zone)
    counted = queries.results(db(), begin_of(until, zone)) if until else {}
    for (question_id, version), results in counted.items():
        question = part(db(), course, Question, question_id, version)
        if question is None:
            continue
        current = ("question", question_id, version) in course.parts
        did = figures(results, len(question.options))
        one = question.form == "one"
        right = [index for index, option in enumerate(question.options) if option.correct]
        chosen = (
            zip(question.options, did.options, strict=True) if did.enough and question.form in ("one", "all") else ()
        )
        mend = to_mend(did, [option.text for option in question.options], right) if one and current else ()
        found.append(Item(question, modules.get(question_id), current, did, tuple(chosen), mend))
    return found
