from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind("scim.connection_added", _("{who} added the SCIM connection {name}")),
    AuditEventKind("scim.connection_ended", _("{who} ended the SCIM connection {name}")),
    AuditEventKind(
        "scim.administrators_owned",
        _("{who} changed whether the SCIM connection {name} may change administrators and auditors: {owned}"),
    ),
    AuditEventKind("scim.token_made", _("{who} made a token for the SCIM connection {name}")),
    AuditEventKind("scim.token_revoked", _("{who} revoked a token of the SCIM connection {name}")),
    AuditEventKind("scim.rule_added", _("{who} connected the group {group} of an identity provider")),
    AuditEventKind("scim.rule_ended", _("{who} ended what the group {group} of an identity provider gives")),
    AuditEventKind("scim.user_linked", _("{who} provisions {whom} from now on")),
    AuditEventKind("scim.user_ended", _("{who} does not provision {whom} any more")),
)
