"""First answers by question, for the item analysis. No query returns a name, and no row is about one person."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, case, func, select
from sqlalchemy.orm import Session

from course.analytics.queries.answers import ATTEMPT_KINDS, ranked_answers
from course.analytics.rules.item_analysis import ItemResponses
from course.analytics.rules.published_figures import QuestionVersion
from course.db import UtcDateTime
from course.learning.models import Answer, Attempt, AttemptItem, Enrolment


def _attempt_answers() -> Select[Any, int, str]:
    """For each attempt the number of right answers and of answers before the moment `before`, and its first answers as one
    text.

    The database joins the answers to one text, because a row for each answer takes longer to read than everything else
    together. Line feeds and tabs separate them: the JSON of an answer contains none. An attempt asks a question once, so
    that later answers to a question are looked for only among people with several attempts.
    """
    before = bindparam("before", type_=UtcDateTime)
    several = (
        select(Enrolment.person_id)
        .join(Attempt, Attempt.enrolment_id == Enrolment.id)
        .where(Attempt.kind.in_(ATTEMPT_KINDS))
        .group_by(Enrolment.person_id)
        .having(func.count() > 1)
    )
    answered = ranked_answers(before, Enrolment.person_id.in_(several))
    later = select(answered.c.item_id).where(answered.c.place > 1)
    score = case((Answer.correct, "1"), else_="0")
    words = score + AttemptItem.question_id + "\t" + AttemptItem.version + "\t" + Answer.given
    return (
        select(
            func.sum(case((Answer.correct, 1), else_=0)),
            func.count(),
            func.aggregate_strings(case((AttemptItem.id.not_in(later), words)), "\n"),
        )
        .select_from(Attempt)
        .join(AttemptItem, AttemptItem.attempt_id == Attempt.id)
        .join(Answer, Answer.item_id == AttemptItem.id)
        .where(Attempt.kind.in_(ATTEMPT_KINDS), Answer.answered_at < before)
        .group_by(AttemptItem.attempt_id)
    )


# Made once: it takes as long to put together as to run for a hundred attempts.
_ATTEMPT_ANSWERS = _attempt_answers()


def item_responses(session: Session, before: datetime) -> dict[QuestionVersion, list[ItemResponses]]:
    """Every first answer before that moment, by (question id, version), also of people who have left. One query.

    Their order depends on nothing but the answers, so that the figures are the same on each engine. The options are the
    indices in the answer: they are meaningful only for questions that are answered by choosing.
    """
    rest_scores: dict[str, list[float | None]] = defaultdict(list)
    for (right, asked), answers in sorted(_answers_by_result(session, before).items()):
        others = asked - 1
        rests: dict[str, list[float | None]] = {
            score: [(right - int(score)) / others if others else None] for score in "01"
        }
        for words, count in answers.items():
            rest_scores[words] += rests[words[0]] * count
    responses: dict[QuestionVersion, list[ItemResponses]] = defaultdict(list)
    for question, version, given, score in sorted((*words[1:].split("\t"), words[0]) for words in rest_scores):
        rest = rest_scores[f"{score}{question}\t{version}\t{given}"]
        responses[question, version].append(ItemResponses(int(score), tuple(rest), _chosen(given)))
    return dict(responses)


@lru_cache(maxsize=1024)
def _chosen(given: str) -> tuple[int, ...]:
    return tuple(index for index in json.loads(given) if isinstance(index, int))


def _answers_by_result(session: Session, before: datetime) -> dict[tuple[int, int], Counter[str]]:
    """How often each first answer (question, version, what was given, and whether it was right, between tabs) stands in
    attempts with so many right answers of so many questions."""
    texts: dict[tuple[int, int], list[str]] = defaultdict(list)
    counts: dict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    for portion in session.execute(_ATTEMPT_ANSWERS, {"before": before}).partitions(1000):
        for attempt_right, asked, answers in portion:
            if answers is not None:
                texts[attempt_right, asked].append(answers)
        for result, some in texts.items():
            counts[result].update("\n".join(some).split("\n"))
        texts.clear()
    return counts
