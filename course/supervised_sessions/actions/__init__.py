"""Planning and running supervised sessions. Whoever acts for others here is never the learner."""

from __future__ import annotations

from course.supervised_sessions.actions.expected import AddingOutcome, RemovalOutcome, add_people, remove_person
from course.supervised_sessions.actions.paper import (
    EnteredAnswer,
    EntryOutcome,
    EntryRefusal,
    begin_paper_sitting,
    enter_answers,
    entry_refusal,
    prepare_open_questions,
    prepare_sheet,
    record_attendance,
    record_read_together,
    sheet_items,
)
from course.supervised_sessions.actions.rooms import (
    SittingEndedError,
    StartedSitting,
    begin_sitting,
    end_sitting,
    open_room,
    record_answer,
)
from course.supervised_sessions.actions.sessions import (
    NewSession,
    close_session,
    code_hash,
    make_codes,
    plan_session,
)
from course.supervised_sessions.actions.voids import void_entry, void_story

__all__ = [
    "AddingOutcome",
    "EnteredAnswer",
    "EntryOutcome",
    "EntryRefusal",
    "NewSession",
    "RemovalOutcome",
    "SittingEndedError",
    "StartedSitting",
    "add_people",
    "begin_paper_sitting",
    "begin_sitting",
    "close_session",
    "code_hash",
    "end_sitting",
    "enter_answers",
    "entry_refusal",
    "make_codes",
    "open_room",
    "plan_session",
    "prepare_open_questions",
    "prepare_sheet",
    "record_answer",
    "record_attendance",
    "record_read_together",
    "remove_person",
    "sheet_items",
    "void_entry",
    "void_story",
]
