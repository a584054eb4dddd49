"""What a group gets wrong, with the words of the course: for the page, and for whoever takes it elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from course.content.library import Library
from course.content.queries import part
from course.content.shapes import Option, Point, Question
from course.insight.queries import Counted
from course.insight.rules.findings import PointFinding, by_point, misconception


@dataclass(frozen=True)
class Row:
    """A learning point and what was found; `wrong` is the wrong answer chosen most to `question`, `module` that of
    its discussion sheet."""

    point: Point
    finding: PointFinding
    question: Question | None
    wrong: Option | None
    module: str | None


def told(session: Session, library: Library, counted: Counted) -> list[Row]:
    """The points of the course that enough people answered, weakest first."""
    forms = {question.id: question.form for question in library.answerable.values()}
    found = by_point(counted.tallies, counted.people, forms)
    return [_row(session, library, finding) for finding in found if finding.point in library.points]


def _row(session: Session, library: Library, finding: PointFinding) -> Row:
    favourite = finding.favourite
    question = part(session, library, Question, favourite.question_id, favourite.version) if favourite else None
    wrong = misconception(question, favourite) if favourite else None
    module = next((one.id for one in library.modules.values() if finding.point in one.points), None)
    sheet = module if module in library.discussions else None
    return Row(library.points[finding.point], finding, question, wrong, sheet)
