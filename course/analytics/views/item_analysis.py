"""How each question does, for the person who keeps the content."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import render_template, request

from course.analytics import queries
from course.analytics.rules.item_analysis import MIN_ANSWERS, ItemStatistics, item_statistics
from course.analytics.rules.question_review import review_notes
from course.analytics.team_findings import item_analysis_cutoff
from course.analytics.views.page_context import pages, today
from course.analytics.weekly_counts import cached_count
from course.content.loaded_course import library
from course.content.queries import part_in_version
from course.content.schema import Option, Question
from course.dates import start_of_day
from course.web.access import Permission, requires_permission
from course.web.app_state import app_state
from course.web.unit_of_work import db


@dataclass(frozen=True)
class QuestionAnalysis:
    """A question in a version: `module` is where it is asked today, None if it is not in the course any more.

    `current` is whether this version is asked today; `counts` says how many chose each option, where there is one to
    choose.
    """

    question: Question
    module: str | None
    current: bool
    figures: ItemStatistics
    counts: tuple[tuple[Option, int], ...]
    mend: tuple[str, ...]


# What the table can be sorted by: words, and the key; what is not known stands last.
SORTS: dict[str, tuple[str, Callable[[QuestionAnalysis], float]]] = {
    "right": ("Fewest right", lambda item: _missing_last(item.figures.facility)),
    "discrimination": ("Weakest discrimination", lambda item: _missing_last(item.figures.discrimination)),
    "efficiency": ("Weakest efficiency", lambda item: _missing_last(item.figures.efficiency)),
    "answers": ("Most answers", lambda item: -item.figures.n),
}


def _missing_last(value: float | None) -> float:
    return 101.0 if value is None else value


@pages.get("/questions")
@requires_permission(Permission.MANAGE_ORGANISATION)
def questions() -> str:
    """How each question does in each version, and what to mend; `sort`, `module` and `point` stand in the address."""
    course, sort = library(), request.args.get("sort", "right")
    module, point = request.args.get("module", ""), request.args.get("point", "")
    found = [
        item
        for item in cached_count(today(), "items", _question_analyses)
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
        floor=MIN_ANSWERS,
    )


def _question_analyses() -> list[QuestionAnalysis]:
    """Every question that was answered, in each of its versions."""
    course, found = library(), []
    modules = {question.id: module.id for module in course.modules.values() for question in module.questions}
    zone = app_state().config.time_zone
    until = item_analysis_cutoff(db(), today(), zone)
    counted = queries.item_responses(db(), start_of_day(until, zone)) if until else {}
    for (question_id, version), results in counted.items():
        question = part_in_version(db(), course, Question, question_id, version)
        if question is None:
            continue
        current = ("question", question_id, version) in course.parts
        did = item_statistics(results, len(question.options))
        one = question.form == "one"
        right = [index for index, option in enumerate(question.options) if option.correct]
        chosen = (
            zip(question.options, did.options, strict=True) if did.enough and question.form in ("one", "all") else ()
        )
        mend = review_notes(did, [option.text for option in question.options], right) if one and current else ()
        found.append(QuestionAnalysis(question, modules.get(question_id), current, did, tuple(chosen), mend))
    return found
