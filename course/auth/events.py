"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind("factor.app_added", _("{who} added an authenticator app")),
    AuditEventKind("factor.app_removed", _("{who} removed their authenticator app")),
    AuditEventKind("factor.code_used", _("{who} signed in with a recovery code; codes left: {left}")),
    AuditEventKind("factor.codes_made", _("{who} made new recovery codes")),
    AuditEventKind(
        "factor.locked", _("Too many wrong codes of a second factor for {whom}: signing in was stopped for a while")
    ),
    AuditEventKind("factor.not_required", _("{who} decided that no one needs a second factor")),
    AuditEventKind("factor.passkey_added", _("{who} added a passkey")),
    AuditEventKind("factor.passkey_removed", _("{who} removed a passkey")),
    AuditEventKind("factor.refused", _("A wrong code of a second factor was entered for {whom}")),
    AuditEventKind(
        "factor.required",
        _("{who} decided that everyone who sees data of others needs a second factor; days of grace: {days}"),
    ),
    AuditEventKind("factor.reset", _("{who} removed the second factors of {whom}")),
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
    AuditEventKind(
        "sign_in.ended_elsewhere",
        _("{who} signed {whom} out everywhere"),
        own=_("{who} signed out in another browser"),
    ),
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
