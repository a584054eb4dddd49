"""What a group gets wrong, with the words of the course: for the page, and for whoever takes it elsewhere."""

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
from course.content.schema import Option, Point, Question
from course.dates import civil_date, start_of_day
from course.teams.queries import team_tree
from course.teams.queries import tree_change_times as tree_changes
from course.teams.rules import team_subtree


@dataclass(frozen=True)
class TeamSnapshot:
    """Of whom figures are: of the people who were here at the moment `before`, in the teams of that moment, and what they
    had answered by then. `parents` says what each team was part of, `below` the ids below each; nobody of the teams
    `out` counts."""

    parents: dict[int, int | None]
    below: dict[int, set[int]]
    before: datetime
    out: frozenset[int]

    def among(self, group: int) -> frozenset[int] | None:
        """The ids of the teams of a group; None for everybody."""
        return None if group == WHOLE_ORGANISATION else frozenset(self.below[group])


def release_schedule_until(session: Session, today: date, zone: str) -> ReleaseSchedule:
    """What is told of each group on each day until today."""
    lives = queries.person_histories(session, start_of_day(monday_of(today), zone))
    mondays, moments = _weekly_cutoffs(lives, today, zone)
    grown = {0, *(bisect_left(moments, at) for at in tree_changes(session))}
    trees = {index: team_parents_at(session, moments[index]) for index in grown if index < len(moments)}
    return build_release_schedule(
        mondays, trees, (stand for life in lives for stand in placement_changes(life, moments))
    )


def item_analysis_cutoff(session: Session, today: date, zone: str) -> date | None:
    """Answers to questions before this day may be told of, together with those of people who have left: a Monday; None
    if there are too few."""
    lives = queries.person_histories(session, start_of_day(monday_of(today), zone), decided=False)
    mondays, moments = _weekly_cutoffs(lives, today, zone)
    ever = (replace(life, came=min(at for at, _ in life.answered), written=(), stays=()) for life in lives)
    told = build_release_schedule(
        mondays, {}, (stand for life in ever for stand in placement_changes(life, moments))
    ).of(WHOLE_ORGANISATION, today)
    return told[0] if told else None


def _weekly_cutoffs(lives: Sequence[PersonHistory], today: date, zone: str) -> tuple[list[date], list[datetime]]:
    """The Mondays from the first answer until today, and when they begin."""
    if not lives:
        return [], []
    first = civil_date(min(at for life in lives for at, _ in life.answered), zone)
    weeks = (monday_of(today) - monday_of(first)).days // 7
    mondays = [monday_of(first) + timedelta(weeks=week) for week in range(1, weeks + 1)]
    return mondays, [start_of_day(day, zone) for day in mondays]


def team_parents_at(session: Session, at: datetime) -> dict[int, int | None]:
    """What each team that was open at that moment was part of."""
    return {one.id: one.parent_id for one in team_tree(session, at)}


def team_snapshot(session: Session, told: tuple[date, frozenset[int]], zone: str) -> TeamSnapshot:
    """Of whom figures of a Monday are: see rules.moving.Timeline.of."""
    day, out = told
    parents = team_parents_at(session, start_of_day(day, zone))
    inside = {one: team_subtree(one, parents) for one in parents}
    return TeamSnapshot(parents, inside, start_of_day(day, zone), out)


@dataclass(frozen=True)
class TeamFinding:
    """A learning point and what was found; `wrong` is the wrong answer chosen most to `question`, `module` that of
    its discussion sheet."""

    point: Point
    finding: PointFinding
    question: Question | None
    wrong: Option | None
    module: str | None


def team_findings(
    session: Session, library: Library, counted: AnswerCounts, parents: Mapping[int, int | None], group: int
) -> list[TeamFinding]:
    """The points of the course of which something may be told of that group, weakest first."""
    forms = {question.id: question.form for question in library.answerable.values()}
    people = {point: publishable_count(parents, direct, group) for point, direct in counted.people.items()}
    asked = {key: publishable_count(parents, direct, group) for key, direct in counted.asked.items()}
    found = point_findings(counted.tallies, people, asked, forms)
    return [_team_finding(session, library, finding) for finding in found if finding.point in library.points]


def _team_finding(session: Session, library: Library, finding: PointFinding) -> TeamFinding:
    favourite = finding.favourite
    question = (
        part_in_version(session, library, Question, favourite.question_id, favourite.version) if favourite else None
    )
    wrong = misconception(question, favourite) if favourite else None
    module = next((one.id for one in library.modules.values() if finding.point in one.points), None)
    sheet = module if module in library.discussions else None
    return TeamFinding(library.points[finding.point], finding, question, wrong, sheet)
