"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

# Neither answers nor codes: only who did what for whom, and in which session.
AUDIT_EVENTS = (
    AuditEventKind("supervised.planned", _("{who} planned supervised session {session}, with {people} people"),
                   one=("people", _("{who} planned supervised session {session}, with {people} person"))),
    AuditEventKind("supervised.person_added", _("{who} added {whom} to supervised session {session}")),
    AuditEventKind("supervised.person_removed", _("{who} took {whom} off supervised session {session}")),
    AuditEventKind("supervised.codes_printed", _("{who} made new codes for supervised session {session}")),
    AuditEventKind("supervised.room_opened", _("{who} opened a room of supervised session {session} on a device")),
    AuditEventKind("supervised.closed", _("{who} closed supervised session {session}")),
    AuditEventKind("supervised.signed_in", _("{who} signed in to supervised session {session} for {whom}"),
                   own=_("{who} signed in to supervised session {session} with their code")),
    AuditEventKind("supervised.signed_out", _("{who} signed {whom} out of supervised session {session}"),
                   own=_("{who} signed out of supervised session {session}")),
    AuditEventKind("supervised.sheet_printed", _("{who} printed a question sheet for {whom} in supervised session {session}")),
    AuditEventKind("supervised.attended", _("{who} recorded that {whom} attended supervised session {session}")),
    AuditEventKind("supervised.read_together",
                   _("{who} recorded that {whom} read {pages} pages of a module together in supervised session {session}"),
                   one=("pages",
                        _("{who} recorded that {whom} read {pages} page of a module together in supervised session {session}"))),
    AuditEventKind("supervised.entered", _("{who} entered the answers of {whom} on paper from supervised session {session}")),
    AuditEventKind("supervised.voided", _("{who} made the answers of {whom} on paper from supervised session {session} void")),
    AuditEventKind("supervised.story_voided", _("{who} made a story of {whom} on paper from supervised session {session} void")),
)  # fmt: skip
