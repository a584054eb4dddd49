"""The outline of a module, its discussion sheet, and the pages to which the assessment sends the reader back."""

from __future__ import annotations

from flask import abort, render_template, url_for

from course.learning.reader_course import reader_library
from course.learning.rules.drawing import AssessmentResult
from course.learning.views.assessment_size import assessment_minutes as assessment_minutes
from course.learning.views.carry_on import module_carry_on
from course.learning.views.page_context import module_or_404, pages
from course.web.access import sign_in_required


@pages.get("/module/<module_id>")
@sign_in_required
def module(module_id: str) -> str:
    """Show the outline of a module, and which steps of it are done."""
    found = module_or_404(module_id)
    others = [found.scenarios[name] for step in found.steps for name in step.others]
    progress, carry_on = module_carry_on(found)
    return render_template("learning/module.html", progress=progress, carry_on=carry_on, others=others,
                           minutes=reader_library().step_minutes,
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
