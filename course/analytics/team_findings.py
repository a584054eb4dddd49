"""Findings about a group with the texts of the course, for the results page and for evidence packs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from course.analytics.rules.findings import PointFinding, misconception, safety_critical_first
from course.content.library import Library
from course.content.queries import part_in_version
from course.content.schema import LearningPoint, Option, Question


@dataclass(frozen=True)
class TeamFinding:
    """A learning point with its finding; `wrong` is the wrong answer chosen most to `question`, `module` the module of its
    discussion sheet."""

    point: LearningPoint
    finding: PointFinding
    question: Question | None
    wrong: Option | None
    module: str | None


def team_findings(session: Session, library: Library, findings: Iterable[PointFinding]) -> list[TeamFinding]:
    """The published findings about a group on the points of the course, weakest first; of those that cannot be told apart the
    safety-critical points first."""
    critical = {point.id for point in library.points.values() if point.safety_critical}
    ordered = safety_critical_first((finding for finding in findings if finding.point in library.points), critical)
    return [_team_finding(session, library, finding) for finding in ordered]


def _team_finding(session: Session, library: Library, finding: PointFinding) -> TeamFinding:
    answer = finding.common_wrong_answer
    question = part_in_version(session, library, Question, answer.question_id, answer.version) if answer else None
    wrong = misconception(question, answer) if answer else None
    module = next((module.id for module in library.modules.values() if finding.point in module.points), None)
    sheet = module if module in library.discussions else None
    return TeamFinding(library.points[finding.point], finding, question, wrong, sheet)
