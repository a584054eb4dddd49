"""Answers: from what a form sent to what was meant, and whether that is right."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from course.content.schema import Question

CONFIDENCE_LEVELS = {"sure": "Sure", "fairly": "Fairly sure", "guessing": "Guessing"}
# What was given: indices of options (one, all, order, timeline) or, for sort, a group for each option.
GivenAnswer = list[int] | list[str]


@dataclass(frozen=True)
class InvalidAnswer:
    """Why an answer cannot be taken yet: the id of the field, and what to do."""

    field: str
    message: str


@dataclass(frozen=True)
class Grade:
    """`parts` says for each option (by index) whether it was dealt with rightly; `correct` is all of them."""

    correct: bool
    parts: tuple[bool, ...]


def option_order(question: Question, seed: int, position: int) -> tuple[int, ...]:
    """The indices of the options as they are shown in one item of one attempt: always the same for it.

    Moments of a timeline keep their order in time. Things to be put in order never start in the right one.
    """
    order = list(range(len(question.options)))
    if question.form == "timeline":
        return tuple(order)
    shuffler = random.Random(f"{seed}:{position}")  # noqa: S311 (an order on screen, no secret)
    shuffler.shuffle(order)
    if question.form == "order" and order == sorted(order):
        order.reverse()
    return tuple(order)


def parse_answer(
    question: Question, order: Sequence[int], form: Mapping[str, Sequence[str]]
) -> GivenAnswer | InvalidAnswer:
    """What a form means, in the indices of the question; or the mistake that keeps it from being taken.

    `form` gives the values sent for each field. Options are sent by their place on screen (from 1), so
    that nothing in the page tells the right one.
    """
    if question.form == "sort":
        return _parse_groups(question, order, form)
    if question.form == "order":
        return _parse_places(order, form)
    places = _parse_numbers(form.get("answer", ()))
    if places is None or any(not 1 <= place <= len(order) for place in places):
        return InvalidAnswer("answer-1", "Choose from the answers shown.")
    if question.form == "one" and len(set(places)) != 1:
        return InvalidAnswer("answer-1", "Choose one answer.")
    if not places:
        return InvalidAnswer("answer-1", "Mark at least one.")
    return sorted({order[place - 1] for place in places})


def _parse_groups(
    question: Question, order: Sequence[int], form: Mapping[str, Sequence[str]]
) -> GivenAnswer | InvalidAnswer:
    groups = [""] * len(order)
    for place, index in enumerate(order, 1):
        sent = form.get(f"group-{place}", ())
        number = _parse_numbers(sent)
        if not number or len(number) != 1 or not 1 <= number[0] <= len(question.groups):
            return InvalidAnswer(f"group-{place}-1", f"Choose a group for “{question.options[index].text}”.")
        groups[index] = question.groups[number[0] - 1]
    return groups


def _parse_places(order: Sequence[int], form: Mapping[str, Sequence[str]]) -> GivenAnswer | InvalidAnswer:
    chosen: dict[int, int] = {}
    for place, index in enumerate(order, 1):
        number = _parse_numbers(form.get(f"place-{place}", ()))
        if not number or len(number) != 1 or not 1 <= number[0] <= len(order):
            return InvalidAnswer(f"place-{place}", "Give every line its place in the order.")
        if number[0] in chosen:
            return InvalidAnswer(f"place-{place}", f"Two lines have place {number[0]}. Give each its own.")
        chosen[number[0]] = index
    return [chosen[number] for number in sorted(chosen)]


def _parse_numbers(values: Sequence[str]) -> list[int] | None:
    """Whole numbers, or None if one of the values is something else."""
    if not all(value.isascii() and value.isdecimal() and len(value) < 4 for value in values):
        return None
    return [int(value) for value in values]


def grade(question: Question, given: GivenAnswer) -> Grade:
    """Mark an answer. Every form is right only as a whole."""
    if question.form == "sort":
        parts = tuple(option.group == group for option, group in zip(question.options, given, strict=True))
    elif question.form == "order":
        places = {index: place for place, index in enumerate(given)}
        parts = tuple(places.get(index) == index for index in range(len(question.options)))
    else:
        parts = tuple(option.correct == (index in given) for index, option in enumerate(question.options))
    return Grade(all(parts), parts)
