"""The mail about a list that was not applied."""

from __future__ import annotations

from dataclasses import dataclass

from course.mail.rules import MailMessage
from course.translation import lazy_gettext as _


@dataclass(frozen=True)
class HeldListMessage(MailMessage):
    """Tells the administrator `name` that the list in a file of the import folder was not applied: it waits for them, or
    (`refused`) it cannot be read. `why` says why."""

    template = "held_list"
    label = _("A list from the import folder was not applied")
    name: str
    file_name: str
    refused: bool
    why: str
