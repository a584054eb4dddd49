"""The mails with a link to choose a password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from course.mail.rules import MailMessage
from course.translation import lazy_gettext as _


@dataclass(frozen=True)
class InvitationMessage(MailMessage):
    """The link to choose a first password: `name` is invited by `sender`, `token` is that of the link. `due` is the last
    day in time, if one lies ahead, `manages` are the names of the teams that they manage."""

    template = "invitation"
    label = _("Invitation")
    name: str
    sender: str
    token: str
    due: date | None = None
    organisation: str = ""
    manages: tuple[str, ...] = ()


@dataclass(frozen=True)
class PasswordLinkMessage(MailMessage):
    """The link to choose another password. It names nobody: anybody can ask for it with anybody's address."""

    template = "password_link"
    label = _("Choose a new password")
    token: str


@dataclass(frozen=True)
class OwnAddressMessage(MailMessage):
    """The link with which a person confirms an address that they have added. It names nobody: anybody can enter anybody's
    address."""

    template = "own_address"
    label = _("Confirm your e-mail address")
    token: str


@dataclass(frozen=True)
class NewDeviceMessage(MailMessage):
    """`name` has signed in where they never did before: on `device` (rules.device_name), at the moment `at`."""

    template = "new_device"
    label = _("New sign-in")
    name: str
    device: str
    at: datetime


FactorChange = Literal[
    "passkey-added", "passkey-removed", "app-added", "app-removed", "codes-made", "code-used", "reset", "sessions-ended"
]


@dataclass(frozen=True)
class FactorMessage(MailMessage):
    """Something about how `name` signs in has changed at the moment `at`. `detail` is the name of a passkey, how many recovery
    codes are left, or why somebody else did it."""

    template = "factor_change"
    label = _("How you sign in has changed")
    name: str
    change: FactorChange
    detail: str
    at: datetime
