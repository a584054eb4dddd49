"""Questions on paper without their answers, and the answers with their reasons, for the part at the back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from course.content.rendering import capitalised
from course.content.schema import Option, Question
from course.printed_modules.rules.nodes import (
    Block,
    Blocks,
    Runs,
    bold,
    box,
    bullets,
    cell,
    heading,
    inline,
    label_run,
    paragraph,
    prose,
    reference,
    sentence,
    table,
    ticks,
)
from course.translation import gettext as _


@dataclass(frozen=True)
class NumberedQuestion:
    """A question in the place that it has in the document: its number is also that of its answer."""

    number: int
    question: Question

    @property
    def key(self) -> str:
        return f"question-{self.number}"

    @property
    def answer_key(self) -> str:
        return f"answer-{self.number}"


def printed_order(question: Question) -> list[int]:
    """The order of the options on paper: it follows from the question's version and tells nothing. Moments of a timeline stay
    in the order of their days."""
    places = range(len(question.options))
    if question.form == "timeline":
        return list(places)
    return sorted(places, key=lambda place: hashlib.sha256(f"{question.version}/{place}".encode()).digest())


def question_blocks(one: NumberedQuestion, *, level: int) -> Iterator[Block]:
    """A question with room to answer. Nothing tells which answer is right."""
    question, order = one.question, printed_order(one.question)
    yield heading(level, _("Question %(number)s", number=one.number), key=one.key)
    if question.intro is not None:
        yield from prose(question.intro)
    yield paragraph(bold(*inline(question.stem)), " ", _hint(question), kind="lead")
    if question.has_parts:
        for group, places in zip(question.groups, question.options_by_part(order), strict=True):
            yield paragraph(bold(label_run(group)), kind="lead")
            yield ticks(_texts(question, places))
    elif question.form == "sort":
        heads: list[Runs] = [[_("Line")], *([label_run(group)] for group in question.groups)]
        rows: list[list[Runs]] = [
            [inline(question.options[place].text), *(cell(" ") for _group in question.groups)] for place in order
        ]
        yield table(heads, rows, kind="ticks", widths=["3fr", *("1fr" for _group in question.groups)])
    elif question.form == "timeline":
        moments = [question.options[place] for place in order]
        # Their numbers are what is written down on the attendance sheet.
        yield ticks([f"{number}. ", *_date(one), *inline(one.text)] for number, one in enumerate(moments, 1))
    else:
        yield ticks(_texts(question, order))


def _texts(question: Question, places: Sequence[int]) -> Iterator[Runs]:
    return (inline(question.options[place].text) for place in places)


def _date(option: Option) -> Runs:
    return [bold(label_run(option.date), ":"), " "] if option.date else []


def _hint(question: Question) -> str:
    if question.form == "all":
        return _("Tick all that apply.")
    if question.form == "one":
        return _("Tick one.")
    if question.form == "order":
        return _("Write its place in the box beside each line: 1 comes first.")
    if question.form == "sort":
        return _("Tick one box in each line.")
    return _("Tick one line in each part.") if question.has_parts else _("Tick the moments.")


def answer_blocks(one: NumberedQuestion) -> Iterator[Block]:
    """The right answer, and why each option is right or wrong."""
    question, order = one.question, printed_order(one.question)
    yield heading(3, _("Answer %(number)s", number=one.number), key=one.answer_key)
    yield paragraph(reference(one.key, *inline(question.stem)), kind="lead")
    if question.form == "order":
        yield bullets([_explained(option) for option in question.options], kind="numbered")
    elif question.form == "sort":
        yield bullets([_explained(question.options[place], _group(question.options[place])) for place in order])
    elif question.has_parts:
        for group, places in zip(question.groups, question.options_by_part(order), strict=True):
            yield paragraph(bold(label_run(group)), kind="lead")
            yield from _right_and_wrong([question.options[place] for place in places])
    elif question.form == "timeline":
        yield bullets([_moment(option) for option in question.options], kind="numbered")
    else:
        yield from _right_and_wrong([question.options[place] for place in order])


def _group(option: Option) -> Runs:
    return [bold(label_run(option.group or ""), ":"), " "]


def _explained(option: Option, before: Runs | None = None) -> Blocks:
    does: Runs = [bold(label_run(capitalised(option.does)), "."), " "] if option.does else []
    return [paragraph(*(before or []), bold(*sentence(inline(option.text))), " ", *does, *inline(option.reason))]


def _right_and_wrong(options: Sequence[Option]) -> Iterator[Block]:
    right = [option for option in options if option.correct]
    wrong = [option for option in options if not option.correct]
    yield box(_("Right"), [block for option in right for block in _explained(option)])
    if wrong:
        yield box(_("Why not the others"), [block for option in wrong for block in _explained(option)])


def _moment(option: Option) -> Blocks:
    said = (
        _("A chance was missed.")
        if option.correct
        else _("Someone acted.")
        if option.acted
        else _("Nothing was missed.")
    )
    risk = [] if option.risk is None else [" " + _("Risk to the child: %(risk)s of 5.", risk=option.risk)]
    return [paragraph(*_date(option), bold(said), *risk, " ", *inline(option.reason))]
