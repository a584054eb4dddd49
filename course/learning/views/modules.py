"""The outline of a module, its discussion sheet, and what the assessment takes and sends the reader back to."""

from __future__ import annotations

from flask import abort, render_template, url_for

from course.content.library import SECONDS_PER_QUESTION
from course.learning.reader_course import reader_library
from course.learning.rules.drawing import AssessmentResult
from course.learning.views.page_context import (
    module_or_404,
    pages,
    reader_progress,
)
from course.web.access import sign_in_required


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
