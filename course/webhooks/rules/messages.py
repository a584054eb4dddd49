"""The mail that a webhook was turned off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from course.mail.rules import MailMessage
from course.translation import lazy_gettext as _


@dataclass(frozen=True)
class WebhookStoppedMessage(MailMessage):
    """Tells the administrator `name` that nothing is sent to the address of a webhook any more: since `failing_since` nothing
    has arrived, or (`gone`) it answered that nothing should be sent. `why` is what became of the last try."""

    template = "webhook_stopped"
    label = _("A webhook was turned off")
    name: str
    host: str
    webhook_id: int
    gone: bool
    failing_since: datetime
    why: str
