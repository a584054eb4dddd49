"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind("cmi5.added", _("{who} allowed the learning platform {platform} to launch the course")),
    AuditEventKind("cmi5.changed", _("{who} changed the settings of the learning platform {platform}: {changed}")),
    AuditEventKind("cmi5.launched", _("{whom} opened the course from the learning platform {platform}")),
    AuditEventKind("cmi5.refused", _("A launch from the learning platform {platform} was refused: {problem}")),
    AuditEventKind("cmi5.repeated", _("{who} had a statement to a learning platform sent again: {verb}")),
    AuditEventKind("cmi5.unlinked", _("{who} unlinked the account of {whom} at the learning platform {platform}"),
                   own=_("{who} unlinked their account at the learning platform {platform}")),
)  # fmt: skip
