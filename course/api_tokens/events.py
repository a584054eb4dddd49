"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind(
        "api.token_made", _("{who} made the token “{name}” for a program, to last until {last_day}: {scopes}")
    ),
    AuditEventKind("api.token_revoked", _("{who} revoked the token “{name}”")),
)
