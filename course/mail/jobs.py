"""Jobs: sending mail, and forgetting the texts of old mails."""

from __future__ import annotations

from datetime import datetime, timedelta

from course.jobs.rules import JobKind, JobRun, Progress
from course.mail import queries
from course.mail.actions import erase_old_texts
from course.mail.delivery import deliver
from course.mail.smtp import server_name
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session, unit_of_work

LOOK_INTERVAL = timedelta(seconds=5)  # between two looks at whether a mail is due


def deliver_due_mail(at: datetime, by_hand: bool = False, progress: Progress = lambda *_: None) -> int:
    """Send what is due at `at`, as this program is set up; returns how many mails left (see delivery.deliver)."""
    config = app_state().config
    return deliver(
        unit_of_work, config.mail_url, config.mail_from, config.public_url, config.time_zone, at, by_hand, progress
    )


def _is_mail_due(at: datetime) -> bool:
    with read_only_session() as session:
        return queries.has_deliverable_mail(session, server_name(app_state().config.mail_url), at)


def _deliver(run: JobRun) -> None:
    deliver_due_mail(run.at, progress=run.progress)


def _erase_old_texts(run: JobRun) -> None:
    with unit_of_work() as session:
        erase_old_texts(session, run.at)


# A mail whose sender died is not tried again by itself (see delivery.py), so a lost round may simply be begun anew.
JOBS = (
    JobKind("mail.deliver", "Send mail", _deliver, lane="mail", every=LOOK_INTERVAL, wanted=_is_mail_due),
    JobKind("mail.erase_texts", "Delete the texts of old mails", _erase_old_texts, every=timedelta(hours=1)),
)
