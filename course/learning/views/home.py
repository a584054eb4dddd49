"""My training, and the outline of a module."""

from __future__ import annotations

from dataclasses import dataclass

from flask import abort, render_template, url_for

from course.content.library import SECONDS_PER_QUESTION
from course.learning import actions
from course.learning.reader_course import reader_library
from course.learning.rules.drawing import AssessmentResult
from course.learning.rules.progress import CourseProgress
from course.learning.views.page_context import (
    course_progress,
    module_or_404,
    pages,
    reader_id,
    reader_progress,
    step_address,
)
from course.people.queries import chosen_pathway
from course.web.access import sign_in_required
from course.web.unit_of_work import db


@dataclass(frozen=True)
class NextAction:
    """The one button of the page "My training": its label, its address, and the minutes that the page announces."""

    label: str
    address: str
    minutes: float


@pages.get("/")
@sign_in_required
def home() -> str:
    """Show progress, the next step with the time that it takes, and one button."""
    state = course_progress()
    verdict = actions.final_result(db(), reader_library(), reader_id()) if state.modules_done else None
    return render_template(
        "learning/home.html",
        state=state,
        next=next_action(state, verdict),
        verdict=verdict,
        course=reader_library().course,
        pathway=chosen_pathway(db(), reader_id()),
    )


def next_action(state: CourseProgress, verdict: AssessmentResult | None = None) -> NextAction | None:
    """The next thing to do; None when the course is complete."""
    if state.completed_at is not None:
        return None
    if state.current is not None and state.current.next is not None:
        step = state.current.next
        verb = "Carry on" if state.current.started else "Start"
        return NextAction(f"{verb}: {step.title}", step_address(step), state.current.minutes_left)
    return NextAction("Go to the final assessment", url_for("learning.assessment"), assessment_minutes(verdict))


def assessment_minutes(verdict: AssessmentResult | None) -> float:
    """How many minutes the next attempt at the final assessment takes, at SECONDS_PER_QUESTION for each question."""
    rules, points = reader_library().course, reader_library().points
    asked = verdict.missed if verdict else reader_library().taught_points
    critical = sum(points[p].safety_critical for p in asked)
    return (
        (critical * rules.final_per_critical_point + (len(asked) - critical) * rules.final_per_point)
        * SECONDS_PER_QUESTION
        / 60
    )


@pages.get("/module/<module_id>")
@sign_in_required
def module(module_id: str) -> str:
    """Show the outline of a module, and which steps of it are done."""
    found = module_or_404(module_id)
    others = [found.scenarios[name] for step in found.steps for name in step.others]
    return render_template("learning/module.html", progress=reader_progress(found), others=others,
                           sheet=module_id in reader_library().discussions)  # fmt: skip


@pages.get("/module/<module_id>/discussion")
@sign_in_required
def discussion(module_id: str) -> str:
    """Show the sheet for ten minutes of discussion in a team meeting, made to be printed."""
    found = module_or_404(module_id)
    sheet = reader_library().discussions.get(module_id) or abort(404)
    scenario = found.scenarios[sheet.scenario]
    return render_template("learning/discussion.html", module=found, sheet=sheet, scenario=scenario,
                           scene=scenario.by_id[scenario.start], course=reader_library().course)  # fmt: skip


def pages_to_reread(verdict: AssessmentResult | None) -> list[tuple[str, str]]:
    """For each missed point its title and the path of the page that teaches it."""
    rows = []
    for point in verdict.missed if verdict else ():
        module_id, page = reader_library().pages_by_point[point]
        address = url_for("learning.step", module_id=module_id, step_id=page)
        rows.append((reader_library().points[point].title, address))
    return rows
