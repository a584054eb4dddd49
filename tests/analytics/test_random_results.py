"""The published results of random teams, held against sums made answer by answer from the rows of the database."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from random import Random

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.analytics import queries
from course.analytics.models import FigureRelease
from course.analytics.rules.groups import SMALLEST_GROUP
from course.content.schema import Question, Scenario
from course.context import make_context
from course.learning.models import (
    Answer,
    Attempt,
    AttemptItem,
    AttemptVoid,
    Decision,
    Enrolment,
    ScenarioRun,
    ScenarioRunVoid,
)
from course.people.actions import join_team, record_departure
from course.people.models import Employment, Membership, Person, Team
from course.people.queries import teams
from course.teams.rules import team_subtree
from tests.analytics.answering import answer, decide, make_newest_void, publish
from tests.conftest import NOW
from tests.makers import make_person, make_team

WEEKS = 10


def _fill(session: Session, bank: list[Question], story: tuple[str, Scenario], chance: Random) -> None:
    """People of five teams who answer for ten weeks, some of it twice, move, leave, and whose sheets are entered wrongly."""
    region = make_team(session, "Region")
    north, south = make_team(session, "North", region), make_team(session, "South", region)
    places = [region, north, south, make_team(session, "Night", north), None]
    began = NOW - timedelta(weeks=WEEKS + 2)
    people = [
        make_person(session, f"P {n} {k}", f"p{n}-{k}@example.org", team=team, password=None, at=began)
        for n, team in enumerate(places)
        for k in range(chance.randint(4, 11))
    ]
    number: Counter[int] = Counter()
    for week in range(WEEKS, 0, -1):
        at = NOW - timedelta(weeks=week, seconds=chance.randrange(600_000))
        for person in people:
            for question in chance.sample(bank, chance.choice([0, 1, 3])):
                number[person.id] += 1
                answer(
                    session, person, question, chance.randrange(len(question.options)), number=number[person.id],
                    sure=chance.choice(["sure", "guessing"]), at=at + timedelta(seconds=chance.randrange(3600)),
                    kind=chance.choice(["check", "final", "booster", "timeline"]),
                )  # fmt: skip
                if chance.random() < 0.05:
                    make_newest_void(session, person, AttemptVoid)
        if week % 3 == 0:
            session.flush()
            mover, leaver = chance.sample(people, 2)
            team = chance.choice([place for place in places if place is not None])
            join_team(make_context(session, None, at), mover.id, team.id, chance.random() < 0.5)
            record_departure(make_context(session, None, at), leaver.id, at.date(), "moved")
            people.remove(leaver)
    ref, scenario = story
    for person in people:
        for run in range(1, chance.randint(1, 3)):
            scene = scenario.by_id[scenario.start]
            steps = [(scene.id, chance.choice(scene.choices).id) for _ in range(chance.randint(1, 2))]
            decide(session, person, ref, scenario, steps, number=run)
            if chance.random() < 0.1:
                make_newest_void(session, person, ScenarioRunVoid)
    session.commit()


def _people_of(session: Session, at: datetime) -> dict[int, int]:
    """The team in which each person who works here at that moment counts; 0 for none."""
    found = {}
    for person in session.execute(select(Person)).scalars():
        spells = session.execute(select(Employment).where(Employment.person_id == person.id).order_by(Employment.id))
        known = [spell for spell in spells.scalars() if spell.made_at <= at]
        if person.created_at > at or (known and known[-1].end is not None):
            continue
        memberships = session.execute(
            select(Membership).where(Membership.person_id == person.id).order_by(Membership.id)
        ).scalars()
        in_teams = [m.team_id for m in memberships if m.since <= at and (m.until is None or m.until > at)]
        found[person.id] = in_teams[-1] if in_teams else 0
    return found


def _first_answers(session: Session, at: datetime) -> list[tuple[int, AttemptItem, Answer]]:
    void = set(session.execute(select(AttemptVoid.attempt_id)).scalars())
    rows = session.execute(
        select(Enrolment.person_id, Attempt, AttemptItem, Answer)
        .join(Attempt, Attempt.enrolment_id == Enrolment.id)
        .join(AttemptItem, AttemptItem.attempt_id == Attempt.id)
        .join(Answer, Answer.item_id == AttemptItem.id)
    ).all()
    first: dict[tuple[int, str], tuple[int, AttemptItem, Answer]] = {}
    for person, attempt, item, given in sorted(rows, key=lambda row: (row[3].answered_at, row[2].id)):
        if attempt.kind != "timeline" and attempt.id not in void and given.answered_at < at:
            first.setdefault((person, item.question_id), (person, item, given))
    return list(first.values())


def _first_decisions(session: Session, at: datetime) -> dict[tuple[str, str, str], dict[int, str]]:
    """For each scenario, version and scene the first choice of each person in their first run that counts."""
    void = set(session.execute(select(ScenarioRunVoid.run_id)).scalars())
    rows = session.execute(
        select(Enrolment.person_id, ScenarioRun, Decision)
        .join(ScenarioRun, ScenarioRun.enrolment_id == Enrolment.id)
        .join(Decision, Decision.run_id == ScenarioRun.id)
        .order_by(ScenarioRun.id, Decision.step)
    ).all()
    run_of: dict[tuple[int, str], int] = {}
    found: dict[tuple[str, str, str], dict[int, str]] = defaultdict(dict)
    for person, run, decision in rows:
        if run.id in void or decision.decided_at >= at:
            continue
        if run_of.setdefault((person, run.ref), run.id) == run.id:
            found[run.ref, run.version, decision.scene_id].setdefault(person, decision.choice_id)
    return found


@pytest.mark.both_engines
def test_published_results_are_the_sums_of_the_answers(app: Flask, session: Session) -> None:
    chance, course = Random(5), app.extensions["course"].library
    bank = [question for question in course.questions.values() if question.form == "one"][:8]
    module = next(iter(course.modules.values()))
    scenario = next(iter(module.scenarios.values()))
    _fill(session, bank, (f"{module.id}/{scenario.id}", scenario), chance)
    after = NOW + timedelta(days=2)
    publish(app, after)
    parents = {team.id: team.parent_id for team in teams(session)}
    releases = {
        row.monday: row
        for row in session.execute(select(FigureRelease).where(FigureRelease.scope == "teams")).scalars()
    }
    shown = 0
    for group in (0, *session.execute(select(Team.id)).scalars()):
        published = queries.team_figures_on(session, group, after.date())
        if published is None:
            continue
        monday, figures = published
        release = releases[monday]
        places = _people_of(session, release.cutoff)
        inside = {
            person
            for person, team in places.items()
            if (group == 0 or team in team_subtree(group, parents)) and team not in release.excluded
        }
        answers = [row for row in _first_answers(session, release.cutoff) if row[0] in inside]
        for finding in figures.findings:
            on_point = [row for row in answers if row[1].point == finding.point]
            assert finding.people == len({row[0] for row in on_point}) >= SMALLEST_GROUP
            assert finding.share.n == len(on_point)
            assert finding.share.right == sum(row[2].correct for row in on_point)
            assert finding.sure_and_wrong == sum(not row[2].correct and row[2].sureness == "sure" for row in on_point)
            if (wrong := finding.common_wrong_answer) is not None:
                asked = [row for row in on_point if row[1].question_id == wrong.question_id]
                assert wrong.asked == len(asked) >= SMALLEST_GROUP
                assert wrong.count == sum(json.loads(row[2].given) == [wrong.option] for row in asked)
            shown += 1
        assert [f.share.value for f in figures.findings] == sorted(f.share.value for f in figures.findings)
        for period in figures.periods:
            within = [row for row in answers if period.first <= f"{row[2].answered_at:%Y-%m}" <= period.last]
            assert (period.n, period.people) == (len(within), len({row[0] for row in within}))
            assert period.right == sum(row[2].correct for row in within)
        decisions = _first_decisions(session, release.cutoff)
        for (ref, version), counts in figures.decisions.items():
            expected: Counter[tuple[str, str]] = Counter()
            for (other, of, scene), chosen in decisions.items():
                if (other, of) == (ref, version):
                    expected.update((scene, choice) for person, choice in chosen.items() if person in inside)
            assert {key: n for key, n in counts.items() if n} == dict(expected)
            assert sum(expected.values()) >= SMALLEST_GROUP
            shown += 1
    assert shown > 10
