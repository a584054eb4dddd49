"""Attempts: questions that are asked one at a time, answered once, and explained."""

from __future__ import annotations

from collections.abc import Sequence

from flask import abort, flash, render_template, request, url_for
from werkzeug.wrappers import Response

from course.content.queries import part_in_version
from course.content.schema import Question
from course.learning import actions, queries
from course.learning.queries import AttemptItemView, AttemptView
from course.learning.reader_course import reader_library
from course.learning.rules.drawing import HELP_AFTER_FAILURES, AssessmentResult, draw_for_final
from course.learning.rules.grading import InvalidAnswer, option_order, parse_submission
from course.learning.rules.progress import ModuleProgress
from course.learning.views.help_offer import help_offer
from course.learning.views.known_attempt import attempt_or_404, know_attempt, know_progress, with_answer
from course.learning.views.modules import assessment_minutes, pages_to_reread
from course.learning.views.next_step import (
    NextLink,
    address_after_final_answer,
    address_after_short_course,
    address_in,
    closed_redirect,
    link_after_final,
    link_after_part,
    link_after_step,
)
from course.learning.views.page_context import (
    CHECK,
    course_progress,
    module_of,
    pages,
    reader_id,
    reader_progress,
    redirect_to,
)
from course.learning.views.question_page import question_values
from course.translation import lazy_gettext
from course.web.access import sign_in_required
from course.web.unit_of_work import db, row_source, signed_in_context, unit_of_work

# Attempts that belong to a module, so that their pages list its steps.
MODULE_ATTEMPT_KINDS = ("check", "timeline")
# The title of an attempt, by its kind.
ATTEMPT_NAMES = {
    "check": lazy_gettext("Check what you know"),
    "final": lazy_gettext("Final assessment"),
    "refresher": lazy_gettext("Refresher"),
    "update": lazy_gettext("Update"),
    "booster": lazy_gettext("Five questions"),
}
ALREADY_ANSWERED = lazy_gettext(
    "This question was answered already, in another window or on another device. That answer counts."
)


def _item_or_404(attempt: AttemptView, position: int) -> tuple[AttemptItemView, Question]:
    item = next((item for item in attempt.items if item.position == position), None) or abort(404)
    # The version in which it was asked: an edit of the content changes nothing for an attempt under way.
    question = part_in_version(row_source(), reader_library(), Question, item.question_id, item.version) or abort(404)
    return item, question


@pages.get("/attempt/<int(max=2147483647):attempt_id>")
@sign_in_required
def attempt(attempt_id: int) -> str | Response:
    """Redirect to the next question of an open attempt; show the result of a finished one."""
    found = attempt_or_404(attempt_id)
    if found.next is not None:
        return redirect_to(closed_redirect(found.kind, found.enrolment_id) or address_in(found))
    if found.kind == "timeline":
        return redirect_to(url_for("learning.question", attempt_id=attempt_id, position=1))
    if found.kind == "booster":
        return redirect_to(url_for("refreshers.five_end", attempt_id=attempt_id))
    module = module_of(found.ref) if found.kind in MODULE_ATTEMPT_KINDS else None
    finals = queries.final_attempts(db(), reader_id()) if found.kind == "final" else []
    verdict = actions.final_result(db(), reader_library(), reader_id(), finals)
    hidden = _protected_points(found, finals)
    rows = [_review_context(found, item, hidden) for item in found.items]
    progress = reader_progress(module) if module else None
    return render_template(
        "learning/result.html",
        attempt=found,
        is_void=queries.is_attempt_void(db(), found.id),
        rows=rows,
        progress=progress,
        here=CHECK,
        verdict=verdict,
        rereads=pages_to_reread(verdict),
        onward=_next_link(found, progress),
        name=ATTEMPT_NAMES.get(found.kind, ""),
        points=reader_library().points,
        pages_by_point=reader_library().pages_by_point,
        repeated=queries.repeated_question_count(db(), reader_id(), found) if found.kind == "final" else 0,
        help_offer=help_offer() if _needs_help(found, finals) else None,
    )


def _next_link(found: AttemptView, progress: ModuleProgress | None) -> NextLink:
    if found.kind == "final":
        return link_after_final()
    if progress is not None:
        return link_after_step(progress, CHECK, found.finished_at)
    return link_after_part(found.kind, found.enrolment_id)


def _needs_help(found: AttemptView, finals: Sequence[AttemptView]) -> bool:
    """Whether the result of this attempt offers help by a person, because another try alone does not help."""
    if found.kind in ("refresher", "update"):
        return not found.passed
    return found.kind == "final" and _has_failed_often(finals)


