"""Answers: parsing what a form sent, and grading it."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from course.content.schema import Question
from course.translation import lazy_gettext as _

CONFIDENCE_LEVELS = {"sure": _("Sure"), "fairly": _("Fairly sure"), "guessing": _("Guessing")}
# An answer: indices of options or, for sort, a group for each option. An answer that is put together from parts
# (schema.PART_FORMS) has one index for each part, in the order of the parts.
GivenAnswer = list[int] | list[str]


@dataclass(frozen=True)
class AnswerMistake:
    """What is missing or wrong in an answer: the id of the field, and what to do."""

    field: str
    message: str


@dataclass(frozen=True)
class InvalidAnswer:
    """Why an answer cannot be accepted yet: one mistake or more, in the order of the fields."""

    mistakes: tuple[AnswerMistake, ...]

    @property
    def message(self) -> str:
        """What to do first."""
        return self.mistakes[0].message

    @property
    def summary(self) -> tuple[AnswerMistake, ...]:
        """The mistakes with each message once."""
        return tuple({mistake.message: mistake for mistake in reversed(self.mistakes)}.values())[::-1]

    def at(self, field: str) -> str | None:
        """The message of the mistake in the field of this id; None if there is none."""
        return next((mistake.message for mistake in self.mistakes if mistake.field == field), None)


@dataclass(frozen=True)
class SubmittedAnswer:
    """A valid answer, with the confidence that came with it (a key of CONFIDENCE_LEVELS); None where none is asked."""

    given: GivenAnswer
    confidence: str | None


@dataclass(frozen=True)
class Grade:
    """`parts` says for each option (by index) whether the answer treats it rightly; `correct` is all of them.

    Of options that were put in order, each is right or wrong with the one that comes after it: one part fewer.
    """

    correct: bool
    parts: tuple[bool, ...]

    @property
    def share(self) -> float:
        """The share of the parts that are right, from 0 to 1."""
        return sum(self.parts) / len(self.parts)


def option_order(question: Question, seed: int, position: int) -> tuple[int, ...]:
    """The indices of the options in the order in which one item of one attempt always shows them.

    Moments of a timeline keep their order in time. Options to be put in order never start in the right order.
    """
    return _option_order(question.form, len(question.options), seed, position)


# A question is shown, answered and explained in the same order, and making a generator of numbers takes longer than the rest.
@lru_cache(maxsize=4096)
def _option_order(form: str, count: int, seed: int, position: int) -> tuple[int, ...]:
    order = list(range(count))
    if form == "timeline":
        return tuple(order)
    shuffler = random.Random(f"{seed}:{position}")  # noqa: S311 (an order on screen, no secret)
    shuffler.shuffle(order)
    if form == "order" and order == sorted(order):
        order.reverse()
    return tuple(order)


def parse_submission(
    question: Question, order: Sequence[int], form: Mapping[str, Sequence[str]], asks_confidence: bool = True
) -> SubmittedAnswer | InvalidAnswer:
    """Parse a submitted form: the answer and, unless `asks_confidence` is False, the confidence. What is missing is said
    together."""
    given = parse_answer(question, order, form)
    confidence = pressed_confidence(form) if asks_confidence else None
    mistakes = given.mistakes if isinstance(given, InvalidAnswer) else ()
    if asks_confidence and confidence is None:
        mistakes += (AnswerMistake("sureness-guessing", _("Say how sure you are of your answer.")),)
    return (
        InvalidAnswer(mistakes) if mistakes or isinstance(given, InvalidAnswer) else SubmittedAnswer(given, confidence)
    )


def pressed_confidence(form: Mapping[str, Sequence[str]]) -> str | None:
    """The confidence in a form (field `sureness`, or `sure` in a page from before an upgrade); None if there is none."""
    sent = next(iter(form.get("sureness") or form.get("sure") or ()), None)
    return sent if sent in CONFIDENCE_LEVELS else None


def parse_answer(
    question: Question, order: Sequence[int], form: Mapping[str, Sequence[str]]
) -> GivenAnswer | InvalidAnswer:
    """Parse the answer in a form into the indices of the question's options, or the mistakes that make it invalid.

    `form` gives the values sent for each field. Options are sent by their place on screen (from 1), so that nothing in
    the page discloses the right one.
    """
    if question.form == "sort":
        return _parse_groups(question, order, form)
    if question.form == "order":
        return _parse_places(order, form)
    if question.has_parts:
        return _parse_parts(question, order, form)
    places = _parse_numbers(form.get("answer", ()))
    if places is None or any(not 1 <= place <= len(order) for place in places):
        return _invalid("answer-1", _("Choose from the answers shown."))
    if question.form == "one" and len(set(places)) != 1:
        return _invalid("answer-1", _("Choose one answer."))
    if not places:
        return _invalid(
            "answer-1", _("Mark at least one moment.") if question.form == "timeline" else _("Mark at least one.")
        )
    return sorted({order[place - 1] for place in places})


def _invalid(field: str, message: str) -> InvalidAnswer:
    return InvalidAnswer((AnswerMistake(field, message),))


def _parse_groups(
    question: Question, order: Sequence[int], form: Mapping[str, Sequence[str]]
) -> GivenAnswer | InvalidAnswer:
    groups = [""] * len(order)
    mistakes: list[AnswerMistake] = []
    for place, index in enumerate(order, 1):
        sent = form.get(f"group-{place}", ())
        number = _parse_numbers(sent)
        if not number or len(number) != 1 or not 1 <= number[0] <= len(question.groups):
            text = question.options[index].text
            mistakes.append(AnswerMistake(f"group-{place}-1", _("Choose a group for “%(text)s”.", text=text)))
        else:
            groups[index] = question.groups[number[0] - 1]
    return InvalidAnswer(tuple(mistakes)) if mistakes else groups


def _parse_parts(
    question: Question, order: Sequence[int], form: Mapping[str, Sequence[str]]
) -> GivenAnswer | InvalidAnswer:
    given: list[int] = []
    mistakes: list[AnswerMistake] = []
    for part, group in enumerate(question.groups, 1):
        number = _parse_numbers(form.get(f"part-{part}", ()))
        chosen = order[number[0] - 1] if number and len(number) == 1 and 1 <= number[0] <= len(order) else None
        if chosen is None or question.options[chosen].group != group:
            name = getattr(group, "shown", group)  # in the reader's language
            mistakes.append(AnswerMistake(f"part-{part}-1", _("Choose a line for “%(part)s”.", part=name)))
        else:
            given.append(chosen)
    return InvalidAnswer(tuple(mistakes)) if mistakes else given


def _parse_places(order: Sequence[int], form: Mapping[str, Sequence[str]]) -> GivenAnswer | InvalidAnswer:
    chosen: dict[int, int] = {}
    mistakes: list[AnswerMistake] = []
    for place, index in enumerate(order, 1):
        number = _parse_numbers(form.get(f"place-{place}", ()))
        if not number or len(number) != 1 or not 1 <= number[0] <= len(order):
            mistakes.append(AnswerMistake(f"place-{place}", _("Give every line its place in the order.")))
        elif number[0] in chosen:
            message = _("Two lines have place %(number)s. Give each its own.", number=number[0])
            mistakes.append(AnswerMistake(f"place-{place}", message))
        else:
            chosen[number[0]] = index
    return InvalidAnswer(tuple(mistakes)) if mistakes else [chosen[number] for number in sorted(chosen)]


def _parse_numbers(values: Sequence[str]) -> list[int] | None:
    """The values as whole numbers; None if one of them is anything else."""
    if not all(value.isascii() and value.isdecimal() and len(value) < 4 for value in values):
        return None
    return [int(value) for value in values]


def grade(question: Question, given: GivenAnswer) -> Grade:
    """Grade an answer. In every form of question an answer is right only as a whole."""
    if question.form == "sort":
        parts = tuple(option.group == group for option, group in zip(question.options, given, strict=True))
    elif question.form == "order":
        # By neighbours, not by places: one line that is too early must not make all after it wrong.
        following = dict(pairwise(given))
        parts = tuple(following.get(index) == index + 1 for index in range(len(question.options) - 1))
    elif question.has_parts:
        # Where a part has several right options, one of them is enough.
        done = {question.options[int(index)].group for index in given if question.options[int(index)].correct}
        parts = tuple(
            option.correct if index in given else not option.correct or option.group in done
            for index, option in enumerate(question.options)
        )
    else:
        parts = tuple(option.correct == (index in given) for index, option in enumerate(question.options))
    return Grade(all(parts), parts)
