"""What the pages of supervised sessions share: the blueprint, the names of the parts, and the course as somebody reads it."""

from __future__ import annotations

from flask import Blueprint

from course.content.library import Library
from course.content.loaded_course import library
from course.organisation.request_organisation import current_organisation
from course.people.queries import teams_of_people
from course.supervised_sessions.queries import AttendeeView
from course.translation import SOURCE_LANGUAGE, current_language
from course.translation import gettext as _
from course.web.unit_of_work import row_source

pages = Blueprint("supervised_sessions", __name__)


def part_title(kind: str, ref: str) -> str:
    """The name of a part of the training, in the language of the page."""
    if kind == "final":
        return _("Final assessment")
    if kind == "refresher":
        return _("Refresher or update")
    module = library().modules.get(ref)
    return str(module.title) if module is not None else ref


def step_title(ref: str) -> str:
    """The name of the story or timeline module/step, in the language of the page; the reference if it is no longer taught."""
    module_id, _slash, name = ref.partition("/")
    module = library().in_language(current_language()).modules.get(module_id)
    if module is None:
        return ref
    if name in module.scenarios:
        return str(module.scenarios[name].title)
    return str(module.timelines[name].title) if name in module.timelines else ref


def library_of(attendee: AttendeeView) -> Library:
    """The course as an attendee reads it: in their pathway, the nation of their team, and their language."""
    ours = current_organisation()
    if ours is None:
        return library().in_language(attendee.language or SOURCE_LANGUAGE)
    own = ours
    if ours.directory.settings:
        own = ours.for_teams(teams_of_people(row_source(), [attendee.person_id]).get(attendee.person_id, ()))
    course = library().in_language(attendee.language or ours.language or SOURCE_LANGUAGE)
    return course.for_(attendee.pathway or ours.pathway, own.nation)
