"""What of the loaded course goes to a file, and where questions of a file would go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from course.content.library import Library
from course.content.schema import Form, Setting
from course.question_exchange.rules.bank_question import FILE_ENDINGS, FileFormat
from course.question_exchange.rules.gift_writing import write_gift
from course.question_exchange.rules.moodle_xml_writing import write_moodle_xml
from course.question_exchange.rules.outgoing import (
    BankExport,
    export_questions,
    form_changes,
    left_out_reason,
    selected_questions,
)
from course.question_exchange.rules.planning import ImportTarget, taken_ids

# In the file, so in English: whoever opens it reads them first.
_REMARKS = (
    "The answers are in this file.",
    "The course asks with each answer how sure the learner is. In a Moodle quiz, choose the question behaviour "
    "“Deferred feedback with CBM” for the same.",
    "Tags: form, point (learning point), pathway, critical (whether a wrong answer would put a child at risk).",
)


def course_export(
    library: Library, file_format: FileFormat, module_id: str | None = None, pathway: Setting | None = None
) -> tuple[BankExport, str]:
    """The questions of the course, or of one module or one pathway, and their file as text."""
    # Without a pathway the variant would lack the pages that only some pathways read.
    found = library if pathway is None else library.for_(pathway, None)
    chosen = [module for module in found.modules.values() if module_id in (None, module.id)]
    export = export_questions(selected_questions(library.course.title, chosen), file_format)
    head = f"{library.course.title}, edition {library.course.edition}, content version {library.version}."
    write = write_gift if file_format == "gift" else write_moodle_xml
    return export, write(export.questions, (head, *_REMARKS))


def import_target(library: Library, module_id: str, default_points: Sequence[str]) -> ImportTarget:
    """Where questions of a file go. Raises KeyError for a module that the course does not have."""
    modules = library.modules.values()
    return ImportTarget(
        library.modules[module_id], tuple(default_points), library.points, library.answerable, taken_ids(modules)
    )


@dataclass(frozen=True)
class FormSupport:
    """A form of question: how many the course has, and for each file format what it does to them. `left_out` is why a format
    does not hold them; None if it does."""

    form: Form
    questions: int
    left_out: dict[FileFormat, str | None]
    changes: dict[FileFormat, list[str]]


def form_support(library: Library) -> list[FormSupport]:
    """For each form of question of the course what the formats hold of it, in the order of the forms."""
    counts = Counter(question.form for question in library.answerable.values())
    return [
        FormSupport(form, counts[form], {name: left_out_reason(form, name) for name in FILE_ENDINGS},
                    {name: form_changes(form, name) for name in FILE_ENDINGS})
        for form in get_args(Form) if counts[form]
    ]  # fmt: skip
