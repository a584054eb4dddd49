"""What every form of the report shares: the part of a day that the viewer may see, and the columns of a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.orm import Session

from course.content.library import Library
from course.content.schema import SETTINGS
from course.context import Context
from course.learning.queries import progress_facts_of_many
from course.learning.rules.progress import ProgressFacts, progress
from course.people.queries import TeamView
from course.people.rules import Viewer
from course.recertification.rules.certification_status import PAUSED, UP_TO_DATE
from course.recertification.rules.facts import REFRESHER
from course.reports.queries import last_reminders
from course.reports.rules import (
    CompletionReport,
    ReportFilter,
    StatusLine,
    TeamSummary,
    completion_report,
    team_summaries,
)
from course.reports.status_cache import StatusCache
from course.reports.twelve_months import MonthLine, MonthPoint, month_ends, month_line
from course.teams.rules import team_subtree
from course.translation import lazy_gettext as _
from course.translation import lazy_ngettext

PROGRESS_BATCH_SIZE = 500  # people in one query for progress


@dataclass(frozen=True)
class ReportView:
    """A report that the viewer may see. `teams` are the teams that they can choose from, as they were on the day,
    `name` says whose report it is, `team` which team was chosen (None: all of them), `at` is the moment as of which the
    report is made, `day_lines` are everybody's lines of that day, `included` the teams that count (None: everybody)."""

    report: CompletionReport
    teams: Sequence[TeamView]
    names: Mapping[int, str]
    name: str
    on: date
    at: datetime
    team: int | None = None
    day_lines: Sequence[StatusLine] = field(default=(), repr=False)
    included: frozenset[int] | None = None

    def team_summaries(self) -> list[TeamSummary]:
        """The teams of the report, each with its sub-teams; those below the chosen team, if one was chosen."""
        parents = {team.id: team.parent_id for team in self.teams}
        below = team_subtree(self.team, parents) - {self.team} if self.team is not None else parents.keys()
        return team_summaries(
            self.day_lines, [(team.id, team.name, team.parent_id) for team in self.teams if team.id in below]
        )


def build_report_view(
    context: Context, cache: StatusCache, viewer: Viewer, report_filter: ReportFilter, organisation_name: str
) -> ReportView:
    """The report of the teams that the viewer manages today and of all teams that were below them on the day; for an
    administrator of everybody, under the organisation's name. A team outside that is treated as if it did not exist."""
    today = context.today
    day = cache.day(context.session, context.zone, report_filter.on or today, today)
    parents = {team.id: team.parent_id for team in day.tree}
    names = {team.id: team.name for team in day.tree}
    visible: frozenset[int] | None = None
    if not viewer.administrator:
        visible = frozenset().union(*(team_subtree(team, parents) for team in viewer.manages if team in parents))
    included, name, chosen = visible, organisation_name, None
    if report_filter.team in parents and (visible is None or report_filter.team in visible):
        chosen = report_filter.team
        included, name = frozenset(team_subtree(chosen, parents)), names[chosen]
    elif visible is not None:
        managed_names = [names[team] for team in viewer.manages if team in names]
        name = managed_names[0] if len(managed_names) == 1 else _("My teams")
    choosable = [team for team in day.tree if visible is None or team.id in visible]
    return ReportView(
        completion_report(day.ordered(report_filter.sort), report_filter, included),
        choosable,
        names,
        name,
        report_filter.on or today,
        day.at,
        chosen,
        day.lines,
        included,
    )


def last_twelve_months(context: Context, cache: StatusCache, view: ReportView) -> MonthLine | None:
    """The share of people with a valid certificate at the end of each of the twelve months before the report's day, and
    on that day. The teams are those of that day, with the people who were in them at each month's end."""
    days = month_ends(view.on)
    counts = cache.certified_counts(context.session, context.zone, days, view.included)
    points = [MonthPoint(on, *count) for on, count in zip(days, counts, strict=True)]
    return month_line([*points, MonthPoint(view.on, view.report.total, view.report.certified_count)])


@dataclass(frozen=True)
class ReportRow:
    """A line as it is shown: `progress` and `teams` in words, `last_reminder` the time at which the newest reminder was
    made."""

    line: StatusLine
    teams: str
    progress: str
    last_reminder: datetime | None

    @property
    def pathway(self) -> str:
        return SETTINGS.get(self.line.pathway, self.line.pathway)  # type: ignore[call-overload,no-any-return]


def report_rows(session: Session, library: Library, view: ReportView, lines: Sequence[StatusLine]) -> list[ReportRow]:
    """The lines as they are shown. Three queries for a page; for a file one more for each 500 people in the course."""
    modules = len(library.modules)
    pathways = {line.id: line.pathway for line in lines if line.started and line.course != REFRESHER}
    in_course = list(pathways)
    modules_done_by_person = {
        person: modules_done(library, pathways[person], facts)
        for batch_start in range(0, len(in_course), PROGRESS_BATCH_SIZE)
        for person, facts in progress_facts_of_many(
            session, in_course[batch_start : batch_start + PROGRESS_BATCH_SIZE], view.at
        ).items()
        if facts.completed_at is None
    }
    ids = [line.id for line in lines] if len(lines) <= PROGRESS_BATCH_SIZE else None
    reminder_times = last_reminders(session, ids, view.at)
    return [
        ReportRow(
            line,
            ", ".join(view.names[team] for team in line.teams if team in view.names),
            _progress_text(line, modules_done_by_person.get(line.id), modules),
            reminder_times.get(line.id),
        )
        for line in lines
    ]


def modules_done(library: Library, pathway: str, facts: ProgressFacts) -> int:
    """The number of modules that are done, of the course as this pathway reads it: some pages are for leaders only."""
    variant = library.for_(pathway if pathway in SETTINGS else None, None)
    return sum(one.done for one in progress(variant, facts).modules)


def _progress_text(line: StatusLine, done: int | None, modules: int) -> str:
    """The progress in words. `done` counts the finished modules of the course that they are in; None if they are in
    none, or have completed it."""
    if line.started and line.state != UP_TO_DATE:
        if line.course == REFRESHER:
            return _("Refresher started")
        if done is not None:
            return lazy_ngettext("%(done)s of %(num)s module", "%(done)s of %(num)s modules", modules, done=done)
    if line.valid_until is None:
        return _("Not started")
    if line.state in (UP_TO_DATE, PAUSED):
        return _("Completed")
    return _("Refresher not started") if line.course == REFRESHER else _("Whole course needed")
