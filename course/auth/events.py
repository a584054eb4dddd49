"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind("password.link_sent", _("A link was asked for, so that {whom} can choose a new password")),
    AuditEventKind("password.set", _("{who} set the password of {whom}"), own=_("{who} chose a password")),
    AuditEventKind("set_up.link_made", _("{who} made a link with which the course can be set up")),
    AuditEventKind(
        "sign_in.code_locked",
        _("Too many wrong one-time codes for {whom}: codes were stopped for a while"),
        no_subject=_("Too many one-time codes with an unknown name: codes were stopped for a while"),
    ),
    AuditEventKind("sign_in.code_made", _("{who} made a one-time code for {whom}")),
    AuditEventKind(
        "sign_in.code_refused",
        _("A wrong one-time code was entered for {whom}"),
        no_subject=_("A one-time code was entered with an unknown name"),
    ),
    AuditEventKind("sign_in.code_used", _("{whom} used a one-time code")),
    AuditEventKind("sign_in.ended", _("{whom} signed out")),
    AuditEventKind("sign_in.entered", _("{whom} signed in")),
    AuditEventKind(
        "sign_in.locked",
        _("Too many wrong passwords for {whom}: signing in was stopped for a while"),
        no_subject=_("Too many tries to sign in with an unknown address: signing in was stopped for a while"),
    ),
    AuditEventKind(
        "sign_in.refused",
        _("A wrong password was entered for {whom}"),
        no_subject=_("An unknown address was entered at sign-in"),
    ),
)
