"""First answers by question, for the item analysis. No query returns a name, and no row is about one person."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import CompoundSelect, bindparam, func, literal, select, union_all
from sqlalchemy.orm import Session

from course.analytics.queries.answers import ATTEMPT_KINDS, ranked_answers
from course.analytics.rules.item_analysis import ItemResponses
from course.analytics.rules.published_figures import QuestionVersion
from course.db import UtcDateTime
from course.learning.models import Answer, Attempt, AttemptItem, Enrolment
from course.learning.queries import is_void

# Right and asked of an attempt as one number, which sorts as both do: nothing else sorts as fast.
_MOST_ASKED = 1 << 16


def _attempt_answers() -> CompoundSelect[Any, str | None, str | None, int, int]:
    """For each attempt its first answers before the moment `before`, those that are right and those that are wrong as one text
    each, and how many later answers are right and wrong.

    The database joins the answers to one text, because a row for each answer takes longer to read than everything else
    together. Line feeds separate them, and nothing separates the question, what was given and the version: the JSON of an
    answer is a list, whose brackets stand in neither of the others. An attempt asks a question once, so that later answers to
    a question are looked for only among people with several attempts.
    """
    before = bindparam("before", type_=UtcDateTime)
    several = (
        select(Enrolment.person_id)
        .join(Attempt, Attempt.enrolment_id == Enrolment.id)
        .where(Attempt.kind.in_(ATTEMPT_KINDS))
        .group_by(Enrolment.person_id)
        .having(func.count() > 1)
        .cte("several")
    )
    has_several = Enrolment.person_id.in_(select(several.c.person_id))
    words = AttemptItem.question_id + Answer.given + AttemptItem.version
    joined = func.aggregate_strings(words, "\n")
    no_later = literal(0, literal_execute=True)
    alone = (
        select(joined.filter(Answer.correct), joined.filter(~Answer.correct), no_later, no_later)
        .select_from(Attempt)
        .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
        # With + 0 SQLite looks for the items of each attempt; otherwise for the attempt of each item.
        .join(AttemptItem, AttemptItem.attempt_id == Attempt.id + 0)
        .join(Answer, Answer.item_id == AttemptItem.id)
        .where(Attempt.kind.in_(ATTEMPT_KINDS), ~is_void(Attempt.id), Answer.answered_at < before, ~has_several)
        .group_by(Attempt.id)
    )
    columns = AttemptItem.attempt_id, Answer.correct, words.label("words")
    ranked = ranked_answers(before, has_several, columns=columns).c
    is_first = ranked.place == 1
    joined = func.aggregate_strings(ranked.words, "\n")
    among_several = select(
        joined.filter(is_first, ranked.correct),
        joined.filter(is_first, ~ranked.correct),
        func.count().filter(~is_first, ranked.correct),
        func.count().filter(~is_first, ~ranked.correct),
    ).group_by(ranked.attempt_id)
    return union_all(alone, among_several)


# Made once: it takes as long to put together as to run for a hundred attempts.
_ATTEMPT_ANSWERS = _attempt_answers()


def item_responses(session: Session, before: datetime) -> dict[QuestionVersion, list[ItemResponses]]:
    """Every first answer before that moment, by (question id, version), also of people who have left. One query.

    Their order depends on nothing but the answers, so that the figures are the same on each engine. The options are the
    indices in the answer: they are meaningful only for questions that are answered by choosing.
    """
    found, results = _results_by_answer(session, before)
    rests: tuple[dict[int, float | None], ...] = ({}, {})
    for result in results:
        right, asked = divmod(result, _MOST_ASKED)
        for score, rest in enumerate(rests):
            rest[result] = (right - score) / (asked - 1) if asked > 1 else None
    responses: dict[QuestionVersion, list[ItemResponses]] = defaultdict(list)
    for question, version, given, score, words in sorted(
        (*_parts(words), score, words) for score, by_words in enumerate(found) for words in by_words
    ):
        of_results, rest = found[score][words], rests[score]
        of_results.sort()
        rest_scores = tuple(map(rest.__getitem__, of_results))
        responses[question, version].append(ItemResponses(score, rest_scores, _chosen(given)))
    return dict(responses)


def _parts(words: str) -> tuple[str, str, str]:
    """Question, version, and what was given."""
    question, _, others = words.partition("[")
    given, _, version = others.rpartition("]")
    return question, version, f"[{given}]"


@lru_cache(maxsize=1024)
def _chosen(given: str) -> tuple[int, ...]:
    return tuple(index for index in json.loads(given) if isinstance(index, int))


def _results_by_answer(
    session: Session, before: datetime
) -> tuple[tuple[defaultdict[str, list[int]], defaultdict[str, list[int]]], set[int]]:
    """For each first answer that is wrong, and for each that is right, the results of the attempts in which it was given; and
    all results. An answer is the question, what was given and the version; a result is how many answers of the attempt were
    right, and how many there are (see _MOST_ASKED)."""
    wrong: defaultdict[str, list[int]] = defaultdict(list)
    right: defaultdict[str, list[int]] = defaultdict(list)
    results = set()
    for portion in session.execute(_ATTEMPT_ANSWERS, {"before": before}).partitions(1000):
        for right_text, wrong_text, later_right, later_wrong in portion:
            right_answers = right_text.split("\n") if right_text else []
            wrong_answers = wrong_text.split("\n") if wrong_text else []
            number_right = len(right_answers) + later_right
            result = number_right * _MOST_ASKED + number_right + len(wrong_answers) + later_wrong
            results.add(result)
            for words in right_answers:
                right[words].append(result)
            for words in wrong_answers:
                wrong[words].append(result)
    return (wrong, right), results
