"""Rules of operation: when mail is stalled, and sizes in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args

from course.jobs.rules import JobState
from course.mail.rules import MailMessage
from course.translation import lazy_gettext as _

# A due mail is sent within seconds while the server runs.
MAX_MAIL_DELAY = timedelta(minutes=10)
STOPPED_SHOWN = timedelta(days=1)  # how long a program that was stopped in good order is still listed
JOB_STATES: dict[str, tuple[JobState, ...]] = {state: (state,) for state in get_args(JobState)}
JOB_STATE_CHOICES = tuple(JOB_STATES)


@dataclass(frozen=True)
class MailCheckMessage(MailMessage):
    """A mail that shows to the administrator `name` that mail arrives."""

    template = "test"
    label = _("Test mail")
    name: str


def is_mail_stalled(due_since: datetime | None, at: datetime) -> bool:
    """Whether a mail has been due for so long that no worker can be sending."""
    return due_since is not None and at - due_since > MAX_MAIL_DELAY


def format_size(count: int) -> str:
    """A number of bytes in words: 12 KB, 3.4 MB."""
    value = count / 1000
    for unit in ("KB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            break
        value /= 1000
    return f"{value:.1f} {unit}" if value < 10 and unit != "KB" else f"{max(1, round(value)):,} {unit}"
