"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _


@dataclass(frozen=True)
class PersonalDataRead:
    """A program was given personal data: `rows` of what an address has (`what`: "people"), narrowed by `asked` as in the
    query of the address; `owner_id` made the token, and `day` is that of the organisation's zone."""

    token_id: int
    token: str
    owner_id: int
    what: str
    asked: str
    rows: int
    day: date
    at: datetime


AUDIT_EVENTS = (
    AuditEventKind(
        "api.day_read",
        _("Programs read on {day} with the token “{name}” of {who} (rows: {rows}, requests: {requests})"),
    ),
    AuditEventKind("api.read", _("A program began to read “{read}” with the token “{name}” of {who}, {day}")),
    AuditEventKind(
        "api.token_made", _("{who} made the token “{name}” for a program, to last until {last_day}: {scopes}")
    ),
    AuditEventKind("api.token_revoked", _("{who} revoked the token “{name}”")),
)
