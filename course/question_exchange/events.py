"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind(
        "content.questions_exported",
        _("{who} downloaded {questions} questions with their answers as {format}"),
        one=("questions", _("{who} downloaded {questions} question with its answers as {format}")),
    ),
)
