"""The questions of the course as a question bank holds them, and what each format cannot hold.

What a format has no place for is kept in tags, so that our own import finds it again: the form, learning points, pathways,
whether a wrong answer would put a child at risk, and that the course asks for confidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from course.content.schema import PART_FORMS, Form, Module, Option, Question
from course.question_exchange.rules.bank_question import (
    TWO_STROKES,
    BankAnswer,
    BankPair,
    BankQuestion,
    BankText,
    FileFormat,
)
from course.question_exchange.rules.cloze import write_gap
from course.question_exchange.rules.rich_text import escaped_label, inline_html, prose_html, to_bank_text
from course.translation import lazy_gettext as _

# The tags of a question: its form, its points, its pathways, and the rest.
FORM_TAG, POINT_TAG, PATHWAY_TAG, CRITICAL_TAG = "form:", "point:", "pathway:", "critical:"
INTRO_TAG = "introduction"
# The order of the groups of a sorting question, where it is not that of their first lines: "groups:2-1".
GROUPS_TAG = "groups:"
# Moodle asks for confidence by the behaviour of a quiz, not of a question: there the tag is a reminder.
CONFIDENCE_TAG = "confidence"
_GAPS = _("GIFT has no question that is put together from parts. Moodle XML has.")
_CHANGES = {
    ("order", "gift"): _("GIFT has no question of putting in order. It is written as lines to match with 1, 2, 3."),
    ("timeline", "gift"): _("The line and the risk at each moment are left out. It is written as a choice of all that apply."),
    ("timeline", "moodle-xml"): _(
        "The line and the risk at each moment are left out. It is written as a choice of all that apply."
    ),
}  # fmt: skip
_LOSSES = {
    "sort": _("The reasons are together in the general feedback, because a line to match has none of its own."),
    "order": _("The reasons are together in the general feedback, because a line to put in order has none of its own."),
}


@dataclass(frozen=True)
class CategorisedQuestion:
    """A question of the course with the category to which it goes: course, module, and where in the module it is asked."""

    question: Question
    category: tuple[str, ...]
    asks_confidence: bool


@dataclass(frozen=True)
class ExportNote:
    """A question that was left out or is written in another way, and why."""

    question: str
    reason: str
    is_left_out: bool = False


@dataclass(frozen=True)
class BankExport:
    """What is written to a file, and what the format could not hold."""

    questions: tuple[BankQuestion, ...]
    notes: tuple[ExportNote, ...]

    def grouped_notes(self, left_out: bool) -> list[tuple[str, list[str]]]:
        """Each reason with the ids of its questions; those of questions that were left out, or of the others."""
        groups: dict[str, list[str]] = {}
        for note in self.notes:
            if note.is_left_out == left_out:
                groups.setdefault(note.reason, []).append(note.question)
        return list(groups.items())


def selected_questions(title: str, modules: Iterable[Module]) -> Iterator[CategorisedQuestion]:
    """The questions of these modules in the order of the course: of the check, of the pages, and the timelines."""
    for module in modules:
        for question in module.questions:
            yield CategorisedQuestion(question, (title, module.title), asks_confidence=True)
        for page in module.pages.values():
            for question in page.questions:
                yield CategorisedQuestion(question, (title, module.title, "Questions on pages"), asks_confidence=False)
        for timeline in module.timelines.values():
            yield CategorisedQuestion(timeline, (title, module.title, "Timelines"), asks_confidence=False)


def left_out_reason(form: Form, file_format: FileFormat) -> str | None:
    """Why a format cannot hold questions of a form; None if it can."""
    return _GAPS if form in PART_FORMS and file_format == "gift" else None


def form_changes(form: Form, file_format: FileFormat) -> list[str]:
    """What is written in another way, or lost, where a format holds questions of a form."""
    return [reason for reason in (_CHANGES.get((form, file_format)), _LOSSES.get(form)) if reason]


def export_questions(chosen: Iterable[CategorisedQuestion], file_format: FileFormat) -> BankExport:
    """The questions for a file of this format, and a note on each that it cannot hold, or not in the same way."""
    written, notes = [], []
    for one in chosen:
        question = one.question
        left_out = left_out_reason(question.form, file_format)
        if left_out:
            notes.append(ExportNote(question.id, left_out, is_left_out=True))
            continue
        notes += [ExportNote(question.id, reason) for reason in form_changes(question.form, file_format)]
        if question.form == "sort" and set(question.groups) - {option.group for option in question.options}:
            notes.append(ExportNote(question.id, _("A group to which no line belongs is left out.")))
        if question.changes:
            notes.append(ExportNote(question.id, _("The marks of its changes are left out.")))
        written.append(bank_question(one, file_format))
    return BankExport(tuple(written), tuple(notes))


def bank_question(one: CategorisedQuestion, file_format: FileFormat) -> BankQuestion:
    """A question of the course as a question bank holds it."""
    question = one.question
    tags = [FORM_TAG + question.form, *(POINT_TAG + point for point in question.points)]
    tags += [PATHWAY_TAG + name for name in question.settings]
    if question.critical is not None and question.form != "timeline":
        tags.append(CRITICAL_TAG + ("yes" if question.critical else "no"))
    if question.intro:
        tags.append(INTRO_TAG)
    if order := _group_order(question):
        tags.append(GROUPS_TAG + order)
    if one.asks_confidence:
        tags.append(CONFIDENCE_TAG)
    base = BankQuestion("multichoice", question.id, question.id, tuple(tags), "/".join(
        part.replace("/", TWO_STROKES) for part in one.category), _stem(question))  # fmt: skip
    if question.has_parts:
        return replace(base, kind="cloze", stem=_gap_text(question))
    if question.form == "sort":
        pairs = tuple(BankPair(to_bank_text(option.text), str(option.group)) for option in question.options)
        return replace(base, kind="matching", pairs=pairs, general=_reason_list(question))
    if question.form == "order":
        texts = [to_bank_text(option.text) for option in question.options]
        if file_format == "gift":
            pairs = tuple(BankPair(text, str(number)) for number, text in enumerate(texts, 1))
            return replace(base, kind="matching", pairs=pairs, general=_reason_list(question))
        answers = tuple(BankAnswer(text, number) for number, text in enumerate(texts, 1))
        return replace(base, kind="ordering", answers=answers, general=_reason_list(question))
    right = sum(option.correct for option in question.options)
    single = question.form == "one"
    shares = (100.0, 0.0) if single else (100 / right, -100.0)
    answers = tuple(
        BankAnswer(_dated_text(option), shares[not option.correct], to_bank_text(option.reason))
        for option in question.options
    )
    return replace(base, answers=answers, single=single)


def _group_order(question: Question) -> str:
    used = [str(option.group) for option in question.options] if question.form == "sort" else []
    seen = list(dict.fromkeys(used))
    order = [seen.index(group) + 1 for group in question.groups if group in seen]
    return "" if order == sorted(order) else "-".join(map(str, order))


def _stem(question: Question) -> BankText:
    if question.intro is None:
        return to_bank_text(question.stem)
    return BankText(f"{prose_html(question.intro)}\n<p>{inline_html(question.stem)}</p>")


def _dated_text(option: Option) -> BankText:
    return to_bank_text(f"**{escaped_label(option.date)}** {option.text}" if option.date else option.text)


def _reason_list(question: Question) -> BankText:
    lines = (f"<li><p>{inline_html(o.text)}</p><p>{inline_html(o.reason)}</p></li>" for o in question.options)
    return BankText(f"<ol>{''.join(lines)}</ol>")


def _gap_text(question: Question) -> BankText:
    """Stem and parts of a question that is put together from parts: in each part one line is chosen."""
    parts = []
    for group in question.groups:
        options = [option for option in question.options if option.group == group]
        answers = tuple(
            BankAnswer(BankText(inline_html(o.text)), 100.0 if o.correct else 0.0,
                       BankText(f"<strong>{inline_html(escaped_label(o.does or ''))}</strong> {inline_html(o.reason)}"))
            for o in options
        )  # fmt: skip
        parts.append(f"<p><strong>{inline_html(escaped_label(group))}</strong><br>{write_gap(answers)}</p>")
    stem = _stem(question).text if question.intro else f"<p>{inline_html(question.stem)}</p>"
    return BankText("\n".join([stem, *parts]))
