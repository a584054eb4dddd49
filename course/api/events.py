"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (AuditEventKind("certificate.expired", _("The certificate of {whom} expired after {valid_until}")),)
