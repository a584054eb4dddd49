"""The mails of reminders and digests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from course.mail.rules import MailMessage, OptionalMailMessage
from course.translation import lazy_gettext as _

# A digest names the people who have been overdue longest, and counts the others.
MAX_NAMED_TO_MANAGER = 50
MAX_NAMED_TO_LEAD = 100


@dataclass(frozen=True)
class ReminderRequest:
    """The person who asked for a reminder, and the reason that they gave."""

    asked_by: str
    reason: str


@dataclass(frozen=True)
class ReminderMessage(MailMessage):
    """A reminder of the course, or of its refresher (`again`).

    `late` says that the due day has passed, `begun` that something is done, `active` that the person has a password.
    `because` explains the due day. `minutes` are those that all of it takes.
    """

    template = "reminder"
    label = _("Reminder")
    name: str
    organisation: str
    request: ReminderRequest | None
    again: bool
    due: date
    late: bool
    because: str
    minutes: float
    begun: bool
    active: bool


@dataclass(frozen=True)
class NamedDueDay:
    """A person who is named in a mail, and the day on which the person is or was due."""

    name: str
    due: date | None


@dataclass(frozen=True)
class NamedTask:
    """A person who is named in a mail because they have to be told something in person (see NameToTell)."""

    name: str
    due: date | None
    task: str
    lines: tuple[str, ...] = ()
    needs_code: bool = False


@dataclass(frozen=True)
class WaitingTeams:
    """A manager without an e-mail address, by name, and what waits in their teams (see UnreachedManager)."""

    name: str
    person_count: int
    overdue: int
    due_soon: int
    to_tell: int


@dataclass(frozen=True)
class GroupCount:
    """The number of people in one group of certification statuses."""

    group: str
    number: int


@dataclass(frozen=True)
class ManagerDigestMessage(OptionalMailMessage):
    """The weekly summary for a manager (see Digest). `overdue` are those who are named, of `overdue_count`. `to_tell` is what the
    manager tells people without an e-mail address, of `to_tell_count`; `mailed_soon` is the number of people due soon who are
    reminded by mail; `unreached` are managers without an address."""

    template = "digest_manager"
    label = _("Your teams")
    name: str
    organisation: str
    person_count: int
    counts: tuple[GroupCount, ...]
    overdue: tuple[NamedDueDay, ...]
    overdue_count: int
    due_soon: int
    due_soon_days: int
    to_tell: tuple[NamedTask, ...] = ()
    to_tell_count: int = 0
    mailed_soon: int = 0
    unreached: tuple[WaitingTeams, ...] = ()


@dataclass(frozen=True)
class AdministratorDigestMessage(MailMessage):
    """The weekly mail to an administrator about people and managers without an e-mail address whom no manager's mail names.
    It cannot be stopped: there is no one after the administrators."""

    template = "digest_administrator"
    label = _("People without an e-mail address")
    name: str
    organisation: str
    to_tell: tuple[NamedTask, ...]
    to_tell_count: int
    unreached: tuple[WaitingTeams, ...]


@dataclass(frozen=True)
class LeadDigestMessage(MailMessage):
    """The weekly summary for a safeguarding lead: people overdue for `overdue_from` days or more. `site` is the name of the
    site whose lead it is, empty for that of the whole organisation."""

    template = "digest_lead"
    label = _("People long overdue")
    name: str
    organisation: str
    overdue: tuple[NamedDueDay, ...]
    overdue_count: int
    overdue_from: int
    site: str = ""
