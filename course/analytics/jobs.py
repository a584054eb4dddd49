"""Publishing the figures of groups, shortly after each Monday has begun."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from course.analytics import actions
from course.analytics.queries import SCOPES, is_release_due, pending_mondays, release_drafts
from course.content.loaded_course import library
from course.dates import civil_date
from course.jobs.rules import JobKind, JobRun, Progress
from course.translation import lazy_gettext as _
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session, unit_of_work

PORTION = 52  # Mondays for which is read at once; an installation that begins to record has years of them
STAGE = _("Making the figures of groups")


def publish_figures(at: datetime, since: date = date.min, on_progress: Progress | None = None) -> int:
    """Record what is published, for each Monday until the moment `at` that is not recorded yet; returns the number of
    records. Where nothing is recorded yet, that begins with the first answers, but not before the day `since`.

    Each Monday is one short unit of work. Of several workers at once one records a Monday, and the others stop there.
    """
    zone, count = app_state().config.time_zone, 0
    for scope in SCOPES:
        while True:
            with read_only_session() as session:
                mondays = pending_mondays(session, scope, civil_date(at, zone), zone, since)
                drafts = release_drafts(session, library(), scope, mondays[:PORTION], zone)
            for done, draft in enumerate(drafts, 1):
                with unit_of_work() as session:
                    recorded = actions.record_release(session, draft, at)
                if not recorded:
                    return count
                count += 1
                if on_progress:
                    on_progress(STAGE, done, len(mondays))
            if len(mondays) <= PORTION:
                break
    return count


def _publish(run: JobRun) -> None:
    publish_figures(run.at, on_progress=run.progress)


def _is_due(at: datetime) -> bool:
    with read_only_session() as session:
        return is_release_due(session, civil_date(at, app_state().config.time_zone))


JOBS = (
    JobKind("analytics.publish", _("Figures of team results"), _publish, every=timedelta(minutes=15), wanted=_is_due),
)
