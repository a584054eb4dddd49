"""Makers of answers and decisions as rows, for tests that count them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.analytics.jobs import publish_figures
from course.clock import now
from course.content.schema import Question, Scenario
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
from course.people.models import Person, Team
from tests.conftest import NOW
from tests.makers import make_person


def make_people(session: Session, count: int, team: Team | None, prefix: str = "p") -> list[Person]:
    """Learners of a team."""
    return [
        make_person(session, f"Person {prefix}{n}", f"{prefix}{n}@example.org", team=team, password=None)
        for n in range(count)
    ]


def publish(app: Flask, at: datetime | None = None) -> int:
    """Publish the figures of groups as the job does; how many Mondays were recorded."""
    with app.app_context():
        return publish_figures(at or now())


def enrolment_of(session: Session, person: Person) -> int:
    return session.execute(select(Enrolment.id).where(Enrolment.person_id == person.id)).scalars().first() or 0


def give_answer(session: Session, person: int, at: datetime) -> None:
    """Any answer of a person, unless there is one."""
    found = session.execute(select(Enrolment).where(Enrolment.person_id == person)).scalars().first()
    enrolment = found or Enrolment(person_id=person, kind="initial", opened_at=at)
    session.add(enrolment)
    session.flush()
    if session.execute(select(Attempt.id).where(Attempt.enrolment_id == enrolment.id)).first() is None:
        attempt = Attempt(enrolment_id=enrolment.id, kind="check", ref="m", number=1, seed=1, opened_at=at)
        session.add(attempt)
        session.flush()
        item = AttemptItem(attempt_id=attempt.id, position=1, question_id="q", version="v", point="p")
        session.add(item)
        session.flush()
        session.add(Answer(item_id=item.id, given="[0]", correct=True, sureness=None, answered_at=at))
        session.flush()


def answer(
    session: Session,
    person: Person,
    question: Question,
    given: int | Sequence[int],
    *,
    sure: str = "fairly",
    at: datetime = NOW,
    kind: str = "check",
    number: int = 1,
    point: str | None = None,
) -> None:
    """A person chooses an option of a question, or one of each part, in an attempt of its own."""
    chosen = [given] if isinstance(given, int) else list(given)
    attempt = Attempt(
        enrolment_id=enrolment_of(session, person), kind=kind, ref=question.id, number=number, seed=1, opened_at=at
    )
    session.add(attempt)
    session.flush()
    item = AttemptItem(
        attempt_id=attempt.id, position=1, question_id=question.id, version=question.version,
        point=point or question.points[0],
    )  # fmt: skip
    session.add(item)
    session.flush()
    right = all(question.options[index].correct for index in chosen)
    session.add(Answer(item_id=item.id, given=json.dumps(chosen), correct=right, sureness=sure, answered_at=at))
    session.commit()


def decide(
    session: Session, person: Person, ref: str, scenario: Scenario, chosen: Sequence[tuple[str, str]], number: int = 1
) -> None:
    """A person takes these decisions (scene, choice) in a scenario run."""
    run = ScenarioRun(
        enrolment_id=enrolment_of(session, person), ref=ref, version=scenario.version, number=number, opened_at=NOW
    )
    session.add(run)
    session.flush()
    session.add_all(
        Decision(run_id=run.id, step=step, scene_id=scene, choice_id=choice, decided_at=NOW)
        for step, (scene, choice) in enumerate(chosen, 1)
    )
    session.commit()


def make_newest_void(session: Session, person: Person, table: type[AttemptVoid | ScenarioRunVoid]) -> None:
    """The newest attempt, or scenario run, of anybody was entered wrongly from paper and counts for nothing."""
    column, key = (Attempt.id, "attempt_id") if table is AttemptVoid else (ScenarioRun.id, "run_id")
    newest = session.execute(select(column).order_by(column.desc())).scalars().first()
    session.add(table(**{key: newest}, reason="Two sheets were swapped", made_by=person.id, made_at=NOW))
    session.commit()
