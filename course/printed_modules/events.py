"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind("supervised.module_printed", _("{who} printed the module “{module}”, with the answers to what its pages ask")),
    AuditEventKind("supervised.bank_printed",
                   _("{who} printed the module “{module}”, with all questions of its check and their answers")),
    AuditEventKind("supervised.story_entered",
                   _("{who} entered the story “{story}” of {whom} on paper from supervised session {session}")),
    AuditEventKind("supervised.timeline_entered",
                   _("{who} entered the timeline “{timeline}” of {whom} on paper from supervised session {session}")),
)  # fmt: skip