def _has_failed_often(finals: Sequence[AttemptView]) -> bool:
    """Whether the final assessment is not passed after HELP_AFTER_FAILURES attempts."""
    if any(attempt.passed for attempt in finals):
        return False
    return sum(attempt.passed is False for attempt in finals) >= HELP_AFTER_FAILURES


def _protected_points(found: AttemptView, finals: Sequence[AttemptView] | None = None) -> frozenset[str]:
    """The points of this attempt whose questions are not explained yet, because the final assessment asks them again.

    `finals` are the attempts at the final assessment in the newest enrolment, if the page has loaded them.
    """
    if found.kind != "final":
        return frozenset()
    finals = queries.final_attempts(db(), reader_id()) if finals is None else finals
    if found.id not in {attempt.id for attempt in finals}:
        if found.enrolment_id != queries.enrolment_id(db(), reader_id()):
            return frozenset()
        return actions.points_not_shown_yet(db(), reader_library(), reader_id(), finals)
    return actions.protected_points(db(), reader_library(), reader_id(), finals)


def _review_context(
    attempt: AttemptView, item: AttemptItemView, hidden: frozenset[str], mistake: InvalidAnswer | None = None
) -> dict[str, object]:
    """The template variables that show an item with its answer; `hidden` if the answer is not disclosed yet."""
    _, question = _item_or_404(attempt, item.position)
    return {**question_values(question, item, attempt.seed, mistake), "hidden": item.point in hidden}


@pages.get("/attempt/<int(max=2147483647):attempt_id>/<int(max=2147483647):position>")
@sign_in_required
def question(attempt_id: int, position: int) -> str | Response:
    """Show a question or, once it is answered, the explanation of each option."""
    found = attempt_or_404(attempt_id)
    item, _ = _item_or_404(found, position)
    if item.given is None and (address := closed_redirect(found.kind, found.enrolment_id)):
        return redirect_to(address)
    return _render_question(found, position, None)


def _all_misses_retried(found: AttemptView, point: str) -> bool:
    """Whether each miss on a point was followed by another question; True in an old attempt, where that is not known."""
    on_point = [item for item in found.items if item.point == point]
    missed = sum(item.correct is False for item in on_point)
    return any(item.again is None for item in on_point) or missed <= sum(bool(item.again) for item in on_point)


def _render_question(found: AttemptView, position: int, mistake: InvalidAnswer | None) -> str:
    item, _ = _item_or_404(found, position)
    module = module_of(found.ref)
    step_id = CHECK if found.kind == "check" else found.ref.partition("/")[2]
    progress = reader_progress(module) if module and found.kind in MODULE_ATTEMPT_KINDS else None
    onward = NextLink(address_in(found), "")
    # A timeline has no result page, and a check whose points are all right needs none: the module goes on.
    if progress and (found.kind == "timeline" or (found.passed and progress.done)):
        onward = link_after_step(progress, step_id, found.finished_at)
    elif found.kind in ("refresher", "update") and found.passed:
        onward = link_after_part(found.kind, found.enrolment_id)
    return render_template(
        "learning/question.html",
        attempt=found,
        **_review_context(found, item, frozenset() if item.given is None else _protected_points(found), mistake),
        progress=progress,
        here=step_id,
        name=ATTEMPT_NAMES.get(found.kind, ""),
        asked_again=found.kind in actions.RETRY_MISSED_KINDS and _all_misses_retried(found, item.point),
        used_up=found.kind in actions.RETRY_MISSED_KINDS and not _all_misses_retried(found, item.point),
        onward=onward,
        upcoming=_upcoming_question(found, item),
        again=reader_library().pages_by_point.get(item.point),
        point=reader_library().points.get(item.point),
        critical=item.question_id in reader_library().answerable
        and reader_library().is_critical(reader_library().answerable[item.question_id]),
    )


def _module_end(found: AttemptView, position: int) -> str | None:
    """The end of the module, which says first what came of the last answer, once a check is passed and nothing else of the
    module is open; None in every other case."""
    # `found` was read before the answer, and nothing that was answered by then is open now.
    is_last = all(item.given is not None or item.position == position for item in found.items)
    module = module_of(found.ref) if found.kind == "check" and is_last else None
    if module is None:
        return None
    after = know_attempt(attempt_or_404(found.id))
    if not after.passed or not (progress := know_progress(reader_progress(module))).done:
        return None
    end = link_after_step(progress, CHECK, after.finished_at)
    own_end = url_for("milestones.module_done", module_id=module.id)
    return url_for("milestones.module_done", module_id=module.id, after=found.id) if end.address == own_end else None


