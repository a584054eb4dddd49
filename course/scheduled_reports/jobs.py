"""Sending the reports of a day, from the worker."""

from __future__ import annotations

from datetime import datetime, timedelta

from course.content.loaded_course import library
from course.dates import civil_date
from course.mail import preference_links
from course.mail.message_templates import letter
from course.mail.queries import declined
from course.mail.rules import BULLETIN, Letter
from course.organisation.queries import organisation
from course.people.queries import viewers
from course.people.rules import Viewer
from course.reminders.queries import hours
from course.reports.app_status_cache import ledger_here
from course.reports.report_view import Sight, sight
from course.reports.rules import Wanted
from course.scheduled_reports import actions, queries
from course.scheduled_reports.queries import Subscription
from course.scheduled_reports.rules import Period, due, following, news
from course.web.app_state import state
from course.web.unit_of_work import command_session, reading_session


def send_bulletins(at: datetime) -> int:
    """Queue the reports that are due, in working hours; returns how many. Safe to run again, and twice at once."""
    zone, sent = str(state().config.time_zone), 0
    today = civil_date(at, zone)
    with reading_session() as session:
        when = hours(session, zone)
        if when is None or when.leaves(at) != at:
            return 0
        waiting = [
            (one, period)
            for one in queries.subscriptions(session)
            if one.here and (period := due(one.every, one.since, today, one.sent))
        ]
        people = viewers(session, [one.person_id for one, _ in waiting], today)
        no = declined(session, BULLETIN)
    for one, period in waiting:
        viewer = people.get(one.person_id)
        if viewer is not None and one.person_id not in no:
            sent += _send(one, period, viewer, at)
    return sent


def may_see(viewer: Viewer | None, seen: Sight, team_id: int | None) -> bool:
    """Whether somebody may have the report of that team (None: of all whom they see). `seen` is what they are shown."""
    if viewer is None or not (viewer.administrator or viewer.manages):
        return False
    return team_id is None or seen.team == team_id


def _send(one: Subscription, period: Period, viewer: Viewer, at: datetime) -> bool:
    """Whether the report of a subscription was queued. Who may not see the team any more gets nothing."""
    zone = str(state().config.time_zone)
    today = civil_date(at, zone)
    with reading_session() as session:
        ours = organisation(session)
        seen = sight(session, ledger_here(), viewer, Wanted(one.team_id), today, zone, ours.name if ours else "")
    if not may_see(viewer, seen, one.team_id):
        return False
    report = seen.report
    until = following(one.every, today).first - timedelta(days=1)
    told = news(report.lines, report.counts, one.last.counts if one.last else None, until, seen.name)
    config = state().config
    stop = f"{config.public_url}/mail/choice/{preference_links.token(config.secret_key, one.person_id, BULLETIN)}"
    filtered = report.wanted.address()
    mail: Letter = letter(
        "bulletin.txt", told.subject, preference_links.unsubscribe_headers(stop), name=one.name, news=told, team=seen.name,
        day=today, until=until, every=one.every, course=library().course.title, stop=stop,
        link=f"{config.public_url}/report{'?' if filtered else ''}{filtered}",
    )  # fmt: skip
    named = {line.id for line in (*told.late, *told.near)}
    with command_session() as session:
        return actions.send(session, one, period, today, dict(report.counts), named, mail, at)
