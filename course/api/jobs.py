"""Jobs: finding certificates that have expired, for programs that ask for events."""

from __future__ import annotations

from datetime import timedelta

from course.api.actions import record_expiries
from course.api.queries.events import first_token_day, lapsed_certificates, recorded_expiries
from course.context import make_context
from course.dates import civil_date
from course.jobs.rules import JobKind, JobRun
from course.standings.jobs import refresh_standings
from course.translation import lazy_gettext as _
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session, unit_of_work

PORTION = 500  # people in one unit of work


def _record_expiries(run: JobRun) -> None:
    if not refresh_standings(run.at).current:
        return  # the next run finds the same
    zone = str(app_state().config.time_zone)
    with read_only_session() as session:
        first = first_token_day(session)
        lapsed = lapsed_certificates(session, civil_date(first, zone), civil_date(run.at, zone)) if first else []
        known = (
            recorded_expiries(session, [person_id for person_id, _day in lapsed]) if len(lapsed) <= PORTION else set()
        )
    new = [one for one in lapsed if one not in known]
    for start in range(0, len(new), PORTION):
        with unit_of_work() as session:
            record_expiries(make_context(session, None, run.at), new[start : start + PORTION])


JOBS = (JobKind("api.expiries", _("Note which certificates have expired"), _record_expiries, every=timedelta(hours=1)),)
