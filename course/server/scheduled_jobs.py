"""The one list of what workers do by themselves. A feature that has something to do regularly adds it here."""

from __future__ import annotations

from datetime import datetime, timedelta

from course.analytics.weekly_counts import timeline_here
from course.dates import civil_date
from course.exports.actions import forget as forget_files
from course.idempotency.actions import forget as forget_forms
from course.mail.actions import forget_texts
from course.mail.delivery import deliver
from course.organisation.contact_review_mail import ask_owners
from course.people_import.actions import forget
from course.privacy.commands import run as erase
from course.refreshers.commands import complete_finished, send_boosters, send_updates
from course.reminders.commands import send
from course.reports.app_status_cache import ledger_here
from course.scheduled_reports.jobs import send_bulletins
from course.server.worker import TICK, Job
from course.web.app_state import state
from course.web.unit_of_work import command_session, reading_session


def _mail(at: datetime) -> None:
    config = state().config
    deliver(command_session, config.mail_url, config.mail_from, config.public_url, config.time_zone, at)


def _forget(at: datetime) -> None:
    with command_session() as session:
        forget_texts(session, at)


def _forget_lists(at: datetime) -> None:
    with command_session() as session:
        forget(session, at)


def _forget_files(at: datetime) -> None:
    with command_session() as session:
        forget_files(session, at)


def _forget_forms(at: datetime) -> None:
    with command_session() as session:
        forget_forms(session, at)


def _updates(at: datetime) -> None:
    send_updates(civil_date(at, state().config.time_zone))


def _boosters(at: datetime) -> None:
    send_boosters(civil_date(at, state().config.time_zone))


def _finished(at: datetime) -> None:
    complete_finished(at)


def _read_ahead(at: datetime) -> None:
    zone = str(state().config.time_zone)
    today = civil_date(at, zone)
    with reading_session() as session:
        ledger_here().day(session, zone, today, today)


def _count_ahead(at: datetime) -> None:
    zone = str(state().config.time_zone)
    with reading_session() as session:
        timeline_here(session, civil_date(at, zone), zone)


def _contacts(at: datetime) -> None:
    ask_owners(at)


JOBS = (
    Job("mail", timedelta(seconds=TICK), _mail),
    Job("reminders", timedelta(hours=1), send),
    Job("updates", timedelta(hours=1), _updates),
    Job("boosters", timedelta(hours=1), _boosters),
    Job("what was finished", timedelta(hours=1), _finished),
    Job("reports by mail", timedelta(minutes=10), send_bulletins),
    Job("contacts", timedelta(hours=1), _contacts),
    Job("texts of old mail", timedelta(hours=1), _forget),
    Job("erasing what is not kept", timedelta(hours=1), erase),
    Job("lists of people", timedelta(hours=1), _forget_lists),
    Job("files that were made", timedelta(hours=1), _forget_files),
    Job("forms that were sent", timedelta(hours=6), _forget_forms),
)
# Only where pages are served: what takes long is worked out before somebody asks for it.
BESIDE_PAGES = (
    Job("report", timedelta(minutes=5), _read_ahead),
    Job("what teams get wrong", timedelta(minutes=15), _count_ahead),
)
