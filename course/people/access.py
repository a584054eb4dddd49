"""Who may open and record what about one person, for the pages of every feature."""

from __future__ import annotations

from flask import abort
from flask_login import current_user

from course.clock import now
from course.dates import civil_date
from course.people import queries
from course.people.events import RecordOpened
from course.web.app_state import app_state
from course.web.unit_of_work import db, publish_after_response


def publish_record_opened(person_id: int) -> None:
    """Tell that the viewer is shown a page about the training of this person. One's own page is nobody's business."""
    at, viewer = now(), int(current_user.person.id)
    if viewer != person_id:
        publish_after_response(RecordOpened(person_id, viewer, civil_date(at, app_state().config.time_zone), at))


def recordable_person(person_id: int) -> queries.PersonView:
    """Somebody about whom the viewer may record something, or do something that concerns them. Whoever may not see them
    finds nothing; whoever only sees them is told why."""
    viewer = current_user.person
    found = queries.visible_person(db(), viewer, person_id) or abort(404)
    if not queries.may_record(db(), viewer, person_id):
        abort(403, viewer.read_only_reason)
    return found
