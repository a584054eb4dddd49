"""Writing Moodle XML, the format of question banks that holds the most (docs.moodle.org, "Moodle XML format")."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from course.question_exchange.rules.bank_question import BankAnswer, BankQuestion, BankText
from course.question_exchange.rules.gift_writing import percent_text


def write_moodle_xml(questions: Iterable[BankQuestion], remarks: Iterable[str] = ()) -> str:
    """The questions as a file in Moodle XML, with remarks as comments at its top."""
    quiz = ET.Element("quiz")
    for remark in remarks:
        quiz.append(ET.Comment(f" {remark.replace('--', '- ')} "))
    category = None
    for question in questions:
        if question.category != category:
            category = question.category
            ET.SubElement(quiz, "question", type="category").append(_nested("category", f"$course$/top/{category}"))
        quiz.append(_question(question))
    ET.indent(quiz, " ")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(quiz, encoding="unicode")}\n'


def _question(question: BankQuestion) -> ET.Element:
    element = ET.Element("question", type=question.kind)
    element.append(_nested("name", question.name))
    element.append(_text("questiontext", question.stem))
    element.append(_text("generalfeedback", question.general or BankText("")))
    _add(element, defaultgrade="1", penalty="0.3333333", hidden="0", idnumber=question.number)
    if question.kind == "multichoice":
        keeps_order = "form:timeline" in question.tags
        _add(
            element,
            single=str(question.single).lower(),
            shuffleanswers=str(not keeps_order).lower(),
            answernumbering="none",
        )
        element.extend(_answer(answer, percent_text(answer.percent)) for answer in question.answers)
    elif question.kind == "ordering":
        # As the course marks it: each line is right or wrong with the one that follows.
        _add(element, layouttype="VERTICAL", selecttype="ALL", selectcount="2",
             gradingtype="RELATIVE_NEXT_EXCLUDE_LAST", showgrading="SHOW", numberingstyle="none")  # fmt: skip
        element.extend(_answer(answer, str(number)) for number, answer in enumerate(question.answers, 1))
    elif question.kind == "matching":
        _add(element, shuffleanswers="true")
        for pair in question.pairs:
            element.append(_text("subquestion", pair.left))
            element[-1].append(_nested("answer", pair.right))
    tags = ET.SubElement(element, "tags")
    tags.extend(_nested("tag", tag) for tag in question.tags)
    return element


def _answer(answer: BankAnswer, fraction: str) -> ET.Element:
    element = _text("answer", answer.text)
    element.set("fraction", fraction)
    if answer.feedback:
        element.append(_text("feedback", answer.feedback))
    return element


def _text(name: str, text: BankText) -> ET.Element:
    """An element with a text and its format, whose attribute calls two of the formats by longer names."""
    element = _nested(name, text.text)
    element.set("format", {"moodle": "moodle_auto_format", "plain": "plain_text"}.get(text.format, text.format))
    return element


def _nested(name: str, text: str) -> ET.Element:
    """An element with an element `text`."""
    element = ET.Element(name)
    ET.SubElement(element, "text").text = text
    return element


def _add(element: ET.Element, **values: str) -> None:
    for name, value in values.items():
        ET.SubElement(element, name).text = value