def _upcoming_question(found: AttemptView, item: AttemptItemView) -> dict[str, object] | None:
    """The template variables of the question that follows a right answer of a check on the same page; None if there is no
    such question. After a wrong answer the reasons have a page of their own."""
    upcoming = found.next
    if found.kind != "check" or not item.correct or upcoming is None or upcoming.position != item.position + 1:
        return None
    upcoming_item, asked = _item_or_404(found, upcoming.position)
    return question_values(asked, upcoming_item, found.seed)


@pages.post("/attempt/<int(max=2147483647):attempt_id>/<int(max=2147483647):position>")
@sign_in_required
def answer(attempt_id: int, position: int) -> str | Response | tuple[str, int]:
    """Submit an answer. A second answer to the same question changes nothing and shows the first; if the two differ, the
    page says so."""
    found = attempt_or_404(attempt_id)
    item, asked = _item_or_404(found, position)
    order = option_order(asked, found.seed, position)
    page = url_for("learning.question", attempt_id=attempt_id, position=position)
    onward = page if found.kind != "final" else url_for("learning.attempt", attempt_id=attempt_id)
    if item.given is None and (address := closed_redirect(found.kind, found.enrolment_id)):
        return redirect_to(address)
    form = {name: request.form.getlist(name) for name in request.form}
    reply = parse_submission(asked, order, form, asks_confidence=found.kind != "timeline")
    if isinstance(reply, InvalidAnswer):
        if item.given is None:
            return _render_question(found, position, reply), 422
        flash(str(ALREADY_ANSWERED))
        return redirect_to(onward)
    with unit_of_work() as session:
        context = signed_in_context(session)
        outcome = actions.submit_answer(context, reader_library(), found, position, reply)
    if outcome == actions.SAVED_OPEN:
        know_attempt(with_answer(found, position, asked, reply, context.now))
    if outcome == actions.CONFLICT:
        flash(str(ALREADY_ANSWERED))
    if found.kind == "final":
        return redirect_to(address_after_final_answer(attempt_id))
    is_short = found.kind in ("refresher", "update")
    end = address_after_short_course(attempt_id) if is_short else _module_end(found, position)
    return redirect_to(end or onward)


@pages.get("/assessment")
@sign_in_required
def assessment() -> str:
    """Show what the final assessment is, and its result so far."""
    finals = queries.final_attempts(db(), reader_id())
    verdict = actions.final_result(db(), reader_library(), reader_id(), finals)
    under_way = next((attempt for attempt in finals if attempt.next is not None), None)
    state = course_progress()
    unfinished = [module for module in state.modules if not module.done and state.completed_at is None]
    # Whoever has passed has passed, also where something that is taught since was not asked.
    passed = state.final_passed or (verdict is not None and verdict.passed)
    return render_template("learning/assessment.html", verdict=verdict, attempts=finals, open=under_way, waiting=unfinished,
                           passed=passed,
                           rereads=pages_to_reread(verdict), course=reader_library().course,
                           minutes=assessment_minutes(verdict), repeated=_repeated_counts(finals, under_way, verdict),
                           help_offer=help_offer() if _has_failed_often(finals) else None)  # fmt: skip


def _repeated_counts(
    finals: Sequence[AttemptView], under_way: AttemptView | None, verdict: AssessmentResult | None
) -> tuple[int, int]:
    """How many questions of the attempt that is under way, or of the next one, were asked before; and how many there
    are."""
    if under_way is not None:
        return queries.repeated_question_count(db(), reader_id(), under_way), len(under_way.items)
    protected = actions.protected_questions(db(), reader_library(), reader_id(), finals)
    history = queries.question_history(db(), reader_id(), protected)
    drawn = draw_for_final(reader_library(), verdict.missed if verdict else reader_library().taught_points, history, 0)
    return sum(question.question_id in history.last_asked for question in drawn), len(drawn)


@pages.post("/assessment")
@sign_in_required
def begin_assessment() -> Response:
    """Begin or resume the final assessment, or try again what was missed. It opens when the modules are done."""
    if not course_progress().modules_done:
        return redirect_to(url_for("learning.assessment"))
    with unit_of_work() as session:
        attempt_id = actions.begin_final(signed_in_context(session), reader_library())
    return redirect_to(url_for("learning.attempt", attempt_id=attempt_id))
