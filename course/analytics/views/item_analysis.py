"""Item analysis: the statistics of each question, for the content editor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask import render_template, request

from course.analytics import queries
from course.analytics.rules.item_analysis import MIN_ANSWERS, ItemStatistics
from course.analytics.rules.published_figures import QuestionVersion
from course.analytics.rules.question_review import review_notes
from course.analytics.views.page_context import pages, today
from course.content.loaded_course import library
from course.content.queries import part_in_version
from course.content.schema import Option, Question
from course.translation import lazy_gettext as _
from course.web.access import Permission, requires_permission
from course.web.forms import query_number
from course.web.unit_of_work import db


@dataclass(frozen=True)
class QuestionAnalysis:
    """A question in a version: `module` is the module that asks it today, None if the course does not contain it any more.

    `is_current` is whether this version is asked today; `counts` gives how many people chose each option, where there
    are options to choose; `part_shares` gives for each part of an answer the per cent of people who chose a right line for
    it; `notes` are the review notes.
    """

    question: Question
    module: str | None
    is_current: bool
    figures: ItemStatistics
    counts: tuple[tuple[Option, int], ...]
    part_shares: tuple[tuple[str, float], ...]
    notes: tuple[str, ...]


PAGE_SIZE = 20  # questions on one page of either list
# The sort orders of the table: label, and sort key. Unknown values come last.
SORTS: dict[str, tuple[str, Callable[[QuestionAnalysis], float]]] = {
    "right": (_("Fewest right"), lambda item: _missing_last(item.figures.facility)),
    "discrimination": (_("Weakest discrimination"), lambda item: _missing_last(item.figures.discrimination)),
    "efficiency": (_("Weakest efficiency"), lambda item: _missing_last(item.figures.efficiency)),
    "answers": (_("Most answers"), lambda item: -item.figures.answers),
}


def _missing_last(value: float | None) -> float:
    return 101.0 if value is None else value


@pages.get("/questions")
@requires_permission(Permission.MANAGE_ORGANISATION)
def questions() -> str:
    """Show the item analysis of each question in each version; query parameters are `sort`, `module`, `point`
    and the pages `mend` (what to improve) and `page` (all figures)."""
    course, sort = library(), request.args.get("sort", "right")
    module, point = request.args.get("module", ""), request.args.get("point", "")
    published = queries.item_figures_on(db(), today())
    items = [
        item
        for item in _question_analyses(published[1] if published else {})
        if module in ("", item.module) and (not point or point in item.question.points)
    ]
    items.sort(key=lambda item: (SORTS.get(sort, SORTS["right"])[1](item), item.question.id, item.question.version))
    to_mend = [item for item in items if item.notes]
    pages_of_mending, pages_of_all = (max(1, -(-len(found) // PAGE_SIZE)) for found in (to_mend, items))
    mending = min(query_number("mend") or 1, pages_of_mending)
    page = min(query_number("page") or 1, pages_of_all)
    return render_template(
        "analytics/questions.html",
        items=items[(page - 1) * PAGE_SIZE : page * PAGE_SIZE],
        total=len(items),
        page=page,
        pages=pages_of_all,
        to_mend=to_mend[(mending - 1) * PAGE_SIZE : mending * PAGE_SIZE],
        to_mend_total=len(to_mend),
        mending=mending,
        pages_of_mending=pages_of_mending,
        until=published[0] - timedelta(days=1) if published else None,
        sorts={name: label for name, (label, _) in SORTS.items()},
        sort=sort if sort in SORTS else "right",
        module=module,
        point=point,
        modules=course.modules,
        points=[course.points[point_id] for point_id in course.taught_points],
        floor=MIN_ANSWERS,
    )


def _question_analyses(published: Mapping[QuestionVersion, ItemStatistics]) -> list[QuestionAnalysis]:
    """The published statistics of every question in each version, with its texts."""
    course, analyses = library(), []
    modules = {question.id: module.id for module in course.modules.values() for question in module.questions}
    for (question_id, version), figures in published.items():
        question = part_in_version(db(), course, Question, question_id, version)
        if question is None:
            continue
        is_current = ("question", question_id, version) in course.parts
        has_one_answer = question.form == "one"
        right = [index for index, option in enumerate(question.options) if option.correct]
        has_counts = figures.is_sufficient and (question.form in ("one", "all") or question.has_parts)
        chosen = tuple(zip(question.options, figures.options, strict=True)) if has_counts else ()
        texts = [option.text for option in question.options]
        notes = review_notes(figures, texts, right) if has_one_answer and is_current else ()
        shares = _part_shares(question, chosen) if question.has_parts else ()
        analyses.append(
            QuestionAnalysis(question, modules.get(question_id), is_current, figures, chosen, shares, notes)
        )
    return analyses


def _part_shares(question: Question, chosen: Sequence[tuple[Option, int]]) -> tuple[tuple[str, float], ...]:
    """For each part of an answer, the per cent of people who chose a right line; nothing where no counts are shown."""
    shares = []
    for part in question.groups:
        total = sum(count for option, count in chosen if option.group == part)
        right = sum(count for option, count in chosen if option.group == part and option.correct)
        if total:
            shares.append((part, 100 * right / total))
    return tuple(shares)
