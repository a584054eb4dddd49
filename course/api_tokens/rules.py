"""Tokens of programs: what they look like, what each scope lets a program read, and when a token works. Pure."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zlib import crc32

from course.dates import add_months
from course.mail.rules import MailMessage
from course.translation import lazy_gettext as _

# Scanners for secrets find a token by this prefix; its last characters are a checksum, so that a mistyped or an invented
# token is refused without a look at the database.
TOKEN_PREFIX = "oacr_"  # noqa: S105 (the public beginning of each token)
TOKEN_PATTERN = re.compile(rf"{TOKEN_PREFIX}[0-9A-Za-z]{{49}}")
_TOKEN_BITS = 256
_BODY_DIGITS, _CHECK_DIGITS = 43, 6  # in base 62
_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
DEFAULT_LIFETIME = timedelta(days=90)
RENEWAL_NOTICE = timedelta(days=14)  # before the last day: whoever runs the other system has to get another token
SCIM_SCOPE = "scim"
# What a program may read with each scope, in words for the administrator who gives it.
API_SCOPES = {
    "people:read": _("People: name, e-mail address, staff number, job role and teams"),
    "teams:read": _("Teams: names and how they are arranged"),
    "status:read": _("Certification status: now and on any day"),
    "completions:read": _("Completions: who completed what, and when"),
    "certificates:read": _("Certificates: numbers and dates"),
    "events:read": _("Events: who joined, completed, was certified or left"),
}
SCOPES = {**API_SCOPES, SCIM_SCOPE: _("Joiners and leavers from your identity provider (SCIM)")}
NO_SCOPE = _("Choose at least one thing that the program may read.")


@dataclass(frozen=True)
class TokenEndsMessage(MailMessage):
    """Tells the administrator `person` that the token `token` ends on its last day; `is_scim` says on which page it is."""

    template = "token_ends"
    label = _("The access of another system ends soon")
    person: str
    token: str
    last_day: date
    is_scim: bool


TokenState = Literal["active", "revoked", "expired", "stopped", "closed"]


@dataclass(frozen=True)
class TokenView:
    """A token without its secret. Its `owner` made it: what the program reads is recorded in their name. With a `team_id`
    it is about that team and all below it. `last_day` is the last day on which it works. `is_owner_administrator` says
    whether the owner is here and has been an administrator since the token was made, `is_team_closed` whether its team is
    not there any more. `hint` is the end of the token."""

    id: int
    name: str
    owner_id: int
    owner: str
    scopes: tuple[str, ...]
    team_id: int | None
    team: str | None
    hint: str
    made_at: datetime
    last_day: date
    last_used_on: date | None
    revoked_at: datetime | None
    revoked_by: str | None
    is_owner_administrator: bool
    is_team_closed: bool = False

    def needs_notice(self, today: date) -> bool:
        """Whether the token works, and ends so soon that administrators are told."""
        return self.state(today) == "active" and self.last_day <= today + RENEWAL_NOTICE

    def state(self, today: date) -> TokenState:
        """Whether the token works on that day, or why not: revoked, past its last day, without an owner who may have it
        ("stopped"), or about a team that is closed. Of such a team nobody would be left to read, and an empty list says to a
        program that everybody has gone."""
        if self.revoked_at is not None:
            return "revoked"
        if today > self.last_day:
            return "expired"
        if not self.is_owner_administrator:
            return "stopped"
        return "closed" if self.is_team_closed else "active"


def new_token() -> str:
    """A new token: the prefix, 256 random bits and a checksum."""
    body = TOKEN_PREFIX + _base62(secrets.randbits(_TOKEN_BITS), _BODY_DIGITS)
    return body + _checksum(body)


def is_well_formed(token: str) -> bool:
    """Whether the text can be a token of a course: it has the form of one, and its checksum is right."""
    return TOKEN_PATTERN.fullmatch(token) is not None and _checksum(token[:-_CHECK_DIGITS]) == token[-_CHECK_DIGITS:]


def latest_last_day(today: date) -> date:
    """The furthest last day of a token that is made today: one year ahead, whether or not 29 February lies between."""
    return add_months(today, 12)


def token_mistake(scopes: Collection[str], last_day: date, today: date) -> str | None:
    """Why such a token cannot be made; None if it can."""
    if not scopes or not set(scopes) <= SCOPES.keys():
        return NO_SCOPE
    if SCIM_SCOPE in scopes and len(set(scopes)) > 1:
        return _("A token for SCIM is for nothing else.")
    if last_day < today:
        return _("The last day has passed. Choose today or a later day.")
    if last_day > latest_last_day(today):
        return _("Choose a last day at most one year ahead.")
    return None


def _checksum(body: str) -> str:
    return _base62(crc32(body.encode()), _CHECK_DIGITS)


def _base62(number: int, digits: int) -> str:
    found = []
    for _place in range(digits):
        number, rest = divmod(number, 62)
        found.append(_DIGITS[rest])
    return "".join(reversed(found))
