"""Whether a manager can remind a person now, and the role in which a viewer looked at a training record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from course.recertification.rules import CertificationStatus
from course.recertification.rules.certification_status import NOT_REQUIRED, PAUSED, UP_TO_DATE
from course.recertification.rules.civil_dates import long_date
from course.translation import lazy_gettext as _

# A requested reminder waits at least this long, so that the manager can withdraw it.
UNDO_PERIOD = timedelta(minutes=5)
PAGE, EXPORT, PACK = "page", "export", "pack"


NO_ADDRESS = _("They have no e-mail address. Tell them in person; a note to print is under “Tell in person”.")


def refusal_reason(status: CertificationStatus, suppressed: bool, has_reminder: bool) -> str:
    """The reason why a person cannot be reminded on the day of their certification status; empty if they can.
    `suppressed`: their address is on the suppression list; `has_reminder`: a reminder for that day exists already."""
    if status.state == NOT_REQUIRED:
        return _("They do not have to take the course.")
    if status.state == PAUSED or status.due is None:
        return _("They are on leave.")
    if status.state == UP_TO_DATE:
        return _("They are up to date.")
    if suppressed:
        return _("E-mails to their address fail. Correct the address or try it again first.")
    if has_reminder:
        return _("They already have a reminder on %(on)s.", on=long_date(status.on))
    return ""


@dataclass(frozen=True)
class ViewingRole:
    """A role that allowed a person to view records from one moment until another (None: still), with its label."""

    label: str
    since: datetime
    until: datetime | None
    last_day: date | None = None


def roles_at(roles: Sequence[ViewingRole], at: datetime, day: date) -> tuple[str, ...]:
    """The labels of the roles in which a person could view records at that moment, on that day."""
    return tuple(
        role.label
        for role in roles
        if role.since <= at
        and (role.until is None or at < role.until)
        and (role.last_day is None or day <= role.last_day)
    )
