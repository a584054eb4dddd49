"""The HTML of questions and timelines, in pieces: the form, and what is shown after each possible answer.

What is said after an answer depends on what was right and what was not, and hardly on the question. So the macros of the course's
pages render it once for each such outcome, with names in braces in the place of texts, and the player fills the texts
in (player/answers.js). Nothing about the words of an outcome is known to the player.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from werkzeug.datastructures import MultiDict

from course.content.rendering import InlineText, label_html, spoken_html
from course.content.schema import Module, Option, Question
from course.learning.rules.grading import (
    CONFIDENCE_LEVELS,
    AnswerMistake,
    Grade,
    InvalidAnswer,
    grade,
    option_order,
    parse_answer,
)
from course.learning.rules.timelines import timeline_view
from course.scorm.page_html import PackageScope, clean, macros

_SEED = 1  # every learner sees the options of a question in the same order
_MOMENT = re.compile(r'<li class="moment .*?</li>', re.DOTALL)
_SPOKEN = "“{s%d}”"
MOST_EXTRA = 12  # moments that somebody can mark for nothing, far more than a timeline has
# The levels of headings: where a question has just been answered, and in the list at the end of a check.
LEVELS = (2, 4)


def question_data(scope: PackageScope, question: Question, critical: bool) -> dict[str, object]:
    """A question as the player needs it: its texts as HTML, what is right, its form, and what is said of a missing answer."""
    order = option_order(question, _SEED, 1)
    asked = macros("components/questions.html").ask(
        question, order, None, MultiDict(), CONFIDENCE_LEVELS, True
    )  # fmt: skip
    groups = list(question.groups)
    return {
        "id": question.id,
        "form": question.form,
        "critical": critical,
        "order": list(order),
        "stem": _html(question.stem),
        "intro": _html(question.intro) if question.intro else "",
        "groups": [str(label_html(group)) for group in groups],
        "options": [_option_data(question, option, groups) for option in question.options],
        "ask": clean(scope, asked),
        "missing": _missing(question, order),
    }


def _option_data(question: Question, option: Option, groups: Sequence[str]) -> dict[str, object]:
    data: dict[str, object] = {"t": _html(option.text), "r": _html(option.reason), "c": option.correct}
    if option.group is not None:
        data["g"] = groups.index(option.group)
    if option.does is not None:
        data["d"] = str(label_html(option.does))
    if question.form == "first-words":
        data["s"] = str(spoken_html(option.text))
    return data


def _html(text: Any) -> str:
    return str(text.__html__())


def _missing(question: Question, order: Sequence[int]) -> list[list[str]]:
    """The fields of the form with what is said if they are empty."""
    found = parse_answer(question, order, {})
    return [[one.field, str(one.message)] for one in found.mistakes] if isinstance(found, InvalidAnswer) else []


def timeline_data(scope: PackageScope, module: Module, timeline: Question) -> dict[str, object]:
    """A timeline as the player needs it: its form, and after the answer the page with each moment marked and unmarked."""
    order = option_order(timeline, _SEED, 1)
    view = timeline_view(timeline.options, ())
    asked = macros("components/questions.html").ask(
        timeline, order, None, MultiDict(), CONFIDENCE_LEVELS, False, timeline=view
    )
    pieces, parts = macros("scorm/pieces.html"), macros("components/timeline.html")
    filled = _Line(view, "{found}")
    shell = clean(scope, pieces.timeline_answer(timeline, order, (), filled))
    shell = shell.replace(str(parts.extra_words(1)), "{extra}")
    numbers = iter(range(len(order)))
    shell = _MOMENT.sub(lambda _moment: f"{{m{next(numbers)}}}", shell)
    return {
        "page": clean(scope, pieces.timeline_start(timeline, module.motif)),
        "ask": clean(scope, asked),
        "missing": _missing(timeline, order),
        "missed": [option.correct for option in timeline.options],
        "answer": shell,
        "moments": [
            [str(parts.moment(option, marked)).strip() for marked in (False, True)] for option in timeline.options
        ],
    }


class _Line:
    """A timeline's drawing, with names for the counts that depend on the answer."""

    def __init__(self, view: Any, found: str) -> None:
        self.gaps, self.wide, self.slim, self.missed = view.gaps, view.wide, view.slim, view.missed
        self.found, self.extra = found, 1


def answer_words() -> dict[str, object]:
    """What all questions share: verdicts, lines of an order, mistakes, and what is said of moments marked for nothing."""
    answers, questions = macros("components/answers.html"), macros("components/questions.html")
    mistake = _Mistakes([AnswerMistake("{field}", "{message}")])
    line = Option.model_construct(text=InlineText("{t}"), reason=InlineText("{r}"))
    lines = {"first": answers.ordered_line(line, 1, True, True), "follows": answers.ordered_line(line, 2, True, False)}
    lines |= {str(place): answers.ordered_line(line, place, False, False) for place in range(1, 13)}
    extra = macros("components/timeline.html").extra_words
    return {
        "verdicts": dict(_verdicts()),
        "lines": {name: str(html).strip() for name, html in lines.items()},
        "mistakes": str(questions.mistakes(mistake)).strip(),
        "mistakeAt": str(questions.mistake_at(mistake, "{field}")).strip(),
        "extra": [str(extra(count)) for count in range(MOST_EXTRA)],
    }


class _Mistakes(InvalidAnswer):
    def __init__(self, mistakes: Sequence[AnswerMistake]) -> None:
        super().__init__(tuple(mistakes))


