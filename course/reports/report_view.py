"""What every form of the report shares: the part of a day that the viewer may see, and the columns of a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property

from sqlalchemy.orm import Session

from course.content.library import Library
from course.content.schema import SETTINGS
from course.context import Context
from course.learning.queries import progress_facts_of_many
from course.people.queries import TeamView
from course.people.queries import teams as open_teams
from course.people.rules import Viewer
from course.recertification.rules.certification_status import PAUSED, UP_TO_DATE
from course.recertification.rules.facts import REFRESHER
from course.reports.queries import NO_DETAILS, PersonDetails, last_reminders, person_details
from course.reports.rules import (
    CompletionReport,
    ReportFilter,
    StatusLine,
    completion_report,
)
from course.reports.status_cache import END_OF_TIME, StatusCache
from course.reports.stored_report import StoredRows, stored_report
from course.reports.team_table import PATH_SEPARATOR, TeamScope, TeamTable, compare_teams
from course.reports.team_trend import WeeklyCounts
from course.reports.twelve_months import MonthLine, MonthPoint, month_ends, month_line
from course.standings.queries.changes import people_count
from course.standings.queries.rows import counted_cells, counted_teams, total_cells
from course.standings.rules import CURRENT, Counted, CountedCell, Freshness, StandingsFilter, stored_teams
from course.standings.rules import modules_done as modules_done
from course.teams.rules import team_subtree
from course.translation import lazy_gettext as _
from course.translation import lazy_ngettext

PROGRESS_BATCH_SIZE = 500  # people in one query for progress
DETAILS_BATCH_SIZE = 2000  # people in one query for staff numbers and certificates
REMINDER_BATCH_SIZE = 2000  # people in one query for reminders; of more of them those of everybody are read
MAX_DERIVED = 20_000  # people up to whom today's report is derived from the facts while the rows are made


@dataclass(frozen=True)
class ReportView:
    """A report that the viewer may see. `teams` are the teams that they can choose from, as they were on the day,
    `name` says whose report it is, `team` which team was chosen (None: all of them), `at` is the moment as of which the
    report is made, `day_lines` are everybody's lines of that day. Of a report of today that is read from the rows that are kept,
    `stored` reads them, `cells` are how many people are in each team and group, and `freshness` says whether they are
    those of now. `included` are the teams that count (None: everybody)."""

    report: CompletionReport
    teams: Sequence[TeamView]
    names: Mapping[int, str]
    name: str
    on: date
    at: datetime
    team: int | None = None
    day_lines: Sequence[StatusLine] = field(default=(), repr=False)
    freshness: Freshness = CURRENT
    stored: StoredRows | None = field(default=None, repr=False)
    cells: Sequence[CountedCell] = field(default=(), repr=False)
    included: frozenset[int] | None = None

    @cached_property
    def paths(self) -> dict[int, str]:
        """Each team that the viewer may see with the teams above it."""
        found: dict[int, str] = {}
        for team in self.teams:  # a team above comes before its sub-teams
            above = found.get(team.parent_id or 0)
            found[team.id] = f"{above}{PATH_SEPARATOR}{team.name}" if above else team.name
        return found

    @property
    def above(self) -> list[TeamView]:
        """The teams above the chosen one that the viewer may see, the highest first."""
        teams, found = {team.id: team for team in self.teams}, list[TeamView]()
        place = teams.get(self.team or 0)
        while place is not None and (place := teams.get(place.parent_id or 0)) is not None and place not in found:
            found.insert(0, place)
        return found

    def team_table(self, weekly: WeeklyCounts | None = None, every_level: bool = False) -> TeamTable:
        """The teams of the report compared, whatever the filter of the list is: those directly below the chosen team or,
        with `every_level`, all of them. With `weekly` (see `team_trend`) each has its trend."""
        counted: Sequence[Counted] = self.day_lines or self.cells
        if not counted and self.stored is not None:
            counted = counted_cells(self.stored.session)  # of a narrowed report only the sums were read
        places = [(team.id, team.name, team.parent_id) for team in self.teams]
        scope = TeamScope(places, self.name, self.team, self.included, every_level)
        return compare_teams(counted, scope, weekly)


def build_report_view(
    context: Context, cache: StatusCache, viewer: Viewer, report_filter: ReportFilter, organisation_name: str
) -> ReportView:
    """The report of the teams that the viewer sees today and of all teams that were below them on the day; for who sees
    everybody, of all, under the organisation's name. A team outside that is treated as if it did not exist.
    It is derived from the facts, also for today."""
    today = context.today

    def scope_of(tree: Sequence[TeamView]) -> _Scope:
        return _scope(tree, viewer, report_filter, organisation_name)

    day = cache.day(
        context.session, context.zone, report_filter.on or today, today, lambda tree: scope_of(tree).included
    )
    scope = scope_of(day.tree)
    return ReportView(
        completion_report(day.ordered(report_filter.sort), report_filter, scope.included),
        scope.choosable,
        scope.names,
        scope.name,
        report_filter.on or today,
        day.at,
        scope.chosen,
        day.lines,
        included=scope.included,
    )


def current_report_view(
    context: Context,
    cache: StatusCache,
    viewer: Viewer,
    report_filter: ReportFilter,
    organisation_name: str,
    freshness: Freshness,
) -> ReportView:
    """As `build_report_view`; for today from the rows that are kept, which were refreshed just now. As long as everybody
    is being derived anew, a report of few people is derived from the facts instead."""
    derive = freshness.rebuilding and people_count(context.session, MAX_DERIVED + 1) <= MAX_DERIVED
    if report_filter.on is not None or derive:
        return build_report_view(context, cache, viewer, report_filter, organisation_name)
    session, today = context.session, context.today
    scope = _scope(open_teams(session), viewer, report_filter, organisation_name)
    narrowed = scope.included is None and report_filter.is_narrowed
    cells = total_cells(session) if narrowed else counted_cells(session)
    teams = stored_teams({cell.stored for cell in cells}, scope.included)
    wanted = StandingsFilter(
        teams, (report_filter.group,) if report_filter.group else (), report_filter.pathway,
        report_filter.started_from, report_filter.started_to, report_filter.search_text, report_filter.sort,
    )  # fmt: skip
    report = stored_report(session, cells, report_filter, wanted, today)
    return ReportView(
        report, scope.choosable, scope.names, scope.name, today, END_OF_TIME, scope.chosen, freshness=freshness,
        stored=StoredRows(session, wanted), cells=() if narrowed else cells, included=scope.included,
    )  # fmt: skip


@dataclass(frozen=True)
class _Scope:
    """What a viewer may see of a tree of teams: `included` are the teams that count (None: everybody), `names` those of
    `choosable`. Somebody may be in another team as well: it is not named."""

    included: frozenset[int] | None
    choosable: Sequence[TeamView]
    names: Mapping[int, str]
    name: str
    chosen: int | None


def _scope(tree: Sequence[TeamView], viewer: Viewer, report_filter: ReportFilter, organisation_name: str) -> _Scope:
    parents = {team.id: team.parent_id for team in tree}
    names = {team.id: team.name for team in tree}
    visible: frozenset[int] | None = None
    seen = viewer.scope("see people")
    if not seen.everyone:
        visible = frozenset().union(*(team_subtree(team, parents) for team in seen.teams if team in parents))
    included, name, chosen = visible, organisation_name, None
    if report_filter.team in parents and (visible is None or report_filter.team in visible):
        chosen = report_filter.team
        included, name = frozenset(team_subtree(chosen, parents)), names[chosen]
    elif visible is not None:
        managed_names = [names[team] for team in seen.teams if team in names]
        name = managed_names[0] if len(managed_names) == 1 else _("My teams")
    choosable = [team for team in tree if visible is None or team.id in visible]
    return _Scope(included, choosable, {team.id: team.name for team in choosable}, name, chosen)


def reading_from(view: ReportView, session: Session) -> ReportView:
    """The same report of today, read on another session, because that of the request has ended."""
    if view.stored is None:
        return view
    wanted = replace(view.stored.wanted, teams=counted_teams(session, view.included))
    stored = StoredRows(session, wanted)
    return replace(view, report=view.report.reading_from(stored), stored=stored)


def team_trend(context: Context, cache: StatusCache, view: ReportView) -> WeeklyCounts:
    """How many people of each set of teams were required and certified on the Mondays of the twelve months before the
    report's day. The first time that a process derives it takes a third of a millisecond for each person in the database
    (with more than 20,000 of them, for each who was ever in the teams of the report, every time)."""
    return cache.weekly_counts(context.session, context.zone, view.on, view.included)


def compared_teams(
    context: Context, cache: StatusCache, view: ReportView, every_level: bool = False, with_trend: bool = True
) -> TeamTable:
    """The teams of a report compared, worst first, for mails, files and evidence packs; see `ReportView.team_table`."""
    return view.team_table(team_trend(context, cache, view) if with_trend else None, every_level)


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
    made. `details` are those of a file."""

    line: StatusLine
    teams: str
    progress: str
    last_reminder: datetime | None
    details: PersonDetails = NO_DETAILS

    @property
    def pathway(self) -> str:
        return SETTINGS.get(self.line.pathway, self.line.pathway)  # type: ignore[call-overload,no-any-return]


