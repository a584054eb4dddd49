"""What every form of the report is made of: what the viewer may see of a day, and the columns of a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from course.content.library import Library
from course.content.schema import SETTINGS
from course.learning.queries import progress_facts_of_many
from course.learning.rules.progress import ProgressFacts, progress
from course.people.queries import TeamView
from course.people.rules import Viewer
from course.recertification.rules.certification_status import PAUSED, UP_TO_DATE
from course.recertification.rules.facts import REFRESHER
from course.reports.queries import last_reminders
from course.reports.rules import CompletionReport, ReportFilter, StatusLine, completion_report
from course.reports.status_cache import StatusCache
from course.teams.rules import team_subtree

PROGRESS_BATCH_SIZE = 500  # people at once whose progress is asked for


@dataclass(frozen=True)
class ReportView:
    """A report that somebody may see. `teams` are those that they can choose from, as they were on the day, `name`
    says of whom it is, `team` which one was chosen (None: all of them), `at` is the moment as of which it is told."""

    report: CompletionReport
    teams: Sequence[TeamView]
    names: Mapping[int, str]
    name: str
    on: date
    at: datetime
    team: int | None = None


def build_report_view(
    session: Session, ledger: StatusCache, viewer: Viewer, wanted: ReportFilter, today: date, zone: str, whole: str
) -> ReportView:
    """The report of the teams that the viewer manages today and of all that was below them on the day; for an
    administrator of everybody (`whole` is the organisation's name). A team outside that is as if it was not there."""
    day = ledger.day(session, zone, wanted.on or today, today)
    parents = {team.id: team.parent_id for team in day.tree}
    names = {team.id: team.name for team in day.tree}
    seen: frozenset[int] | None = None
    if not viewer.administrator:
        seen = frozenset().union(*(team_subtree(team, parents) for team in viewer.manages if team in parents))
    among, name, chosen = seen, whole, None
    if wanted.team in parents and (seen is None or wanted.team in seen):
        chosen = wanted.team
        among, name = frozenset(team_subtree(chosen, parents)), names[chosen]
    elif seen is not None:
        tops = [names[team] for team in viewer.manages if team in names]
        name = tops[0] if len(tops) == 1 else "My teams"
    choice = [team for team in day.tree if seen is None or team.id in seen]
    return ReportView(
        completion_report(day.ordered(wanted.sort), wanted, among),
        choice,
        names,
        name,
        wanted.on or today,
        day.at,
        chosen,
    )


@dataclass(frozen=True)
class ReportRow:
    """A line as it is shown: `progress` and `teams` in words, `reminded` when the newest reminder was made."""

    line: StatusLine
    teams: str
    progress: str
    last_reminder: datetime | None

    @property
    def pathway(self) -> str:
        return SETTINGS.get(self.line.pathway, self.line.pathway)  # type: ignore[call-overload,no-any-return]


def report_rows(session: Session, library: Library, seen: ReportView, lines: Sequence[StatusLine]) -> list[ReportRow]:
    """These lines in words. Three queries for a page; for a file one more for each 500 people in the course."""
    modules = len(library.modules)
    follows = {line.id: line.pathway for line in lines if line.started and line.course != REFRESHER}
    reading = list(follows)
    done = {
        person: modules_done(library, follows[person], facts)
        for start in range(0, len(reading), PROGRESS_BATCH_SIZE)
        for person, facts in progress_facts_of_many(
            session, reading[start : start + PROGRESS_BATCH_SIZE], seen.at
        ).items()
        if facts.completed_at is None
    }
    ids = [line.id for line in lines] if len(lines) <= PROGRESS_BATCH_SIZE else None
    reminded = last_reminders(session, ids, seen.at)
    return [
        ReportRow(
            line,
            ", ".join(seen.names[team] for team in line.teams if team in seen.names),
            _progress_text(line, done.get(line.id), modules),
            reminded.get(line.id),
        )
        for line in lines
    ]


def modules_done(library: Library, pathway: str, facts: ProgressFacts) -> int:
    """How many modules are done, of the course as this pathway reads it: some pages are for leaders only."""
    own = library.for_(pathway if pathway in SETTINGS else None, None)
    return sum(one.done for one in progress(own, facts).modules)


def _progress_text(line: StatusLine, done: int | None, modules: int) -> str:
    """`done` counts the modules of the course that they are in; None if they are in none, or have completed it."""
    if line.started and line.state != UP_TO_DATE:
        if line.course == REFRESHER:
            return "Refresher begun"
        if done is not None:
            return f"{done} of {modules} modules"
    if line.valid_until is None:
        return "Not begun"
    if line.state in (UP_TO_DATE, PAUSED):
        return "Completed"
    return "Refresher not begun" if line.course == REFRESHER else "Whole course needed"
