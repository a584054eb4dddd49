"""The one list of what workers do by themselves. A feature that has something to do regularly adds it here."""

from __future__ import annotations

from datetime import datetime, timedelta

from course.mail.sending import deliver
from course.reminders.commands import send
from course.serving.worker import TICK, Job
from course.web.session import command_session
from course.web.site import state


def _mail(at: datetime) -> None:
    config = state().config
    deliver(command_session, config.mail_url, config.mail_from, config.public_url, config.time_zone, at)


JOBS = (
    Job("mail", timedelta(seconds=TICK), _mail),
    Job("reminders", timedelta(hours=1), send),
)