def _verdicts() -> Iterator[tuple[str, str]]:
    """What comes first after an answer, by how sure its author was and how right it is."""
    made = macros("scorm/pieces.html").verdict_piece
    cases = {
        "right": ("all", Grade(True, (True,))),
        "unsafe": ("one", Grade(False, (False,))),
        "partly": ("all", Grade(False, (True, False))),
        "wrong": ("all", Grade(False, (False,))),
    }
    for sure, (name, (form, mark)) in product(CONFIDENCE_LEVELS, cases.items()):
        question, item = _fake(form, []), _item([], mark.correct, sure)
        yield f"{sure} {name}", str(made(question, item, mark)).strip()


def answer_shells(questions: Sequence[Question]) -> dict[str, str]:
    """What is said after an answer, by the key that player/answers.js makes of it, for every outcome of these questions."""
    shells: dict[str, str] = {}
    answered = macros("components/answers.html").answered
    for question in questions:
        for key, fake, given in _outcomes(question):
            if f"2 {key}" in shells:
                continue
            mark = grade(fake, given)
            order = range(len(fake.options))
            for level in LEVELS:
                html = str(answered(fake, order, _item(given, mark.correct, "sure"), mark, level)).strip()
                shells[f"{level} {key}"] = _unquoted(html)
    return shells


def order_shells(questions: Sequence[Question]) -> dict[str, str]:
    """The same for questions about an order: by the number of lines, with a name for the lines and the number that follow."""
    shells: dict[str, str] = {}
    answered = macros("components/answers.html").answered
    for count in {len(question.options) for question in questions if question.form == "order"}:
        fake = _fake("order", [_option(place) for place in range(count)])
        given = list(range(count))
        mark = Grade(False, (False,) * (count - 1))
        for level in LEVELS:
            html = str(answered(fake, given, _item(given, False, "sure"), mark, level)).strip()
            start, end = html.index('<ol class="ordered">') + len('<ol class="ordered">'), html.rindex("</ol>")
            said = re.sub(r"\b0\b", "{right}", html[:start], count=1)
            shells[f"{level} order {count}"] = said + "{lines}" + html[end:]
    return shells


def _unquoted(html: str) -> str:
    """The texts of a bubble without quotation marks, those elsewhere as they are."""
    return re.sub(r"“\{s(\d+)\}”", r"{t\1}", html)


def _fake(form: Any, options: Sequence[Option], groups: Sequence[str] = (), intro: Any = None) -> Question:
    return Question.model_construct(
        id="q",
        form=form,
        stem=InlineText("{stem}"),
        options=tuple(options),
        groups=tuple(groups),
        intro=intro,
        points=(),
    )


def _option(number: int, correct: bool = False, group: str | None = None, spoken: bool = False) -> Option:
    return Option.model_construct(
        text=InlineText(_SPOKEN % number if spoken else f"{{t{number}}}"), reason=InlineText(f"{{r{number}}}"),
        correct=correct, group=group, does=f"{{d{number}}}",
    )  # fmt: skip


def _item(given: Sequence[Any], correct: bool, sureness: str) -> dict[str, object]:
    return {"given": list(given), "correct": correct, "sureness": sureness}


def _outcomes(question: Question) -> Iterator[tuple[str, Question, list[Any]]]:
    """Every outcome of a question: its key, a question of which each option has a number in the place of its text, and the
    answer with this outcome."""
    total = len(question.options)
    right = sum(option.correct for option in question.options)
    if question.form == "one":
        yield f"one {right} {total} 1", _fake("one", [_option(n, n < right) for n in range(total)]), [0]
        yield f"one {right} {total} 0", _fake("one", [_option(n, n < right) for n in range(total)]), [right]
    elif question.form == "all":
        for missed, wrong in product(range(right + 1), range(total - right + 1)):
            # In the order of the groups on the page: missed, wrong, rightly chosen, rightly left out.
            kinds = [missed, wrong, right - missed, total - right - wrong]
            options = [_option(n, n < missed or missed + wrong <= n < missed + wrong + kinds[2]) for n in range(total)]
            yield (
                f"all {' '.join(map(str, kinds))}",
                _fake("all", options),
                list(range(missed, missed + wrong + kinds[2])),
            )
    elif question.form == "sort":
        for wrong in range(total + 1):
            options = [_option(n, group=f"{{g{n}}}") for n in range(total)]
            given = [f"{{m{n}}}" if n < wrong else f"{{g{n}}}" for n in range(total)]
            yield f"sort {wrong} {total - wrong}", _fake("sort", options), given
    elif question.has_parts:
        yield from _part_outcomes(question)


def _part_outcomes(question: Question) -> Iterator[tuple[str, Question, list[Any]]]:
    """A part was answered rightly, or there are better lines for it: each of those that are right."""
    better = [
        sum(question.options[n].correct for n in part)
        for part in question.options_by_part(range(len(question.options)))
    ]
    intro = InlineText("{intro}") if question.intro else None
    for rights in product((True, False), repeat=len(better)):
        groups = [f"{{p{number}}}" for number in range(len(better))]
        options: list[Option] = []
        given: list[int] = []
        spoken = question.form == "first-words"
        for group, is_right, count in zip(groups, rights, better, strict=True):
            given.append(len(options))
            options.append(_option(len(options), is_right, group, spoken))
            if not is_right:
                options += [_option(len(options) + more, True, group, spoken) for more in range(count)]
        key = ".".join("1" if is_right else f"0{count}" for is_right, count in zip(rights, better, strict=True))
        yield f"{question.form} {'i' if intro else '-'} {key}", _fake(question.form, options, groups, intro), given
