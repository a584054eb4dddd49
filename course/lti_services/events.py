"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind(
        "lti.grades_repeated",
        _("{who} sent {grades} grades to the learning platform {platform} again"),
        one=("grades", _("{who} sent {grades} grade to the learning platform {platform} again")),
    ),
    AuditEventKind(
        "lti.members_fetched",
        _("{who} fetched the people of “{title}” from the learning platform {platform}: {members}"),
    ),
)
