"""My training, and the outline of a module."""

from __future__ import annotations

from dataclasses import dataclass

from flask import abort, render_template, url_for

from course.content.library import SECONDS_A_QUESTION
from course.learning import actions, queries
from course.learning.reader_course import library
from course.learning.rules.drawing import Verdict
from course.learning.rules.progress import Progress, progress
from course.learning.views.page_context import me, module_or_404, pages, stand_of, step_address
from course.people.queries import pathway_of
from course.web.access import signed_in
from course.web.unit_of_work import db, rows


@dataclass(frozen=True)
class CarryOn:
    """The one button of the page "My training": what it says, where it leads, and the sentence above it."""

    label: str
    address: str
    minutes: float


@pages.get("/")
@signed_in
def home() -> str:
    """Where you are, what is next, about how long, and one button."""
    state = progress(library(), queries.facts(rows(), me()))
    verdict = actions.final_verdict(db(), library(), me()) if state.modules_done else None
    return render_template(
        "learning/home.html",
        state=state,
        next=carry_on(state, verdict),
        verdict=verdict,
        course=library().course,
        pathway=pathway_of(db(), me()),
    )


def carry_on(state: Progress, verdict: Verdict | None = None) -> CarryOn | None:
    """The next thing to do; None when the course is complete."""
    if state.completed_at is not None:
        return None
    if state.current is not None and state.current.next is not None:
        step = state.current.next
        verb = "Carry on" if state.current.started else "Start"
        return CarryOn(f"{verb}: {step.title}", step_address(step), state.current.minutes_left)
    return CarryOn("Go to the final assessment", url_for("learning.assessment"), assessment_minutes(verdict))


def assessment_minutes(verdict: Verdict | None) -> float:
    """About how long the next try at the final assessment takes: 30 seconds a question."""
    rules, points = library().course, library().points
    taught = verdict.missed if verdict else library().taught_points
    critical = sum(points[p].safety_critical for p in taught)
    return (
        (critical * rules.final_per_critical_point + (len(taught) - critical) * rules.final_per_point)
        * SECONDS_A_QUESTION
        / 60
    )


@pages.get("/module/<module_id>")
@signed_in
def module(module_id: str) -> str:
    """What the module holds, and which of it is done."""
    found = module_or_404(module_id)
    others = [found.scenarios[name] for one in found.steps for name in one.others]
    return render_template("learning/module.html", stand=stand_of(found), others=others,
                           sheet=module_id in library().discussions)  # fmt: skip


@pages.get("/module/<module_id>/discussion")
@signed_in
def discussion(module_id: str) -> str:
    """Ten minutes for a team meeting, to print."""
    found = module_or_404(module_id)
    sheet = library().discussions.get(module_id) or abort(404)
    scenario = found.scenarios[sheet.scenario]
    return render_template("learning/discussion.html", module=found, sheet=sheet, scenario=scenario,
                           scene=scenario.by_id[scenario.start], course=library().course)  # fmt: skip


def read_again(verdict: Verdict | None) -> list[tuple[str, str]]:
    """For each missed point its title and the page that teaches it."""
    found = []
    for point in verdict.missed if verdict else ():
        module_id, page = library().pages_by_point[point]
        address = url_for("learning.step", module_id=module_id, step_id=page)
        found.append((library().points[point].title, address))
    return found
