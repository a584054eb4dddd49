"""The one list of what workers do by themselves. A feature that has something to do regularly adds it here."""

from __future__ import annotations

from datetime import datetime, timedelta

from course.analytics.weekly_counts import cached_release_schedule
from course.dates import civil_date
from course.exports.actions import forget as forget_files
from course.idempotency.actions import delete_old_forms as forget_forms
from course.mail.actions import erase_old_texts
from course.mail.delivery import deliver
from course.organisation.contact_review_mail import queue_contact_reviews
from course.people_import.actions import delete_expired
from course.people_import.jobs import resume_interrupted
from course.privacy.commands import run as erase
from course.refreshers.commands import recover_completions, send_boosters, send_updates
from course.reminders.commands import queue_due_reminders
from course.reports.app_status_cache import app_status_cache
from course.scheduled_reports.jobs import send_scheduled_reports
from course.server.worker import TICK_SECONDS, Job
from course.web.app_state import app_state
from course.web.background_threads import run_in_background
from course.web.unit_of_work import command_session, read_only_session


def _deliver_mail(at: datetime) -> None:
    config = app_state().config
    deliver(command_session, config.mail_url, config.mail_from, config.public_url, config.time_zone, at)


def _delete_mail_texts(at: datetime) -> None:
    with command_session() as session:
        erase_old_texts(session, at)


def _delete_imports(at: datetime) -> None:
    with command_session() as session:
        delete_expired(session, at)


def _resume_import(at: datetime) -> None:
    zone = app_state().config.time_zone
    run_in_background(lambda: resume_interrupted(zone, at), "a list that was cut off")


def _delete_exports(at: datetime) -> None:
    with command_session() as session:
        forget_files(session, at)


def _delete_sent_forms(at: datetime) -> None:
    with command_session() as session:
        forget_forms(session, at)


def _send_updates(at: datetime) -> None:
    send_updates(civil_date(at, app_state().config.time_zone))


def _send_boosters(at: datetime) -> None:
    send_boosters(civil_date(at, app_state().config.time_zone))


def _complete_finished(at: datetime) -> None:
    recover_completions(at)


def _warm_status_cache(at: datetime) -> None:
    zone = str(app_state().config.time_zone)
    today = civil_date(at, zone)
    with read_only_session() as session:
        app_status_cache().day(session, zone, today, today)


def _warm_weekly_counts(at: datetime) -> None:
    zone = str(app_state().config.time_zone)
    with read_only_session() as session:
        cached_release_schedule(session, civil_date(at, zone), zone)


def _queue_contact_reviews(at: datetime) -> None:
    queue_contact_reviews(at)


JOBS = (
    Job("mail", timedelta(seconds=TICK_SECONDS), _deliver_mail),
    Job("reminders", timedelta(hours=1), queue_due_reminders),
    Job("updates", timedelta(hours=1), _send_updates),
    Job("boosters", timedelta(hours=1), _send_boosters),
    Job("what was finished", timedelta(hours=1), _complete_finished),
    Job("reports by mail", timedelta(minutes=10), send_scheduled_reports),
    Job("contacts", timedelta(hours=1), _queue_contact_reviews),
    Job("texts of old mail", timedelta(hours=1), _delete_mail_texts),
    Job("erasing what is not kept", timedelta(hours=1), erase),
    Job("lists of people", timedelta(hours=1), _delete_imports),
    Job("lists that were cut off", timedelta(minutes=1), _resume_import),
    Job("files that were made", timedelta(hours=1), _delete_exports),
    Job("forms that were sent", timedelta(hours=6), _delete_sent_forms),
)
# Only where pages are served: what takes long is worked out before somebody asks for it.
SERVER_JOBS = (
    Job("report", timedelta(minutes=5), _warm_status_cache),
    Job("what teams get wrong", timedelta(minutes=15), _warm_weekly_counts),
)
