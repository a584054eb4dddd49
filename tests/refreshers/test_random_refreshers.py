"""What random people are asked in a refresher and in an update, held against the definition: worked out from the stored answers
and the files of the course, without the rules that choose."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from fsrs import Card, Rating, Scheduler
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.clock import now
from course.content.actions import archive
from course.content.library import Library
from course.content.rendering import InlineText
from course.content.schema import SETTINGS, Change, Page, Question, Setting
from course.context import make_context
from course.learning import queries as learning
from course.learning.actions import NewAttempt, open_attempt, save_answer
from course.learning.models import Answer, Attempt, AttemptItem, Enrolment
from course.learning.rules.drawing import DrawnQuestion
from course.people.models import Person
from course.refreshers import actions
from tests.learning.givens import right, wrong
from tests.makers import make_person
from tests.refreshers.makers import complete
from tests.support.days import this_day

RATINGS = {"guessing": Rating.Hard, "fairly": Rating.Good, "sure": Rating.Easy}


def with_random_marks(course: Library, chance: random.Random, pages: int, questions: int) -> Library:
    """The course with marks on some pages and on some questions: every second of these has a point with the one before."""
    at = this_day()
    marked_pages = set(chance.sample(sorted((m.id, p) for m in course.modules.values() for p in m.pages), pages))
    ids = sorted(course.questions)
    marked_questions: list[str] = []
    while len(marked_questions) < questions:
        like = set(course.questions[marked_questions[-1]].points) if len(marked_questions) % 2 else None
        fitting = [one for one in ids if like is None or like & set(course.questions[one].points)]
        marked_questions.append(chance.choice([one for one in fitting if one not in marked_questions] or ids))

    def marks(count: int) -> tuple[Change, ...]:
        days = chance.choice([None, 28, 60])
        return tuple(Change(date=at, reason=InlineText(f"Reason {n}."), update_days=days) for n in range(count))

    modules = {}
    for module in course.modules.values():
        changed_pages = {
            name: Page.model_construct(**{**dict(page), "changes": marks(chance.randint(1, 2))})
            if (module.id, name) in marked_pages
            else page
            for name, page in module.pages.items()
        }
        changed_questions = tuple(
            Question.model_construct(**{**dict(one), "changes": marks(1)}) if one.id in marked_questions else one
            for one in module.questions
        )
        modules[module.id] = module.model_copy(update={"pages": changed_pages, "questions": changed_questions})
    return replace(course, modules=modules, _variants={})


def practise(session: Session, library: Library, person: Person, chance: random.Random, done: datetime) -> None:
    """Boosters of random questions since the completion, of which some are answered."""
    enrolment = learning.enrolment_id(session, person.id)
    assert enrolment is not None
    for number in range(1, chance.randint(1, 4)):
        at = done + timedelta(days=30 * number, seconds=chance.randint(0, 10**6))
        drawn = [
            DrawnQuestion(one.id, chance.choice(one.points))
            for one in chance.sample(sorted(library.questions.values(), key=lambda one: one.id), chance.randint(1, 30))
        ]
        attempt_id = open_attempt(session, library, NewAttempt(enrolment, "booster", "course", number, 1), drawn, at)
        found = learning.attempt(session, person.id, attempt_id or 0)
        for item in found.items if found else ():
            if chance.random() < 0.7:
                question = library.answerable[item.question_id]
                given = right(question) if chance.random() < 0.5 else wrong(question)
                save_answer(session, item, question, given, chance.choice([*RATINGS, None]), at)


def estimates(session: Session, library: Library, person: Person, at: datetime) -> dict[str, float]:
    """How likely each point is remembered: the published model, fed with every first answer in its order."""
    scheduler = Scheduler(learning_steps=(), relearning_steps=(), enable_fuzzing=False)
    cards: dict[str, Card] = {}
    rows = session.execute(
        select(AttemptItem.point, Answer.correct, Answer.sureness, Answer.answered_at)
        .join(Answer, Answer.item_id == AttemptItem.id)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
        .where(Enrolment.person_id == person.id)
    ).all()
    for point, correct, sureness, when in sorted(rows, key=lambda row: row.answered_at):
        rating = RATINGS[sureness or "fairly"] if correct else Rating.Again
        cards[point] = scheduler.review_card(cards.get(point) or Card(card_id=1), rating, when)[0]
    return {
        point: scheduler.get_card_retrievability(cards[point], at) if point in cards else 0.0
        for point in library.taught_points
    }


def last_asked(session: Session, person: Person) -> dict[str, int]:
    rows = session.execute(
        select(AttemptItem.question_id, func.max(AttemptItem.id))
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
        .where(Enrolment.person_id == person.id)
        .group_by(AttemptItem.question_id)
    )
    return {row[0]: row[1] for row in rows}


def assert_asked_as_defined(library: Library, asked: list[DrawnQuestion], before: dict[str, int]) -> None:
    """Of the reader's work, each once, on one of its own points; on each point nothing was asked again while a question that was
    asked longer ago, or never, waits. A changed question is asked in any case."""
    ids = [one.question_id for one in asked]
    assert len(set(ids)) == len(ids)
    changed = {one.ref for one in library.changes if one.kind == "question"}
    for one in asked:
        assert one.point in library.questions[one.question_id].points
        waiting = [q.id for q in library.questions.values() if one.point in q.points and q.id not in ids]
        if one.question_id not in changed:
            assert all(before.get(q, 0) >= before.get(one.question_id, 0) for q in waiting), one
    assert changed <= set(ids), "each changed question is asked"


@pytest.mark.both_engines
def test_random_people_are_asked_what_changed_what_is_critical_and_what_they_remember_least(
    app: Flask, session: Session
) -> None:
    chance, original, at = random.Random(29), app.extensions["course"].library, now()
    for number in range(6):
        pathway: Setting = chance.choice(list(SETTINGS))
        library = original.for_(pathway, "england")
        done = at - timedelta(days=chance.randint(100, 500))
        person = make_person(session, email=f"p{number}@example.org", at=done)
        missed = tuple(chance.sample(library.taught_points, 12))
        complete(session, library, person, done, missed)
        practise(session, library, person, chance, done)
        changed = with_random_marks(original, chance, chance.randint(0, 4), chance.randint(0, 5)).for_(
            pathway, "england"
        )
        archive(session, changed, at)
        before, remembered = last_asked(session, person), estimates(session, changed, person, at)
        context = make_context(session, person.id, at)
        made = actions.compose_refresher(session, changed, person.id, None, at)
        begun = actions.begin_refresher(context, changed, None)
        assert {(part.ref, part.version) for part in begun.parts if part.kind == "change"} == {
            one.key for one in changed.changes
        }
        found = learning.attempt(session, person.id, begun.attempt_id)
        assert found is not None
        asked = [DrawnQuestion(item.question_id, item.point) for item in found.items]
        assert_asked_as_defined(changed, asked, before)
        points = Counter(one.point for one in asked)
        critical = {point for point in changed.taught_points if changed.points[point].safety_critical}
        assert all(points[point] >= 2 for point in critical)
        marked = {point for one in changed.changes for point in one.points}
        assert marked & set(changed.taught_points) <= set(points)
        others = [remembered[point] for point in points if point not in critical | marked]
        left_out = [remembered[point] for point in changed.taught_points if point not in points]
        assert max(others, default=0) <= min(left_out, default=1)
        budget = changed.minutes * changed.course.refresher_share / 100
        assert made.plan.minutes <= budget or not others
        session.rollback()
