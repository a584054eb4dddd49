"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _


@dataclass(frozen=True)
class DigestsPlanned:
    """The weekly summaries of these managers are planned for the week from `monday` on. Handlers add to `replaced` those who
    get another weekly mail that says the same and more."""

    managers: Collection[int]
    monday: date
    on: date
    replaced: set[int] = field(default_factory=set)


AUDIT_EVENTS = (
    AuditEventKind("mail.address_cleared", _("{who} restarted mail to {whom}, after the address had refused it")),
    AuditEventKind(
        "mail.addresses_cleared",
        _("{who} restarted mail to {addresses} addresses that had refused it"),
        one=("addresses", _("{who} restarted mail to {addresses} address that had refused it")),
    ),
    AuditEventKind("mail.wording_changed", _("{who} changed the sender’s name or the first sentence of e-mails")),
    AuditEventKind("person.told", _("{who} passed on a message to {whom} in person")),
    AuditEventKind("person.told_withdrawn", _("{who} withdrew a record of a message passed on to {whom} in person")),
    AuditEventKind("policy.reminders_changed", _("{who} changed the reminders")),
)
