"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind("backup.made", _("{who} made a backup")),
    AuditEventKind("backup.moved", _("{who} moved the course to another database")),
    AuditEventKind("backup.restored", _("{who} restored a backup")),
)
