"""The mail to the person who looks after a contact."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from course.mail.rules import MailMessage
from course.translation import lazy_gettext as _


@dataclass(frozen=True)
class ContactReviewMessage(MailMessage):
    """Asks `name` to look at a contact again: its `kind`, what pages call it (`contact`), and what is known of it.
    `team` is the name of the team whose contact it is, empty for that of the organisation."""

    template = "contact_review"
    label = _("Please check a contact")
    name: str
    organisation: str
    kind: str
    contact: str
    answerer: str
    phone: str
    email: str
    confirmed_at: datetime
    team: str = ""
    team_id: int | None = None
