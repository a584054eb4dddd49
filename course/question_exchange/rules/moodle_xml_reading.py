"""Reading Moodle XML as others write it. A file that declares a document type or entities is refused as a whole."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

from course.question_exchange.rules.bank_question import (
    BankAnswer,
    BankFileError,
    BankPair,
    BankQuestion,
    BankText,
    TextFormat,
)
from course.translation import lazy_gettext as _

_Element = Any  # lxml tells no types
_FORMATS: dict[str, TextFormat] = {
    "html": "html", "moodle_auto_format": "moodle", "plain_text": "plain", "markdown": "markdown",
}  # fmt: skip
# A document type stands before the first element. In other encodings than UTF-8 it is found after parsing. Instructions and
# comments end where they first can (?>): tried with each later end as well, a few hundred bytes would take for ever.
_DOCTYPE = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?>(?:<\?.*?\?>\s*|<!--.*?-->\s*)*)<!DOCTYPE", re.DOTALL)
_DOCTYPE_REFUSAL = _("The file declares a document type. Moodle XML has none, and it can hide entities.")
# Feedback to the whole answer, in the words that Moodle fills in by itself.
_USUAL_FEEDBACK = frozenset(
    {"", "your answer is correct.", "your answer is partially correct.", "your answer is incorrect."}
)
_COMBINED = ("correctfeedback", "partiallycorrectfeedback", "incorrectfeedback")


def read_moodle_xml(data: bytes) -> list[BankQuestion]:
    """The questions of a file in Moodle XML, in their order. Raises BankFileError for what is no such file."""
    if _DOCTYPE.match(data):
        raise BankFileError(_DOCTYPE_REFUSAL)
    import lxml.etree  # noqa: PLC0415 (only whoever reads such a file needs it)

    parser = lxml.etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False, remove_pis=True
    )
    try:
        root = lxml.etree.fromstring(data, parser)
    except lxml.etree.XMLSyntaxError as error:
        raise BankFileError(_("This is not XML that can be read: %(reason)s.", reason=str(error)[:200])) from error
    if root.getroottree().docinfo.doctype:
        raise BankFileError(_DOCTYPE_REFUSAL)
    if root.tag != "quiz":
        raise BankFileError(_("The file is XML, but not Moodle XML: its first element is not <quiz>."))
    questions, category = [], ""
    for element in root.iterchildren("question"):
        if element.get("type") == "category":
            category = _plain(element.find("category"))
        else:
            questions.append(replace(_question(element), category=category))
    return questions


def _question(element: _Element) -> BankQuestion:
    kind = (element.get("type") or "").strip()
    kind = "cloze" if kind == "multianswer" else kind
    general = element.find("generalfeedback")
    question = BankQuestion(
        kind, _plain(element.find("name")), _direct(element.find("idnumber")),
        tuple(_plain(tag) for tag in element.iterfind("tags/tag")),
        stem=_text(element.find("questiontext")), line=element.sourceline or 1, notes=_notes(element),
        general=_text(general) if _plain(general) else None,
    )  # fmt: skip
    if kind in ("multichoice", "truefalse", "ordering"):
        answers = tuple(_answer(answer) for answer in element.iterfind("answer"))
        if kind == "ordering":
            # A stable order: lines without a number stay where they stand.
            answers = tuple(sorted(answers, key=lambda answer: answer.percent))
        single = _direct(element.find("single")).lower() not in ("false", "0")
        question = replace(question, answers=answers, single=single)
    elif kind == "matching":
        pairs = (BankPair(_text(pair), _plain(pair.find("answer"))) for pair in element.iterfind("subquestion"))
        question = replace(question, pairs=tuple(pairs))
    return question


def _notes(element: _Element) -> tuple[str, ...]:
    """What the element has and a question here has no place for."""
    notes: list[str] = []
    if any(_plain(element.find(name)).lower() not in _USUAL_FEEDBACK for name in _COMBINED):
        notes.append(_("Feedback for right and wrong answers as a whole was left out."))
    if any(_plain(hint) for hint in element.iterfind("hint")):
        notes.append(_("Hints were left out."))
    files = [str(file.get("name") or "")[:80] for file in element.iter("file")]
    if files:
        notes.append(_("Files were left out: %(names)s.", names=", ".join(files[:5])))
    return tuple(notes)


def _answer(element: _Element) -> BankAnswer:
    try:
        percent = float(element.get("fraction") or 0)
    except ValueError:
        percent = 0.0
    feedback = element.find("feedback")
    said = _text(feedback) if feedback is not None and _plain(feedback) else None
    text = _text(element)
    return BankAnswer(text, percent if math.isfinite(percent) else 0.0, said)


def _text(element: _Element | None) -> BankText:
    if element is None:
        return BankText("")
    return BankText(_plain(element), _FORMATS.get(element.get("format") or "html", "html"))


def _plain(element: _Element | None) -> str:
    """The text in the element `text` of an element, or in itself where it has no such element."""
    if element is None:
        return ""
    inner = element.find("text")
    return _direct(element if inner is None else inner)


def _direct(element: _Element | None) -> str:
    return "" if element is None else "".join(element.itertext()).strip()
