"""A refresher on paper, in a supervised session: its questions on a sheet, and what was read and decided."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from course.audit.actions import record_event
from course.content.library import Library
from course.context import Context
from course.db import lock_row
from course.learning.actions.enrolments import require_enrolment
from course.learning.models import Enrolment
from course.learning.queries import is_enrolment_over
from course.printed_modules.actions import PaperStory, keep_run
from course.refreshers import queries
from course.refreshers.actions.attempts import begin_refresher, record_changed_page_read, record_page_reread
from course.refreshers.actions.composition import REFRESHER
from course.refreshers.queries import PAGE_PREFIX, Refresher
from course.supervised_sessions.actions import EntryRefusal, entry_refusal, prepare_open_questions
from course.supervised_sessions.models import SupervisedAttendee

# entered: kept; done: the person has done all of it by now; broken: the decisions are no whole road through the story; outdated:
# the refresher counts for nothing any more, because another one was begun or something was completed since.
ReadingOutcome = Literal["entered", "done", "broken", "outdated"] | EntryRefusal


def prepare_refresher_sheet(context: Context, library: Library, attendee_id: int, imported_on: date | None) -> bool:
    """Begin the refresher of an attendee as they would on a screen, or find the one that is under way, and put its open questions
    on a sheet. False if none is open. Raises ValueError if whoever prints it is the attendee."""
    attendee = _attendee(context, attendee_id)
    if attendee.person_id == context.person_id:
        raise ValueError("nobody supervises themselves")
    learner = replace(context, actor=attendee.person_id, sitting=None)
    refresher = begin_refresher(learner, library, imported_on)
    return prepare_open_questions(context, attendee.session_id, attendee, refresher.attempt_id)


@dataclass(frozen=True)
class PaperReading:
    """What one person did on paper in a refresher: whether they read the pages that were printed for them, and the story that
    they decided (None: none is entered)."""

    refresher_id: int
    pages_read: bool
    story: PaperStory | None


def enter_reading(context: Context, library: Library, attendee_id: int, paper: PaperReading) -> ReadingOutcome:
    """Enter what an attendee read and decided in a refresher as their own. Anything but "entered" has to be undone by the
    caller. `library` is the course as the learner reads it."""
    session, attendee = context.session, _attendee(context, attendee_id)
    person, refusal = attendee.person_id, entry_refusal(context, attendee)
    if refusal is not None:
        return refusal
    # Two who enter the same at once: the second one finds it done.
    lock_row(session, Enrolment, require_enrolment(session, person))
    refresher = queries.newest_refresher(session, person, REFRESHER)
    if (
        refresher is None
        or refresher.id != paper.refresher_id
        or refresher.void
        or is_enrolment_over(session, refresher.id)
    ):
        return "outdated"
    is_new = paper.pages_read and _keep_pages(context, library, attendee, refresher)
    if paper.story is not None and any(part.kind == "scenario" and not part.done for part in refresher.parts):
        if not keep_run(context, library, attendee, paper.story, refresher.id):
            return "broken"
        is_new = True
    return "entered" if is_new else "done"


def _keep_pages(context: Context, library: Library, attendee: SupervisedAttendee, refresher: Refresher) -> bool:
    """Record that an attendee read the pages that are open in a refresher. False if none is."""
    learner = replace(context, actor=attendee.person_id, sitting=None)
    parts = [part for part in refresher.parts if part.ref.startswith(PAGE_PREFIX) and not part.done]
    points = refresher.points_to_reread
    if not parts and not points:
        return False
    for point in points:
        record_page_reread(context.session, library, refresher, point, context.now)
    for part in parts:
        record_changed_page_read(learner, library, refresher, part)
    details = {"session": attendee.session_id, "pages": len(parts) + len(points)}
    record_event(context, "supervised.refresher_read", ("person", attendee.person_id), details)
    return True


def _attendee(context: Context, attendee_id: int) -> SupervisedAttendee:
    attendee = context.session.get(SupervisedAttendee, attendee_id)
    if attendee is None:
        raise LookupError(f"there is no attendee {attendee_id}")
    return attendee
