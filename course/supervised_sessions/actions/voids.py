"""Making void what was entered wrongly from paper: the answers of a sheet, or a story."""

from __future__ import annotations

from course.audit.actions import record_event
from course.content.library import Library
from course.context import Context
from course.learning import actions as learning
from course.supervised_sessions.models import (
    SupervisedAttendee,
    SupervisedEntry,
    SupervisedSheet,
    SupervisedSitting,
    SupervisedStory,
)


def void_entry(context: Context, library: Library, sheet_id: int, reason: str) -> bool:
    """Let the attempt of answers that were entered wrongly count for nothing. False if it was void before.

    Raises LookupError if nothing was entered, ValueError if it completed the course, or whoever acts is the learner.
    """
    session = context.session
    sheet = session.get(SupervisedSheet, sheet_id)
    attendee = session.get(SupervisedAttendee, sheet.attendee_id) if sheet else None
    if sheet is None or attendee is None or session.get(SupervisedEntry, sheet_id) is None:
        raise LookupError(f"no answers were entered from sheet {sheet_id}")
    _refuse_own(context, attendee)
    if not learning.void_attempt(context, library, attendee.person_id, sheet.attempt_id, reason):
        return False
    record_event(context, "supervised.voided", ("person", attendee.person_id), {"session": attendee.session_id})
    return True


def void_story(context: Context, library: Library, run_id: int, reason: str) -> bool:
    """Let the run of a story that was entered wrongly count for nothing, as `void_entry` does with answers."""
    session = context.session
    story = session.get(SupervisedStory, run_id)
    sitting = session.get(SupervisedSitting, story.sitting_id) if story else None
    attendee = session.get(SupervisedAttendee, sitting.attendee_id) if sitting else None
    if attendee is None:
        raise LookupError(f"run {run_id} was not entered from paper")
    _refuse_own(context, attendee)
    if not learning.void_run(context, library, attendee.person_id, run_id, reason):
        return False
    details = {"session": attendee.session_id, "run": run_id}
    record_event(context, "supervised.story_voided", ("person", attendee.person_id), details)
    return True


def _refuse_own(context: Context, attendee: SupervisedAttendee) -> None:
    if attendee.person_id == context.person_id:
        raise ValueError("nobody supervises themselves")
