"""Questions of a plain course about kites, and their way through a file."""

from __future__ import annotations

import json
from collections.abc import Iterable

from course.content.schema import Question
from course.question_exchange.rules.bank_question import FileFormat
from course.question_exchange.rules.file_reading import ReadFile, file_from_data, read_question_file
from course.question_exchange.rules.gift_writing import write_gift
from course.question_exchange.rules.incoming import DraftQuestion, RefusedQuestion
from course.question_exchange.rules.moodle_xml_writing import write_moodle_xml
from course.question_exchange.rules.outgoing import CategorisedQuestion, export_questions

FORMATS: tuple[FileFormat, ...] = ("gift", "moodle-xml")


def read(text: str | bytes) -> ReadFile:
    """The questions of a file, as they come out of the sandbox process."""
    data = text if isinstance(text, bytes) else text.encode()
    return file_from_data(json.loads(json.dumps(read_question_file(data))))


def taken(text: str) -> list[DraftQuestion]:
    """The questions of a file, all of which can be taken."""
    found = [one for one in read(text).questions if isinstance(one, DraftQuestion)]
    assert len(found) == len(read(text).questions)
    return found


def refused(text: str) -> RefusedQuestion:
    """The only question of a file, which cannot be taken."""
    (one,) = read(text).questions
    assert isinstance(one, RefusedQuestion)
    return one


def written(questions: Iterable[Question], file_format: FileFormat) -> str:
    """A file with these questions."""
    chosen = [CategorisedQuestion(question, ("Kites", "Wind/water"), asks_confidence=True) for question in questions]
    write = write_gift if file_format == "gift" else write_moodle_xml
    return write(export_questions(chosen, file_format).questions, ["-- Kites -->"])


def again(draft: DraftQuestion) -> Question:
    """The question of the course that a question of a file is."""
    return Question.model_validate({"id": draft.number, **draft.data})
