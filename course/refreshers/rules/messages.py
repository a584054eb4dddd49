"""The mails of boosters and updates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from course.mail.rules import MailMessage, OptionalMailMessage
from course.translation import lazy_gettext as _


@dataclass(frozen=True)
class BoosterMessage(OptionalMailMessage):
    """The link to five questions; `token` is that of the link (see BoosterLink)."""

    template = "booster"
    label = _("Five questions, two minutes")
    name: str
    organisation: str
    token: str


@dataclass(frozen=True)
class UpdateMessage(MailMessage):
    """What has changed in the course (`changes`, in sentences), and until when to look at it."""

    template = "update"
    label = _("Something has changed in the course")
    name: str
    organisation: str
    changes: tuple[str, ...]
    due: date
    late: bool
