"""The audit events of stories that two people take together."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

# Neither the scene nor the choice: what the two choose is nobody else's business.
AUDIT_EVENTS = (
    AuditEventKind("scenario.pair_opened", _("{who} opened a scenario for two for {whom}"),
                   own=_("{who} opened a scenario for two")),
    AuditEventKind("scenario.pair_joined", _("{who} joined a scenario for two for {whom}"),
                   own=_("{who} joined a scenario for two")),
    AuditEventKind("scenario.pair_choice", _("{who} chose in a scenario for two of {whom}"),
                   own=_("{who} chose in a scenario for two")),
    AuditEventKind("scenario.pair_left", _("{who} left a scenario for two of {whom}"),
                   own=_("{who} left a scenario for two")),
)  # fmt: skip
