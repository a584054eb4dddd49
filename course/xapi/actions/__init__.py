"""Setting the learning record store up, noting what is to be sent to it, and recording what became of it."""

from __future__ import annotations

from course.xapi.actions.facts import (
    note_certificate_revoked,
    note_course_completed,
    note_fact_withdrawn,
    note_learning_fact,
    note_modules,
)
from course.xapi.actions.settings import (
    EndpointSettings,
    endpoint_password,
    pause,
    remove_endpoint,
    resume,
    save_endpoint,
    secret_purpose,
)
from course.xapi.actions.statements import (
    RoundResult,
    StatementResult,
    claim_statements,
    forget_old_statements,
    record_results,
    repeat_statements,
    try_now,
)

__all__ = [
    "EndpointSettings",
    "RoundResult",
    "StatementResult",
    "claim_statements",
    "endpoint_password",
    "forget_old_statements",
    "note_certificate_revoked",
    "note_course_completed",
    "note_fact_withdrawn",
    "note_learning_fact",
    "note_modules",
    "pause",
    "record_results",
    "remove_endpoint",
    "repeat_statements",
    "resume",
    "save_endpoint",
    "secret_purpose",
    "try_now",
]
