"""Jobs: sending mail, and forgetting the texts of old mails."""

from __future__ import annotations

from datetime import datetime, timedelta

from course.jobs.rules import JobKind, JobRun
from course.mail import queries
from course.mail.actions import erase_old_texts
from course.mail.delivery import SenderSettings, deliver
from course.web.app_state import app_state
from course.web.unit_of_work import command_session, read_only_session

LOOK_INTERVAL = timedelta(seconds=5)  # between two looks at whether a mail is due


def sender_settings() -> SenderSettings:
    """Where mail goes, from whom, and in whose name, as this program is set up."""
    config = app_state().config
    return SenderSettings(config.mail_url, config.mail_from, config.public_url, config.time_zone)


def _is_mail_due(at: datetime) -> bool:
    with read_only_session() as session:
        return queries.has_deliverable_mail(session, sender_settings().server, at)


def _deliver(run: JobRun) -> None:
    deliver(command_session, sender_settings(), run.at, progress=run.progress)


def _erase_old_texts(run: JobRun) -> None:
    with command_session() as session:
        erase_old_texts(session, run.at)


# A mail whose sender died is not tried again by itself (see delivery.py), so a lost round may simply be begun anew.
JOBS = (
    JobKind("mail.deliver", "Send mail", _deliver, lane="mail", every=LOOK_INTERVAL, wanted=_is_mail_due),
    JobKind("mail.erase_texts", "Delete the texts of old mails", _erase_old_texts, every=timedelta(hours=1)),
)
