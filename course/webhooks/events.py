"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

# Only the name of the server is in the log: an address may hold a token.
AUDIT_EVENTS = (
    AuditEventKind("webhook.added", _("{who} added a webhook to {host}")),
    AuditEventKind("webhook.changed", _("{who} changed a webhook to {host}: {changed}")),
    AuditEventKind("webhook.removed", _("{who} removed a webhook to {host}")),
    AuditEventKind(
        "webhook.repeated",
        _("{who} had {deliveries} deliveries of a webhook to {host} sent again"),
        one=("deliveries", _("{who} had {deliveries} delivery of a webhook to {host} sent again")),
    ),
    AuditEventKind("webhook.secret_rotated", _("{who} replaced the secret of a webhook to {host}")),
    AuditEventKind("webhook.stopped", _("{who} turned off a webhook to {host}, because nothing arrived")),
    AuditEventKind("webhook.tested", _("{who} sent a test to a webhook to {host}")),
    AuditEventKind("webhook.turned_off", _("{who} turned off a webhook to {host}")),
    AuditEventKind("webhook.turned_on", _("{who} turned on a webhook to {host}")),
)
