"""A file of questions from another system, read in the sandbox process: bytes in, plain data out, and the data as objects."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from course.question_exchange.rules.bank_question import BankFileError, BankQuestion, FileFormat
from course.question_exchange.rules.gift_reading import read_gift
from course.question_exchange.rules.incoming import DraftQuestion, RefusedQuestion, convert
from course.question_exchange.rules.moodle_xml_reading import read_moodle_xml
from course.translation import lazy_gettext as _
from course.translation import text_as_data, text_from_data

MAX_MEGABYTES = 5
MAX_QUESTIONS = 1000
_TOP = re.compile(r"^\$\w+\$/(?:top/)?")  # what Moodle writes before the names of categories
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")


@dataclass(frozen=True)
class ReadFile:
    """What a file holds: its format, and its questions in their order."""

    format: FileFormat
    questions: tuple[DraftQuestion | RefusedQuestion, ...]


def read_question_file(data: bytes) -> dict[str, Any]:
    """The questions of a file in GIFT or Moodle XML as plain data (see `file_from_data`). For the sandbox.

    Raises BankFileError, whose message says what is wrong with the file as a whole.
    """
    if len(data) > MAX_MEGABYTES * 1024 * 1024:
        raise BankFileError(_("The file is larger than %(number)s MB.", number=MAX_MEGABYTES))
    is_xml = data.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")
    found = read_moodle_xml(data) if is_xml else read_gift(_decoded(data))
    if not found:
        raise BankFileError(_("No question was found. The course reads GIFT and Moodle XML."))
    if len(found) > MAX_QUESTIONS:
        raise BankFileError(_("The file has more than %(number)s questions. Divide it.", number=MAX_QUESTIONS))
    return {"format": "moodle-xml" if is_xml else "gift", "questions": [_as_data(_converted(one)) for one in found]}


def _decoded(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BankFileError(_("Line %(line)s is not UTF-8. Save the file as UTF-8.", line=line)) from error
    found = _CONTROL.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        raise BankFileError(_("Line %(line)s has a character that no text can have.", line=line))
    return text


def _converted(question: BankQuestion) -> DraftQuestion | RefusedQuestion:
    category = _TOP.sub("", question.category)
    return convert(replace(question, name=" ".join(question.name.split())[:200], category=category[:200]))


def _as_data(question: DraftQuestion | RefusedQuestion) -> dict[str, Any]:
    values = dict(vars(question))
    for name in ("todo", "notes"):
        if name in values:
            values[name] = [text_as_data(text) for text in values[name]]
    if isinstance(question, RefusedQuestion):
        values["reason"] = text_as_data(question.reason)
    return values


def file_from_data(data: dict[str, Any]) -> ReadFile:
    """The objects of the data that `read_question_file` returned. Raises ValueError for other data."""
    return ReadFile(
        "moodle-xml" if data["format"] == "moodle-xml" else "gift", tuple(map(_from_data, data["questions"]))
    )


def _from_data(values: dict[str, Any]) -> DraftQuestion | RefusedQuestion:
    line, name, kind = int(values["line"]), str(values["name"]), str(values["kind"])
    if "reason" in values:
        return RefusedQuestion(line, name, kind, text_from_data(values["reason"]))
    todo, notes = (tuple(text_from_data(text) for text in values[key]) for key in ("todo", "notes"))
    tags = tuple(map(str, values["tags"]))
    return DraftQuestion(
        line, name, kind, str(values["number"]), str(values["category"]), tags, dict(values["data"]), todo, notes
    )
