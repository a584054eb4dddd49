"""The pages about people: their address, and the section of the navigation that they are in."""

from __future__ import annotations

from flask import Blueprint, Response, g
from werkzeug.wrappers import Response as WsgiResponse

from course.events import publish
from course.people.events import IdentityEntered
from course.people.rules import PersonIdentity
from course.web.app_state import app_state
from course.web.forms import unseen_questions
from course.web.unit_of_work import db

pages = Blueprint("people", __name__)
PageResponse = Response | WsgiResponse


@pages.before_request
def _set_nav_section() -> None:
    g.here = "people"


def open_questions(
    identity: PersonIdentity, person_id: int | None = None, before: PersonIdentity | None = None
) -> dict[str, str]:
    """What to ask about an identity before it is saved, by the key that the form sends back with it; empty once each of the
    questions was shown."""
    event = IdentityEntered(identity, app_state().config.time_zone, person_id, before)
    publish(db(), event)
    return unseen_questions(event.questions)
