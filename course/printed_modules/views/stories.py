"""Entering the numbers that somebody wrote down while they decided a story on paper."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, abort, flash, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.clock import now
from course.content.library import Library
from course.content.schema import Choice, Module, Scenario, Scene
from course.dates import civil_date
from course.printed_modules import actions, queries
from course.printed_modules.actions import PaperStory
from course.printed_modules.forms import StoryForm
from course.printed_modules.rules.sections import RoadMistake, read_road, road_mistake, story_sections
from course.printed_modules.views.page_context import pages
from course.supervised_sessions.queries import AttendeeView, SupervisedSessionView, attendees
from course.supervised_sessions.rules import may_enter_paper
from course.supervised_sessions.views.manage import session_or_404
from course.supervised_sessions.views.page_context import library_of
from course.translation import gettext as _
from course.web.access import Permission, requires_permission
from course.web.app_state import app_state
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, signed_in_context, unit_of_work


@dataclass(frozen=True)
class ReadStory:
    """A story that was read off a form: its reference, the version that was printed, and the decisions with their numbers."""

    ref: str
    scenario: Scenario
    decisions: tuple[tuple[int, Scene, Choice], ...]


@pages.route(
    "/supervised/<int(max=2147483647):session_id>/people/<int(max=2147483647):person_id>/story",
    methods=["GET", "POST"],
)
@requires_permission(Permission.RUN_SESSIONS)
def enter_story(session_id: int, person_id: int) -> Response | WsgiResponse:
    """Enter the numbers of one person: first to look through them as decisions, then for good."""
    found = session_or_404(session_id)
    today = civil_date(now(), app_state().config.time_zone)
    one = next((each for each in attendees(db(), current_user.person, session_id) if each.person_id == person_id), None)
    if one is None or found.kind != "module" or not may_enter_paper(found.dates, today):
        abort(404)
    course = library_of(one)
    module = course.modules.get(found.ref) or abort(404)
    form, read = StoryForm(), None
    step = request.form.get("step", "")
    if form.is_submitted() and step != "change":
        read = _read(course, module, form) if form.validate() else None
        if read is not None and step == "keep":
            return _keep(found, one, course, module, read)
    page = render_template("printed_modules/story.html", supervised=found, attendee=one, form=form, read=read)
    return make_response(page, 422 if form.errors else 200)


def _read(course: Library, module: Module, form: StoryForm) -> ReadStory | None:
    """The story and the decisions of a form; None with an error at the field that is wrong."""
    story = queries.story_of_code(db(), course, module, form.code.data or "")
    if story is None:
        form.code.errors = [
            _("No story of this module has this code. It is below “How to read this story”, and on the sheet.")
        ]
        return None
    ref, scenario = story
    sections = story_sections(scenario)
    road = read_road(sections, form.numbers.data or "")
    if road is None:
        form.numbers.errors = [_("Enter the numbers with commas between them, for example 14, 3, 27.")]
        return None
    if road.wrong is not None:
        form.numbers.errors = [
            _("There is no section %(number)s in this story. Look at the paper again.", number=road.wrong)
        ]
        return None
    mistake = road_mistake(scenario, road)
    if mistake is not None:
        form.numbers.errors = [_mistake_words(mistake)]
        return None
    decisions = []
    for number, scene_id, choice_id in road.decisions:
        scene = scenario.by_id[scene_id]
        choice = scene.choice(choice_id)
        if choice is not None:
            decisions.append((number, scene, choice))
    return ReadStory(ref, scenario, tuple(decisions))


def _mistake_words(mistake: RoadMistake) -> str:
    if mistake.kind == "follows":
        return _(
            "No one can come to %(number)s there: a number before it is missing or wrong. Look at the paper again.",
            number=mistake.number,
        )
    if mistake.kind == "long":
        return _("The story had ended before %(number)s. Leave out what follows its end.", number=mistake.number)
    if mistake.kind == "again":
        return _(
            "The decision at %(number)s has to be taken again, as the paper says after the end. The person adds "
            "that number first.",
            number=mistake.number,
        )
    return _("The numbers stop before the story ends. The person reads on to an ending first.")


def _keep(
    found: SupervisedSessionView, one: AttendeeView, course: Library, module: Module, read: ReadStory
) -> WsgiResponse:
    name = read.scenario.id
    step = next((each for each in module.steps if name in (each.id, *each.others)), None)
    same = frozenset(f"{module.id}/{each}" for each in ((step.id, *step.others) if step else (name,)))
    decisions = [(scene.id, choice.id) for _number, scene, choice in read.decisions]
    story = PaperStory(read.ref, read.scenario, same, decisions)
    with unit_of_work() as session:
        outcome = actions.enter_story(signed_in_context(session), course, one.id, story)
        if outcome != "entered":
            session.rollback()
    words = {
        "entered": _("The story of %(name)s is kept.", name=one.name),
        "done": _("%(name)s has done this story before. Nothing has changed.", name=one.name),
        "absent": _("First record that %(name)s signed the attendance sheet.", name=one.name),
        "own": _("You cannot enter your own story."),
        "witness": _("You are the witness for %(name)s. Someone else has to enter the story.", name=one.name),
        "broken": _("Nothing was kept: these numbers are no way through the story. Enter them again."),
    }
    flash(words[outcome])
    return redirect_after_post(url_for("supervised_sessions.detail", session_id=found.id))
