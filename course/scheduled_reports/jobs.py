"""Jobs: sending the scheduled reports of a day by mail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from course.context import Context, make_context
from course.dates import civil_date
from course.jobs.rules import JobKind, JobRun
from course.mail.queries import opted_out_people
from course.mail.rules import SCHEDULED_REPORT
from course.organisation.queries import organisation
from course.people.queries import names_told_apart, teams, viewers
from course.people.rules import Viewer, is_undeliverable, team_subtree
from course.reminders.actions.digests import weekly_digests
from course.reminders.actions.planning import sending_plan
from course.reminders.message_text import named_tasks, waiting_teams
from course.reminders.rules import Digest
from course.reminders.rules.messages import MAX_NAMED_TO_MANAGER, NamedDueDay
from course.reports.app_status_cache import app_status_cache
from course.reports.report_view import ReportView, current_report_view
from course.reports.rules import ReportFilter, StatusLine
from course.scheduled_reports import actions, queries
from course.scheduled_reports.queries import Subscription
from course.scheduled_reports.rules import (
    MAX_NAMED,
    Period,
    ReportSummary,
    ScheduledReportMessage,
    TeamCount,
    due_period,
    next_period,
    period_containing,
    replaces_digest,
    summarise_report,
)
from course.signed_links import MailChoiceLink, sign_link
from course.standings.jobs import catch_up
from course.standings.rules import CURRENT
from course.translation import lazy_gettext as _
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session, unit_of_work

# The summary of a manager in whose teams nothing has to be done.
NO_DIGEST = Digest((), (), 0, 1, 0)


def send_scheduled_reports(at: datetime) -> int:
    """Queue the reports that are due, in working hours; returns how many. Safe to run again, and twice at once."""
    zone, sent = str(app_state().config.time_zone), 0
    today = civil_date(at, zone)
    with read_only_session() as session:
        plan = sending_plan(session, zone, at, at)
        if plan is None or not any(hours.next_sending_time(at) == at for hours in plan.own_hours.distinct()):
            return 0
        found = queries.subscriptions(session)
        waiting = [
            (one, period)
            for one in found
            if one.here
            and not is_undeliverable(one.email)
            and plan.leaves_to(one.person_id)[0] == at
            and (period := due_period(one.every, one.since, today, one.sent))
        ]
        people = viewers(session, [one.person_id for one, _ in waiting], today)
        no = opted_out_people(session, SCHEDULED_REPORT)
        instead = any(replaces_digest(one.every, one.since, period.first) for one, period in waiting)
        digests = weekly_digests(plan, today).managers if instead else {}
    if waiting:
        catch_up(at)
    # A worker that died may have sent some of the reports of a manager.
    week = period_containing("week", today).name
    weekly = {one.person_id for one in found if week in one.sent}
    for one, period in waiting:
        viewer = people.get(one.person_id)
        if viewer is None or one.person_id in no:
            continue
        # The first weekly report of a manager says what the summary of all their teams would have said.
        first = replaces_digest(one.every, one.since, period.first) and bool(viewer.leads) and viewer.id not in weekly
        digest = digests.get(viewer.id, NO_DIGEST) if first else None
        queued = _queue_report(one, period, viewer, digest, at)
        sent += queued
        if first and queued:
            weekly.add(viewer.id)
    return sent


def may_receive_report(viewer: Viewer | None, seen: ReportView, team_id: int | None) -> bool:
    """Whether somebody may have the report of that team (None: of all whom they see). `seen` is what they are shown."""
    if viewer is None or "get reports by mail" not in viewer.permissions:
        return False
    return team_id is None or seen.team == team_id


def _queue_report(one: Subscription, period: Period, viewer: Viewer, digest: Digest | None, at: datetime) -> bool:
    """Whether the report of a subscription was queued. Who may not see the team any more gets nothing. With a digest it takes
    the place of that weekly summary: it names who is overdue in the other teams of the manager, and whom to tell in
    person."""
    zone = str(app_state().config.time_zone)
    today = civil_date(at, zone)
    with read_only_session(snapshot=True, replica=True) as session:
        ours = organisation(session)
        context = Context(session, None, at, zone)
        name = ours.name if ours else ""
        seen = current_report_view(context, app_status_cache(), viewer, ReportFilter(one.team_id), name, CURRENT)
        if not may_receive_report(viewer, seen, one.team_id):
            return False
        report = seen.report
        until = next_period(one.every, today).first - timedelta(days=1)
        told = summarise_report(report.lines, report.counts, one.last.counts if one.last else None, until)
        rest = _overdue_elsewhere(context, viewer, seen, name) if digest and one.team_id is not None else []
        listed, to_tell = rest[:MAX_NAMED], digest.to_tell if digest else ()
        unreached = digest.unreached if digest else ()
        named = {line.id for line in (*told.late, *told.near, *listed)} | {name.person_id for name in to_tell}
        names = names_told_apart(session, named | {manager.person_id for manager in unreached})
        compared = tuple(
            TeamCount(row.name, row.required, row.valid, row.counts["overdue"], row.counts["due-soon"])
            for row in seen.team_table().shown
        )
    message = replace(
        _report_message(one, seen, told, names, until),
        organisation=name,
        replaces_digest=digest is not None,
        elsewhere=_named(listed, names),
        elsewhere_overdue=len(rest),
        teams=compared,
        to_tell=named_tasks(to_tell[:MAX_NAMED_TO_MANAGER], names),
        to_tell_count=len(to_tell),
        unreached=waiting_teams(unreached, names),
    )
    with unit_of_work() as session:
        return actions.queue_report(make_context(session, None, at), one, period, dict(report.counts), named, message)


def _overdue_elsewhere(context: Context, viewer: Viewer, seen: ReportView, name: str) -> list[StatusLine]:
    """Who is overdue in the teams that somebody manages and is not in the report, longest first."""
    parents = {team.id: team.parent_id for team in teams(context.session)}
    led = set[int]().union(*(team_subtree(team, parents) for team in viewer.leads if team in parents))
    everybody = current_report_view(
        context, app_status_cache(), viewer, ReportFilter(group="overdue"), name, CURRENT
    ).report.lines
    reported = {line.id for line in seen.report.lines}
    return [line for line in everybody if line.id not in reported and not led.isdisjoint(line.teams)]


def _named(lines: Iterable[StatusLine], names: Mapping[int, str]) -> tuple[NamedDueDay, ...]:
    return tuple(NamedDueDay(names.get(line.id, line.name), line.due) for line in lines)


def _report_message(
    one: Subscription, seen: ReportView, told: ReportSummary, names: Mapping[int, str], until: date
) -> ScheduledReportMessage:
    token = sign_link(MailChoiceLink(one.person_id, SCHEDULED_REPORT), app_state().config.secret_key)
    return ScheduledReportMessage(
        choice_token=token,
        name=one.name,
        organisation="",
        team=seen.name,
        every=one.every,
        day=seen.on,
        until=until,
        query=seen.report.wanted.address(),
        total=told.total,
        nothing_due=told.nothing_due,
        counts=told.counts,
        overdue=len(told.late) + told.unnamed_overdue,
        late=_named(told.late, names),
        unnamed_overdue=told.unnamed_overdue,
        near=_named(told.near, names),
        unnamed_due=told.unnamed_due,
        replaces_digest=False,
        elsewhere=(),
        elsewhere_overdue=0,
    )


def _send(run: JobRun) -> None:
    send_scheduled_reports(run.at)


JOBS = (JobKind("scheduled_reports.send", _("Team reports by e-mail"), _send, every=timedelta(minutes=10)),)
