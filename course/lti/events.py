"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind("lti.added", _("{who} registered the learning platform {platform}")),
    AuditEventKind("lti.changed", _("{who} changed the settings of the learning platform {platform}: {changed}")),
    AuditEventKind("lti.invited", _("{who} made a link with which a learning platform can register itself")),
    AuditEventKind("lti.key_replaced", _("{who} replaced the key of this course for the learning platform {platform}")),
    AuditEventKind(
        "lti.launch_refused",
        _("A launch of {whom} from the learning platform {platform} was refused: {problem}"),
        no_subject=_("A launch from the learning platform {platform} was refused: {problem}"),
    ),
    AuditEventKind("lti.linked", _("An account at the learning platform {platform} was linked to {whom}")),
    AuditEventKind("lti.registered_itself", _("The learning platform {platform} registered itself and waits")),
    AuditEventKind("lti.switched_off", _("{who} switched off the learning platform {platform}")),
    AuditEventKind("lti.switched_on", _("{who} switched on the learning platform {platform}")),
    AuditEventKind("lti.teams_set", _("{who} set the teams for courses at the learning platform {platform}")),
    AuditEventKind("lti.unlinked", _("{who} unlinked the account of {whom} at the learning platform {platform}"),
                   own=_("{who} unlinked their account at the learning platform {platform}")),
)  # fmt: skip
