"""A question of another question bank as a question of the course: what fits, what its author still has to write, and what
cannot be taken. Nothing is left out without a word about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, get_args

from course.content.schema import SETTINGS, Form
from course.question_exchange.rules.bank_question import BankAnswer, BankQuestion, BankText
from course.question_exchange.rules.cloze import marked_gap, read_gaps
from course.question_exchange.rules.outgoing import (
    CONFIDENCE_TAG,
    CRITICAL_TAG,
    FORM_TAG,
    GROUPS_TAG,
    INTRO_TAG,
    PATHWAY_TAG,
    POINT_TAG,
)
from course.question_exchange.rules.rich_text import MarkdownText, read_text, visible_text
from course.translation import lazy_gettext as _
from course.translation import lazy_ngettext

FEWEST_OPTIONS = 3
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
# Kinds of questions that have no form here, and why.
_REFUSALS = {
    "shortanswer": _("A word is typed as the answer. The course has no such question: write options to choose from."),
    "numerical": _("A number is typed as the answer. The course has no such question: write options to choose from."),
    "essay": _("A text is written as the answer, and a person marks it. The course has no such question."),
    "description": _("It is a text without a question."),
    "cloze": _("Answers are chosen or typed inside its text. The course has no such question."),
}
_OTHER_KIND = _("Questions of the type “%(kind)s” have no form in the course.")
_NO_PICTURE = _("It shows a picture that has no description, and the course has no pictures in questions.")


@dataclass(frozen=True)
class DraftQuestion:
    """A question that fits a form of the course. `data` are the fields of its file, with texts in Markdown; `number` and `tags`
    are those of the file that mean nothing yet; `todo` is what its author has to write, and `notes` what was changed or left
    out."""

    line: int
    name: str
    kind: str
    number: str
    category: str
    tags: tuple[str, ...]
    data: dict[str, Any]
    todo: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class RefusedQuestion:
    """A question of the file that cannot be taken, and why."""

    line: int
    name: str
    kind: str
    reason: str


@dataclass(frozen=True)
class _Marks:
    """What the tags of a question that this course exported say."""

    form: Form | None = None
    points: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    critical: bool | None = None
    has_intro: bool = False
    group_order: tuple[int, ...] = ()
    others: tuple[str, ...] = ()


class _Refused(ValueError):  # noqa: N818 (it ends the reading of one question, and is no failure)
    """The question cannot be taken; the message says why."""


@dataclass
class _Notes:
    """What is said about a question while it is read."""

    todo: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def line(self, text: BankText | None, is_ours: bool, needs_picture: bool = False) -> str:
        """A text as one run of Markdown; empty if there is none."""
        if text is None:
            return ""
        if is_ours and text.format == "markdown":
            return text.text.strip()
        read = self.read(text, is_ours)
        if needs_picture and read.lost_picture:
            raise _Refused(_NO_PICTURE)
        return read.line

    def read(self, text: BankText, is_ours: bool) -> MarkdownText:
        read = read_text(text, keeps_lines=is_ours)
        self.notes += read.notes
        return read


def convert(question: BankQuestion) -> DraftQuestion | RefusedQuestion:
    """The question as one of the course, or why it cannot be one."""
    name = question.name or _first_words(question.stem)
    if question.kind == "broken":
        return RefusedQuestion(question.line, name, question.kind, question.notes[0])
    marks, said = _read_marks(question.tags), _Notes(notes=list(question.notes))
    try:
        data = _CONVERSIONS.get(question.kind, _refuse)(question, marks, said)
    except ValueError as error:
        return RefusedQuestion(question.line, name, question.kind, error.args[0])
    if not data.pop("uses_general") and question.general:
        words = said.line(question.general, is_ours=False)
        said.notes.append(_("The general feedback was left out: “%(words)s”.", words=words[:1000]))
    options = data.pop("options")
    fields = {"form": data.pop("form"), "points": list(marks.points), "settings": list(marks.settings),
              "critical": marks.critical, **data}  # fmt: skip
    filled = {key: value for key, value in fields.items() if value not in (None, [], "")}
    return DraftQuestion(question.line, name, question.kind, question.number, question.category, marks.others,
                         filled | {"options": options},
                         tuple(dict.fromkeys(said.todo)), tuple(dict.fromkeys(said.notes)))  # fmt: skip


def _first_words(stem: BankText) -> str:
    try:
        return read_text(stem).line[:60]
    except ValueError:
        return ""


def _read_marks(tags: Sequence[str]) -> _Marks:
    def values(prefix: str) -> tuple[str, ...]:
        return tuple(tag.removeprefix(prefix) for tag in tags if tag.startswith(prefix))

    form = next((name for name in get_args(Form) if f"{FORM_TAG}{name}" in tags), None)
    if form is None:
        return _Marks(points=values(POINT_TAG), others=tuple(tag for tag in tags if not tag.startswith(POINT_TAG)))
    settings = tuple(name for name in values(PATHWAY_TAG) if name in SETTINGS)
    critical = {"yes": True, "no": False}.get(next(iter(values(CRITICAL_TAG)), ""))
    known = {FORM_TAG + form, *(PATHWAY_TAG + name for name in settings), INTRO_TAG, CONFIDENCE_TAG}
    parts = "-".join(values(GROUPS_TAG)).split("-")
    order = tuple(int(part) for part in parts if part.isdecimal() and len(part) < 4)  # Python reads no endless numbers
    ours = (POINT_TAG, CRITICAL_TAG, GROUPS_TAG)
    others = tuple(tag for tag in tags if tag not in known and not tag.startswith(ours))
    return _Marks(form, values(POINT_TAG), settings, critical, INTRO_TAG in tags, order, others)


def _refuse(question: BankQuestion, _marks: _Marks, _said: _Notes) -> dict[str, Any]:
    raise _Refused(_REFUSALS.get(question.kind) or _OTHER_KIND % {"kind": question.kind[:40]})


def _stem(question: BankQuestion, marks: _Marks, said: _Notes) -> dict[str, Any]:
    """The stem, and what stands before it as an introduction."""
    is_ours = marks.form is not None
    if is_ours and not marks.has_intro:
        return {"stem": said.line(question.stem, is_ours)}
    read = said.read(question.stem, is_ours)
    if read.lost_picture:
        raise _Refused(_NO_PICTURE)
    return _divided(read)


def _divided(read: MarkdownText) -> dict[str, Any]:
    """The last paragraph is the stem; the others are the introduction."""
    if not read.blocks:
        raise _Refused(_("It has no text."))
    last = max((n for n, block in enumerate(read.blocks) if not block.is_item), default=len(read.blocks) - 1)
    before = replace(read, blocks=read.blocks[:last] + read.blocks[last + 1 :])
    return {"intro": before.prose, "stem": read.blocks[last].text}


def _choice(question: BankQuestion, marks: _Marks, said: _Notes) -> dict[str, Any]:
    if marks.form == "timeline":
        raise _Refused(_("It was a timeline. Its dates and risks are not in this file: copy the timeline's own file."))
    is_ours = marks.form is not None
    right = [answer.percent > 99.9 if question.single else answer.percent > 0 for answer in question.answers]
    data = _stem(question, marks, said)
    options = []
    for answer, correct in zip(question.answers, right, strict=True):
        option: dict[str, Any] = {"text": said.line(answer.text, is_ours, needs_picture=True)}
        if correct:
            option["correct"] = True
        options.append(option | {"reason": said.line(answer.feedback, is_ours)})
    if not is_ours:
        _note_shares(question, right, said)
    used = _fill_reasons(question, options, said)
    _require_options(options, said)
    if question.single and sum(right) != 1:
        said.todo.append(_("Say which one option is right: in the file %(number)s are.", number=sum(right)))
    if not question.single and sum(right) in (0, len(right)):
        said.todo.append(_("Some options have to be right and some wrong."))
    return {"form": "one" if question.single else "all", **data, "options": options, "uses_general": used}


def _note_shares(question: BankQuestion, right: Sequence[bool], said: _Notes) -> None:
    """Points that the course cannot give: an answer here is right or wrong."""
    for answer in question.answers:
        if question.single and 0 < answer.percent <= 99.9:
            text = said.line(answer.text, is_ours=False)[:80]
            share = f"{answer.percent:g}"
            said.notes.append(
                _("“%(option)s” gave %(share)s%% of the points. Here it is wrong.", option=text, share=share)
            )
    if len({answer.percent for answer, correct in zip(question.answers, right, strict=True) if correct}) > 1:
        said.notes.append(_("The right options gave different points. Here each has to be chosen."))
    if question.single and any(answer.percent < 0 for answer in question.answers):
        said.notes.append(_("Points that were taken off for wrong options are left out."))


def _require_options(options: Sequence[dict[str, Any]], said: _Notes) -> None:
    if len(options) < FEWEST_OPTIONS:
        said.todo.append(_("Write more options: it has %(number)s, and needs at least 3.", number=len(options)))
    empty = [str(number) for number, option in enumerate(options, 1) if not option["text"]]
    if empty:
        said.todo.append(
            lazy_ngettext(
                "Write the text of option %(numbers)s.",
                "Write the text of options %(numbers)s.",
                len(empty),
                numbers=", ".join(empty),
            )
        )


def _fill_reasons(question: BankQuestion, options: Sequence[dict[str, Any]], said: _Notes) -> bool:
    """Give the general feedback to options without feedback; whether that was done. What is still without is to be written."""
    lacking = [number for number, option in enumerate(options, 1) if not option["reason"]]
    general = said.line(question.general, is_ours=False) if lacking else ""
    numbers = ", ".join(map(str, lacking))
    if general:
        for number in lacking:
            options[number - 1]["reason"] = general
        said.notes.append(lazy_ngettext("Option %(numbers)s had no feedback. The general feedback is its reason.",
                                    "Options %(numbers)s had no feedback. The general feedback is their reason.",
                                        len(lacking), numbers=numbers))  # fmt: skip
    elif lacking:
        said.todo.append(lazy_ngettext("Write why option %(numbers)s is right or wrong.",
                                   "Write why options %(numbers)s are right or wrong.", len(lacking), numbers=numbers))  # fmt: skip
        for number in lacking:
            del options[number - 1]["reason"]
    return bool(general)


def _true_false(question: BankQuestion, marks: _Marks, said: _Notes) -> dict[str, Any]:
    return _choice(replace(question, single=True), marks, said)


def _pairs(question: BankQuestion, marks: _Marks, said: _Notes) -> dict[str, Any]:
    """Lines to match: to be sorted into groups, or put in order where they belong to 1, 2, 3 and so on."""
    is_ours = marks.form in ("sort", "order")
    lines = [(said.line(pair.left, is_ours, needs_picture=True), pair.right) for pair in question.pairs]
    spare = [right for left, right in lines if not left]
    if spare:
        said.notes.append(
            _("Answers to which no line belongs were left out: %(answers)s.", answers=", ".join(spare)[:300])
        )
    lines = [(left, right) for left, right in lines if left]
    groups = list(dict.fromkeys(right for _left, right in lines))
    data = _stem(question, marks, said)
    if sorted(groups) == sorted(map(str, range(1, len(lines) + 1))) and marks.form != "sort":
        ordered = [left for left, _right in sorted(lines, key=lambda line: int(line[1]))]
        if not is_ours:
            said.notes.append(_("Lines that belong to 1, 2, 3 are to be put in order here."))
        return _in_order(question, marks, said, data, ordered)
    if not 2 <= len(groups) <= 3:
        raise _Refused(_("Its lines belong to %(number)s different answers. Here lines are sorted into two or three groups.",
                         number=len(groups)))  # fmt: skip
    if sorted(marks.group_order) == list(range(1, len(groups) + 1)):
        groups = [groups[number - 1] for number in marks.group_order]
    options = [{"text": left, "group": right, "reason": ""} for left, right in lines]
    used = _listed_reasons(question, options, marks, said)
    _require_options(options, said)
    return {"form": "sort", **data, "groups": groups, "options": options, "uses_general": used}


def _ordering(question: BankQuestion, marks: _Marks, said: _Notes) -> dict[str, Any]:
    is_ours = marks.form is not None
    lines = [said.line(answer.text, is_ours, needs_picture=True) for answer in question.answers]
    return _in_order(question, marks, said, _stem(question, marks, said), lines)


def _in_order(
    question: BankQuestion, marks: _Marks, said: _Notes, data: dict[str, Any], lines: Sequence[str]
) -> dict[str, Any]:
    options: list[dict[str, Any]] = [{"text": line, "reason": ""} for line in lines]
    used = _listed_reasons(question, options, marks, said)
    _require_options(options, said)
    return {"form": "order", **data, "options": options, "uses_general": used}


def _listed_reasons(question: BankQuestion, options: Sequence[dict[str, Any]], marks: _Marks, said: _Notes) -> bool:
    """Fill in the reasons; in a question that this course exported they are a list in the general feedback."""
    if marks.form and question.general:
        listed = [block.text for block in read_text(question.general, keeps_lines=True).blocks]
        texts = [visible_text(option["text"]) for option in options]
        if len(listed) == 2 * len(options) and [visible_text(text) for text in listed[::2]] == texts:
            for option, reason in zip(options, listed[1::2], strict=True):
                option["reason"] = reason
            return True
    return _fill_reasons(question, options, said)


def _gaps(question: BankQuestion, marks: _Marks, said: _Notes) -> dict[str, Any]:
    """A question that was put together from parts, exported by this course."""
    if marks.form not in ("first-words", "record"):
        raise _Refused(_REFUSALS["cloze"])
    text = read_gaps(question.stem.text)
    read = said.read(replace(question.stem, text=text.html), True)
    found = [(block, marked_gap(block.text.replace("\\\n", " ").strip())) for block in read.blocks]
    parts = [gap for _block, gap in found if gap]
    if not parts or len(parts) != len(text.gaps):
        raise _Refused(_("Its parts were changed in another system and cannot be found."))
    data = _divided(replace(read, blocks=tuple(block for block, gap in found if not gap)))
    if not marks.has_intro:
        data = {"stem": " ".join(filter(None, data.values()))}
    options = []
    for label, number in parts:
        answers = text.gaps[number]
        if answers is None:
            raise _Refused(_REFUSALS["cloze"])
        group = _unescaped(label.removeprefix("**").removesuffix("**"))
        options += [_part_option(group, answer, said) for answer in answers]
    groups = list(dict.fromkeys(option["group"] for option in options))
    return {"form": marks.form, **data, "groups": groups, "options": options, "uses_general": False}


def _part_option(group: str, answer: BankAnswer, said: _Notes) -> dict[str, Any]:
    feedback = said.line(answer.feedback, True)
    does, _mark, reason = feedback.removeprefix("**").partition("** ")
    option: dict[str, Any] = {"group": group, "text": said.line(answer.text, True)}
    if answer.percent > 0:
        option["correct"] = True
    if not reason:
        said.todo.append(_("Write what each line does, and its reason."))
    return option | {"does": _unescaped(does), "reason": reason}


def _unescaped(markdown: str) -> str:
    """A plain text from the Markdown that shows it as it is."""
    return _ESCAPED.sub(r"\1", markdown)


_Conversion = Callable[[BankQuestion, _Marks, _Notes], dict[str, Any]]
_CONVERSIONS: dict[str, _Conversion] = {
    "multichoice": _choice, "truefalse": _true_false, "matching": _pairs, "ordering": _ordering, "cloze": _gaps,
}  # fmt: skip