def report_rows(
    session: Session, library: Library, view: ReportView, lines: Sequence[StatusLine], with_details: bool = False
) -> list[ReportRow]:
    """The lines as they are shown. Three queries for a page; for a file one more for each 500 people in the course.
    `with_details` as a file shows them: a few queries for each 2,000 people."""
    modules = len(library.modules)
    if view.stored is not None:
        modules_done_by_person = {line.id: line.modules_done for line in lines}
    else:
        modules_done_by_person = _modules_done_by_person(session, library, view, lines)
    ids = [line.id for line in lines] if len(lines) <= REMINDER_BATCH_SIZE else None
    reminder_times = last_reminders(session, ids, view.at)
    texts: dict[tuple[object, ...], str] = {}
    details = details_of_lines(session, view, [line.id for line in lines]) if with_details else {}
    rows = []
    for line in lines:
        done = modules_done_by_person.get(line.id)
        key = line.started is None, line.state, line.course, line.valid_until is None, done
        text = texts.get(key)
        if text is None:
            text = texts[key] = progress_text(line, done, modules)
        rows.append(
            ReportRow(line, team_names(view, line.teams), text, reminder_times.get(line.id),
                      details.get(line.id, NO_DETAILS))
        )  # fmt: skip
    return rows


def details_of_lines(session: Session, view: ReportView, ids: Sequence[int]) -> dict[int, PersonDetails]:
    """What a file says of these people beside their lines, as it was known at the moment of the report."""
    found: dict[int, PersonDetails] = {}
    for start in range(0, len(ids), DETAILS_BATCH_SIZE):
        batch = ids[start : start + DETAILS_BATCH_SIZE]
        found |= person_details(session, batch, view.at, view.at != END_OF_TIME)
    return found


def team_names(view: ReportView, teams: Sequence[int]) -> str:
    """The names of teams that the viewer may see."""
    return ", ".join(view.names[team] for team in teams if team in view.names)


def team_paths(view: ReportView, teams: Sequence[int]) -> str:
    """The same with the teams above each of them, as far as the viewer may see them."""
    return "; ".join(view.paths.get(team, view.names[team]) for team in teams if team in view.names)


def _modules_done_by_person(
    session: Session, library: Library, view: ReportView, lines: Sequence[StatusLine]
) -> dict[int, int | None]:
    """The modules that people have done who are in the course, by person id. One query for each 500 of them."""
    pathways = {line.id: line.pathway for line in lines if line.started and line.course != REFRESHER}
    in_course = list(pathways)
    return {
        person: modules_done(library, pathways[person], facts)
        for batch_start in range(0, len(in_course), PROGRESS_BATCH_SIZE)
        for person, facts in progress_facts_of_many(
            session, in_course[batch_start : batch_start + PROGRESS_BATCH_SIZE], view.at, view.at
        ).items()
        if facts.completed_at is None
    }


def progress_text(line: StatusLine, done: int | None, modules: int) -> str:
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
