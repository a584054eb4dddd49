"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind("xapi.added", _("{who} connected the learning record store at {host}")),
    AuditEventKind("xapi.changed", _("{who} changed the learning record store at {host}: {changed}")),
    AuditEventKind("xapi.paused", _("{who} paused sending to the learning record store at {host}")),
    AuditEventKind("xapi.removed", _("{who} removed the learning record store at {host}")),
    AuditEventKind(
        "xapi.repeated",
        _("{who} had {statements} statements sent again to the learning record store at {host}"),
        one=("statements", _("{who} had {statements} statement sent again to the learning record store at {host}")),
    ),
    AuditEventKind("xapi.resumed", _("{who} resumed sending to the learning record store at {host}")),
    AuditEventKind("xapi.tried", _("{who} tried the learning record store at {host} again")),
)
