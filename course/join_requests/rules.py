"""Allowed mail domains of a join link, and its validity."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from course.mail.rules import MailMessage
from course.translation import lazy_gettext as _

MAX_LINK_PERIOD = timedelta(days=366)  # how long a link may work
REQUEST_RETENTION = timedelta(days=30)  # how long a join request is stored after the decision
# Open join requests of one link at most: a whole organisation may use it on one morning.
MAX_OPEN_REQUESTS = 2000
_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


@dataclass(frozen=True)
class JoinRequestMessage(MailMessage):
    """For those who decide about requests to join a team. It does not name who asks: only the page does."""

    template = "join_request"
    label = _("Request to join a team")
    team: str


def parse_domains(text: str) -> list[str]:
    """The mail domains in the text of a form field, such as 'example.org, @school.example'.

    Raises ValueError, with words for whoever typed it, if there is none or one of them is no domain.
    """
    found = [part.lstrip("@").casefold().rstrip(".") for part in re.split(r"[\s,;]+", text) if part]
    if not found:
        raise ValueError(_("Enter at least one mail domain, such as example.org."))
    wrong = next((one for one in found if not _DOMAIN.fullmatch(one)), None)
    if wrong is not None:
        raise ValueError(_("“%(wrong)s” is not a mail domain such as example.org.", wrong=wrong))
    return list(dict.fromkeys(found))


def has_allowed_domain(email: str, domains: Collection[str]) -> bool:
    """Whether an address is in one of these domains; a subdomain (x.example.org) is another domain."""
    return email.rpartition("@")[2].casefold() in domains


def link_works(ends_on: date, revoked: bool, team_is_open: bool, today: date) -> bool:
    """Whether a link works, which includes its last day."""
    return not revoked and team_is_open and today <= ends_on
