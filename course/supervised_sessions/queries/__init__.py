"""Reading supervised sessions: for those who run them, for the browsers of their rooms, and as marks of attempts."""

from __future__ import annotations

from course.supervised_sessions.queries.marks import (
    completion_mark,
    completion_marks,
    story_marks,
    supervised_marks,
    void_attempts,
    void_runs,
)
from course.supervised_sessions.queries.rooms import (
    RoomView,
    SittingView,
    attendee_by_code,
    has_finished,
    room_by_token,
    sitting_view,
)
from course.supervised_sessions.queries.sessions import (
    AttendeeView,
    PaperResult,
    SheetView,
    SupervisedSessionView,
    attendees,
    choosable_people,
    supervised_session,
    supervised_sessions,
)

__all__ = [
    "AttendeeView",
    "PaperResult",
    "RoomView",
    "SheetView",
    "SittingView",
    "SupervisedSessionView",
    "attendee_by_code",
    "attendees",
    "choosable_people",
    "completion_mark",
    "completion_marks",
    "has_finished",
    "room_by_token",
    "sitting_view",
    "story_marks",
    "supervised_marks",
    "supervised_session",
    "supervised_sessions",
    "void_attempts",
    "void_runs",
]
