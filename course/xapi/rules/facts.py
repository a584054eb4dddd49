"""The kinds of statements, and the facts from which each is made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from course.translation import lazy_gettext as _

STARTED, MODULE, DECISION, SCENARIO = "started", "module", "decision", "scenario"
ANSWER, ATTEMPT, COMPLETED = "answer", "attempt", "completed"
# No statement: a step was finished, after which a module may be complete. Kept until a job has looked.
LOOK = "look"
# Takes back the statement about a fact that counts for nothing any more.
VOID = "void"
KIND_LABELS: dict[str, str] = {
    STARTED: _("Started: the course, a refresher or an update"),
    MODULE: _("Module completed"),
    SCENARIO: _("Scenario completed, with how it ended"),
    DECISION: _("Decision in a scenario"),
    ANSWER: _("Answer to a question: right or wrong, and how sure"),
    ATTEMPT: _("Passed or failed: a check, the final assessment, a refresher or an update"),
    COMPLETED: _("Completed: the course or a refresher"),
}
# The same where there is little room.
KIND_NAMES: dict[str, str] = {
    STARTED: _("Started"),
    MODULE: _("Module completed"),
    SCENARIO: _("Scenario completed"),
    DECISION: _("Decision in a scenario"),
    ANSWER: _("Answer to a question"),
    ATTEMPT: _("Passed or failed"),
    COMPLETED: _("Completed"),
    VOID: _("Statement withdrawn"),
}
# Never under a name: the course promises that nobody sees how somebody answered.
KINDS_WITHOUT_NAMES = (DECISION, ANSWER)


def may_be_sent(kind: str, actor: str) -> bool:
    """Whether a statement of that kind may be sent about people who are called so (account or mail)."""
    return actor != "mail" or kind not in KINDS_WITHOUT_NAMES


@dataclass(frozen=True)
class StartedFact:
    """Somebody did the first thing in an enrolment."""


@dataclass(frozen=True)
class ModuleFact:
    """Every step of a module is done."""

    module_id: str


@dataclass(frozen=True)
class DecisionFact:
    """A choice in a scenario; `ref` is module/scenario, `step` counts from 1."""

    ref: str
    version: str
    scene_id: str
    choice_id: str
    step: int


@dataclass(frozen=True)
class ScenarioFact:
    """A scenario reached an ending; `outcome` is good, mixed or bad, as its author wrote."""

    ref: str
    version: str
    ending: str
    outcome: str


@dataclass(frozen=True)
class AnswerFact:
    """An answer to a question of an attempt of `kind` about `ref`. `confidence` is sure, fairly or guessing, if asked."""

    question_id: str
    version: str
    point: str
    correct: bool
    confidence: str | None
    kind: str
    ref: str


@dataclass(frozen=True)
class AttemptFact:
    """The outcome of an attempt: points right of those that were asked, and the pass mark in per cent."""

    kind: str
    ref: str
    number: int
    passed: bool
    points_right: int
    points_asked: int
    pass_mark: int


@dataclass(frozen=True)
class CompletedFact:
    """The course or a refresher was completed, on content of an edition."""

    edition: str


@dataclass(frozen=True)
class VoidFact:
    """What the statement with this id says counts for nothing any more."""

    statement_id: str


FactDetails = (
    StartedFact | ModuleFact | DecisionFact | ScenarioFact | AnswerFact | AttemptFact | CompletedFact | VoidFact
)


@dataclass(frozen=True)
class StatementFact:
    """A fact with what every statement says: its id, who, when, and in which enrolment (`course` is initial, refresher or
    update)."""

    statement_id: str
    person_id: int
    at: datetime
    enrolment_id: int
    course: str
    details: FactDetails
