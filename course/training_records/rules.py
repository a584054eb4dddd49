"""Whom a manager can remind now, and why somebody not; and in which role somebody looked at a record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from course.recertification.rules import CertificationStatus
from course.recertification.rules.certification_status import NOT_REQUIRED, PAUSED, UP_TO_DATE
from course.recertification.rules.civil_dates import long_date

# A reminder that somebody asks for waits this long at least, so that they can take it back.
UNDO_PERIOD = timedelta(minutes=5)
PAGE, EXPORT, PACK = "page", "export", "pack"


def refusal_reason(now: CertificationStatus, dead: bool, already: bool) -> str:
    """Why a person cannot be reminded on the day of their standing; empty if they can. `dead`: their address takes no
    mail; `already`: a reminder for that day has been made."""
    if now.state == NOT_REQUIRED:
        return "The course is not required of them."
    if now.state == PAUSED or now.due is None:
        return "They are on leave. Nobody is reminded during a leave."
    if now.state == UP_TO_DATE:
        return "They are up to date. There is nothing to be reminded of."
    if dead:
        return "Their address takes no mail. It has to be corrected, or tried again, first."
    if already:
        return f"They have a reminder on {long_date(now.on)} already. One a day is enough."
    return ""


@dataclass(frozen=True)
class ViewingRole:
    """A right to look that somebody had from a moment until another (None: still), in words."""

    label: str
    since: datetime
    until: datetime | None
    last_day: date | None = None


def roles_at(rights: Sequence[ViewingRole], at: datetime, day: date) -> tuple[str, ...]:
    """In which roles somebody could look at that moment, on that day."""
    return tuple(
        one.label
        for one in rights
        if one.since <= at and (one.until is None or at < one.until) and (one.last_day is None or day <= one.last_day)
    )
