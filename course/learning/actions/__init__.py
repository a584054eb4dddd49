"""What learners do. Each action inserts a fact that cannot be inserted twice: a repeated POST finds the first one."""

from __future__ import annotations

from course.learning.actions.answers import (
    RETRY_MISSED_KINDS,
    record_attempt_outcome,
    save_answer,
    submit_answer,
)
from course.learning.actions.assessment import (
    final_result,
    points_not_shown_yet,
    protected_points,
    protected_questions,
)
from course.learning.actions.attempts import (
    NewAttempt,
    add_retry_question,
    begin_check,
    begin_final,
    begin_timeline,
    begin_timeline_anew,
    open_attempt,
)
from course.learning.actions.completion import (
    FinishedEnrolment,
    complete_course,
    record_completion,
    void_attempt,
    void_run,
)
from course.learning.actions.enrolments import enrol, open_enrolment
from course.learning.actions.pages import answer_page_question, record_page_read, save_note
from course.learning.actions.results import CONFLICT, DUPLICATE, SAVED, SAVED_OPEN
from course.learning.actions.runs import begin_run, begin_run_anew, decide, withdraw_decision

__all__ = [
    "CONFLICT",
    "DUPLICATE",
    "RETRY_MISSED_KINDS",
    "SAVED",
    "SAVED_OPEN",
    "FinishedEnrolment",
    "NewAttempt",
    "add_retry_question",
    "answer_page_question",
    "begin_check",
    "begin_final",
    "begin_run",
    "begin_run_anew",
    "begin_timeline",
    "begin_timeline_anew",
    "complete_course",
    "decide",
    "enrol",
    "final_result",
    "open_attempt",
    "open_enrolment",
    "points_not_shown_yet",
    "protected_points",
    "protected_questions",
    "record_attempt_outcome",
    "record_completion",
    "record_page_read",
    "save_answer",
    "save_note",
    "submit_answer",
    "void_attempt",
    "void_run",
    "withdraw_decision",
]
