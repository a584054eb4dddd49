"""Findings about a group with the texts of the course, for the results page and for evidence packs."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from course.analytics import queries
from course.analytics.queries import AnswerCounts
from course.analytics.rules.findings import PointFinding, misconception, point_findings
from course.analytics.rules.release_schedule import (
    PersonHistory,
    ReleaseSchedule,
    build_release_schedule,
    placement_changes,
)
from course.analytics.rules.suppression import WHOLE_ORGANISATION, monday_of, publishable_count
from course.content.library import Library
from course.content.queries import part_in_version
from course.content.schema import LearningPoint, Option, Question
from course.dates import civil_date, start_of_day
from course.teams.queries import team_tree
from course.teams.queries import tree_change_times as tree_changes
from course.teams.rules import team_subtree


@dataclass(frozen=True)
class TeamSnapshot:
    """The team tree at the moment `before`: figures are about the people who were employed then, and their answers by then.

    `parents` gives the parent of each team, `descendants` the ids of a team and all below it. People of the teams `out`
    do not count for the whole organisation.
    """

    parents: dict[int, int | None]
    descendants: dict[int, set[int]]
    before: datetime
    out: frozenset[int]

    def among(self, group: int) -> frozenset[int] | None:
        """The ids of the teams of a group; None for everybody."""
        return None if group == WHOLE_ORGANISATION else frozenset(self.descendants[group])


def release_schedule_until(session: Session, today: date, zone: str) -> ReleaseSchedule:
    """The release schedule of every group until today."""
    histories = queries.person_histories(session, start_of_day(monday_of(today), zone))
    mondays, moments = _weekly_cutoffs(histories, today, zone)
    changed = {0, *(bisect_left(moments, at) for at in tree_changes(session))}
    trees = {index: team_parents_at(session, moments[index]) for index in changed if index < len(moments)}
    return build_release_schedule(
        mondays, trees, (change for history in histories for change in placement_changes(history, moments))
    )


def item_analysis_cutoff(session: Session, today: date, zone: str) -> date | None:
    """The Monday before which answers count in item analysis, which includes people who have left; None if there are too
    few answers to publish."""
    histories = queries.person_histories(session, start_of_day(monday_of(today), zone), with_decisions=False)
    mondays, moments = _weekly_cutoffs(histories, today, zone)
    # As if everybody had been employed from their first answer on, in no team.
    permanent = (
        replace(
            history,
            joined_at=min(at for at, _ in history.answers_by_quarter),
            employment_changes=(),
            memberships=(),
        )
        for history in histories
    )
    published = build_release_schedule(
        mondays, {}, (change for history in permanent for change in placement_changes(history, moments))
    ).of(WHOLE_ORGANISATION, today)
    return published[0] if published else None


def _weekly_cutoffs(histories: Sequence[PersonHistory], today: date, zone: str) -> tuple[list[date], list[datetime]]:
    """The Mondays from the first answer until today, and the moments at which they begin."""
    if not histories:
        return [], []
    first = civil_date(min(at for history in histories for at, _ in history.answers_by_quarter), zone)
    weeks = (monday_of(today) - monday_of(first)).days // 7
    mondays = [monday_of(first) + timedelta(weeks=week) for week in range(1, weeks + 1)]
    return mondays, [start_of_day(day, zone) for day in mondays]


def team_parents_at(session: Session, at: datetime) -> dict[int, int | None]:
    """The parent of each team that was open at that moment."""
    return {team.id: team.parent_id for team in team_tree(session, at)}


def team_snapshot(session: Session, published: tuple[date, frozenset[int]], zone: str) -> TeamSnapshot:
    """The team tree of published figures, which are given as (Monday, excluded teams): see `ReleaseSchedule.of`."""
    day, out = published
    parents = team_parents_at(session, start_of_day(day, zone))
    descendants = {team: team_subtree(team, parents) for team in parents}
    return TeamSnapshot(parents, descendants, start_of_day(day, zone), out)


@dataclass(frozen=True)
class TeamFinding:
    """A learning point with its finding; `wrong` is the wrong answer chosen most to `question`, `module` the module of its
    discussion sheet."""

    point: LearningPoint
    finding: PointFinding
    question: Question | None
    wrong: Option | None
    module: str | None


def team_findings(
    session: Session, library: Library, counted: AnswerCounts, parents: Mapping[int, int | None], group: int
) -> list[TeamFinding]:
    """The findings about a group on points of the course that are not suppressed, weakest first."""
    forms = {question.id: question.form for question in library.answerable.values()}
    people = {point: publishable_count(parents, direct, group) for point, direct in counted.people.items()}
    asked = {key: publishable_count(parents, direct, group) for key, direct in counted.asked.items()}
    found = point_findings(counted.tallies, people, asked, forms)
    return [_team_finding(session, library, finding) for finding in found if finding.point in library.points]


def _team_finding(session: Session, library: Library, finding: PointFinding) -> TeamFinding:
    answer = finding.favourite
    question = part_in_version(session, library, Question, answer.question_id, answer.version) if answer else None
    wrong = misconception(question, answer) if answer else None
    module = next((module.id for module in library.modules.values() if finding.point in module.points), None)
    sheet = module if module in library.discussions else None
    return TeamFinding(library.points[finding.point], finding, question, wrong, sheet)
