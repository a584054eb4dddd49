"""All kinds of jobs that workers do, collected from the `jobs.py` of each feature, and what each process does for itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from course.analytics import jobs as analytics
from course.api import jobs as api
from course.api_tokens import jobs as api_tokens
from course.auth import jobs as auth
from course.backups import jobs as backups
from course.bulk_changes import jobs as bulk_changes
from course.cmi5 import jobs as cmi5
from course.dates import civil_date
from course.evidence import jobs as evidence
from course.exports import jobs as exports
from course.idempotency.actions import delete_old_forms
from course.import_folder import jobs as import_folder
from course.jobs.actions import delete_old_jobs
from course.jobs.rules import JobKind, JobRegistry, JobRun
from course.jobs.worker import LocalTask
from course.lti_services import jobs as lti_services
from course.mail import jobs as mail
from course.milestones import jobs as milestones
from course.organisation.contact_review_mail import queue_contact_reviews
from course.people import jobs as people
from course.people_import import jobs as people_import
from course.privacy import jobs as privacy
from course.refreshers import jobs as refreshers
from course.reminders import jobs as reminders
from course.reports import jobs as reports
from course.reports.app_status_cache import app_status_cache
from course.reports.team_trend import MAX_PEOPLE_WITH_TREND
from course.reports.twelve_months import MAX_PEOPLE_WITH_LINE, month_ends
from course.scheduled_reports import jobs as scheduled_reports
from course.standings import jobs as standings
from course.standings.jobs import refresh_standings
from course.standings.queries.changes import people_count
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session, unit_of_work
from course.webhooks import jobs as webhooks
from course.xapi import jobs as xapi

HOUR = timedelta(hours=1)


def _delete_old_forms(run: JobRun) -> None:
    with unit_of_work() as session:
        delete_old_forms(session, run.at)


def _delete_old_jobs(run: JobRun) -> None:
    with unit_of_work() as session:
        delete_old_jobs(session, run.at)


def _refresh_reports(at: datetime) -> None:
    """The rows that reports read, and in a small organisation the facts behind the lines of the last twelve months."""
    refresh_standings(at)
    zone = str(app_state().config.time_zone)
    today = civil_date(at, zone)
    with read_only_session() as session:
        number, cache = people_count(session, MAX_PEOPLE_WITH_TREND + 1), app_status_cache()
        if number <= MAX_PEOPLE_WITH_LINE:
            cache.certified_counts(session, zone, month_ends(today))
        if number <= MAX_PEOPLE_WITH_TREND:
            cache.weekly_counts(session, zone, today)


JOBS = (
    JobKind("server.delete_forms", "Forget forms that were sent", _delete_old_forms, every=timedelta(hours=6)),
    JobKind("server.delete_jobs", "Forget jobs that ended long ago", _delete_old_jobs, every=HOUR),
    JobKind(
        "organisation.contacts",
        "Mails about contacts to confirm",
        lambda run: queue_contact_reviews(run.at),
        every=HOUR,
    ),
)
FEATURES = (
    analytics, api, api_tokens, auth, backups, bulk_changes, cmi5, evidence, exports, import_folder, lti_services, mail,
    milestones, people, people_import, privacy, refreshers, reminders, reports, scheduled_reports, standings, webhooks, xapi,
)  # fmt: skip
REGISTRY = JobRegistry((*JOBS, *(kind for feature in FEATURES for kind in feature.JOBS)))
# Only where pages are served, so that reports are derived before somebody asks for them, with or without a worker.
SERVER_TASKS = (LocalTask("standings", timedelta(minutes=5), _refresh_reports),)
