from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (AuditEventKind("person.invitation_withdrawn", _("{who} withdrew the invitation of {whom}")),)
