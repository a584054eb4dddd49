"""The mail of this feature, as data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from course.mail.rules import MailMessage
from course.translation import lazy_gettext as _


@dataclass(frozen=True)
class PlatformLinkedMessage(MailMessage):
    """`name` has linked the account that is called `account` at a learning platform, at the moment `at`."""

    template = "platform_linked"
    label = _("An account at a learning platform was linked")
    name: str
    platform: str
    account: str
    at: datetime
