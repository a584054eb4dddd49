"""What is counted for figures at one moment: as the job counts it, and as the database counts people by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, not_, or_, select
from sqlalchemy.orm import Session

from course.analytics import queries
from course.analytics.queries.answers import ranked_answers
from course.analytics.rules.findings import AnswerTally, QuestionKey
from course.analytics.rules.groups import MonthlyAnswers
from course.analytics.rules.placement_history import PlacementTimeline, placement_changes
from course.analytics.rules.published_figures import CountedAnswers, ScenarioKey, tallies_of
from course.analytics.rules.running_counts import RunningCounts
from course.context import ZONE_KEY
from course.dates import civil_date
from course.people.models import Employment, Membership, Person


@dataclass(frozen=True)
class AnswerCounts:
    """Counts of first answers, by team (0: no team); see CountedAnswers."""

    tallies: Mapping[int, list[AnswerTally]]
    people: Mapping[str, Mapping[int, int]]
    asked: Mapping[QuestionKey, Mapping[int, int]]
    months: tuple[MonthlyAnswers, ...]


def counted_at(session: Session, moments: Sequence[datetime]) -> Iterator[CountedAnswers]:
    """What is counted at each of these moments, until the next one is asked for."""
    histories = queries.person_histories(session, moments[-1])
    timeline = PlacementTimeline(change for history in histories for change in placement_changes(history, moments))
    people = timeline.people
    answers = queries.first_answers(session, people, moments)
    counts = RunningCounts(answers, queries.first_choices(session, people, moments), timeline, {})
    return (counts.at(index) for index in range(len(moments)))


def answer_counts(session: Session, before: datetime) -> AnswerCounts:
    """The counts of the first answers before that moment."""
    (counted,) = counted_at(session, [before])
    tallies = {team: tallies_of(counted, {team}) for team in counted.tallies}
    return AnswerCounts(tallies, counted.people, counted.asked, tuple(counted.months))


def decision_counts(
    session: Session, before: datetime
) -> Mapping[ScenarioKey, Mapping[str, Mapping[str, Mapping[int, int]]]]:
    """The counts of the first decisions before that moment."""
    (counted,) = counted_at(session, [before])
    return counted.scenes


def teams_in_database(session: Session, at: datetime) -> dict[int, int]:
    """The team in which each person who was employed at that moment counted (the one joined last; 0 for none), as the database
    puts it together: what rules.placement_history says of those who have answered."""
    newest = (
        select(Membership.person_id, func.max(Membership.id).label("id"))
        .where(Membership.since <= at, or_(Membership.until.is_(None), Membership.until > at))
        .group_by(Membership.person_id)
        .subquery()
    )
    # Employment is taken from what was recorded by then, not from what became known later.
    known = (
        select(Employment.person_id, func.max(Employment.id).label("id"))
        .where(Employment.made_at <= at)
        .group_by(Employment.person_id)
        .subquery()
    )
    has_records = select(Employment.id).where(Employment.person_id == Person.id).correlate(Person).exists()
    on = civil_date(at, session.info[ZONE_KEY])
    left_unrecorded = and_(~has_records, Person.left_at.is_not(None), Person.left_at <= at)
    rows = session.execute(
        select(Person.id, func.coalesce(Membership.team_id, 0))
        .outerjoin(newest, newest.c.person_id == Person.id)
        .outerjoin(Membership, Membership.id == newest.c.id)
        .outerjoin(known, known.c.person_id == Person.id)
        .outerjoin(Employment, Employment.id == known.c.id)
        .where(Person.created_at <= at, not_(left_unrecorded))
        # A last day may be recorded beforehand: the person counts until its end, where the organisation is.
        .where(or_(Employment.end.is_(None), and_(Employment.end > Employment.recorded, Employment.end >= on)))
    )
    return dict(rows.all())


def teams_by_rule(session: Session, at: datetime) -> dict[int, int]:
    """The same of those who have answered, as the rule says it."""
    histories = queries.person_histories(session, at)
    timeline = PlacementTimeline(change for history in histories for change in placement_changes(history, [at]))
    return {person: place[0] for person, place in timeline.placements(0).items() if place is not None}


def people_in_database(session: Session, at: datetime) -> dict[tuple[int, int], int]:
    """For each of these people and their team the number of their first answers, if there are any."""
    first = ranked_answers(at).c
    counts = select(first.person_id, func.count()).where(first.place == 1).group_by(first.person_id)
    teams = teams_in_database(session, at)
    return {(person, teams[person]): n for person, n in session.execute(counts) if person in teams}
