"""What becomes of the questions of a file in one module of the course: ready, to be finished by an author, or there already."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from course.content.quality import item_writing_flaw
from course.content.rendering import InlineText, Prose
from course.content.schema import LearningPoint, Module, Question
from course.content.validation import question_mistakes
from course.question_exchange.rules.file_reading import ReadFile
from course.question_exchange.rules.incoming import DraftQuestion, RefusedQuestion
from course.translation import lazy_gettext as _


@dataclass(frozen=True)
class ShownOption:
    """An option as it would be shown, whether it is finished or not. `place` is its right place, or its group."""

    text: InlineText
    reason: InlineText
    is_right: bool
    place: str
    does: str


State = Literal["ready", "draft", "present"]
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


@dataclass(frozen=True)
class ImportTarget:
    """Where questions go: a module, the points of those that name none, and what the course has already."""

    module: Module
    default_points: tuple[str, ...]
    points: Mapping[str, LearningPoint]
    present: Mapping[str, Question]
    taken: Collection[str]


@dataclass(frozen=True)
class PlannedQuestion:
    """A question as it would stand in the course. `question` is None while something is left `todo`."""

    line: int
    name: str
    kind: str
    category: str
    state: State
    data: dict[str, Any]
    question: Question | None
    todo: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def stem(self) -> InlineText:
        return InlineText(self.data.get("stem", ""))

    @property
    def intro(self) -> Prose | None:
        return Prose(self.data["intro"]) if self.data.get("intro") else None

    @property
    def options(self) -> list[ShownOption]:
        is_order = self.data["form"] == "order"
        return [
            ShownOption(InlineText(option.get("text", "")), InlineText(option.get("reason", "")), bool(option.get("correct")),
                        str(number) if is_order else option.get("group", ""), option.get("does", ""))
            for number, option in enumerate(self.data["options"], 1)
        ]  # fmt: skip


@dataclass(frozen=True)
class QuestionPlan:
    """All questions of a file, in its order: those that can be taken, and those that cannot."""

    questions: tuple[PlannedQuestion, ...]
    refused: tuple[RefusedQuestion, ...]

    def in_state(self, state: State) -> list[PlannedQuestion]:
        return [question for question in self.questions if question.state == state]


def plan_import(file: ReadFile, target: ImportTarget) -> QuestionPlan:
    """What becomes of each question of the file."""
    taken = set(target.taken)
    planned = []
    for draft in file.questions:
        if isinstance(draft, DraftQuestion):
            one = _plan(draft, target, taken)
            taken.add(one.data["id"])
            planned.append(one)
    refused = tuple(one for one in file.questions if isinstance(one, RefusedQuestion))
    return QuestionPlan(tuple(planned), refused)


def _plan(draft: DraftQuestion, target: ImportTarget, taken: Collection[str]) -> PlannedQuestion:
    notes, todo = list(draft.notes), list(draft.todo)
    points = _points(draft, target, notes, todo)
    data: dict[str, Any] = {"id": "", **draft.data, "points": points}
    before = target.present.get(draft.number)
    if before is not None and not todo and _is_same(data | {"id": draft.number}, before):
        words = (_("The course has this question already, in the same words."),)
        return PlannedQuestion(draft.line, draft.name, draft.kind, draft.category, "present",
                               data | {"id": draft.number}, before, (), words)  # fmt: skip
    data["id"] = _free_id(draft, taken)
    if before is not None or (_ID.fullmatch(draft.number) and data["id"] != draft.number):
        notes.append(_("The id “%(id)s” is taken, so this one is “%(other)s”.", id=draft.number, other=data["id"]))
    question = None
    if not todo:
        question, todo = _checked(data, target)
    return PlannedQuestion(draft.line, draft.name, draft.kind, draft.category, "draft" if todo else "ready",
                           data, None if todo else question, tuple(todo), tuple(notes))  # fmt: skip


def _points(draft: DraftQuestion, target: ImportTarget, notes: list[str], todo: list[str]) -> list[str]:
    """The learning points that the file names by id or title; otherwise those that were chosen for all."""
    by_name = {point.title.casefold(): point.id for point in target.points.values()} | {
        id_: id_ for id_ in target.points
    }
    named = [*draft.data.get("points", ()), *draft.tags]
    points = list(dict.fromkeys(by_name[name.casefold()] for name in named if name.casefold() in by_name))
    unknown = [name for name in named if name.casefold() not in by_name]
    if unknown:
        notes.append(_("Tags that the course does not know were left out: %(tags)s.", tags=", ".join(unknown)[:300]))
    if not points:
        points = list(target.default_points)
        if points:
            notes.append(_("It names no learning point. It has the one that was chosen for all."))
        else:
            todo.append(_("Name a learning point of the module."))
    elif not set(points) & set(target.module.points):
        todo.append(
            _("Its learning points belong to other modules. Put it into one of them, or name a point of this one.")
        )
    return points


def _is_same(data: Mapping[str, Any], before: Question) -> bool:
    try:
        return Question.model_validate(data).model_dump() == before.model_dump()
    except ValidationError:
        return False


def _free_id(draft: DraftQuestion, taken: Collection[str]) -> str:
    """The number of the question in the other system if it can be an id, otherwise an id from its name, that is not taken."""
    base = draft.number if _ID.fullmatch(draft.number) else _slug(draft.name) or "imported"
    candidates = (base if n == 1 else f"{base[:55].rstrip('-')}-{n}" for n in range(1, len(taken) + 2))
    return next(candidate for candidate in candidates if candidate not in taken)


def _slug(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:50].strip("-")


def _checked(data: Mapping[str, Any], target: ImportTarget) -> tuple[Question | None, list[str]]:
    """The question, and what `flask content check` would say against it."""
    try:
        question = Question.model_validate(data)
    except ValidationError as error:
        return None, [_mistake(one) for one in error.errors(include_url=False)]
    flaw = item_writing_flaw(question)
    return question, [*question_mistakes(target.points.values(), question), *([flaw] if flaw else [])]


def _mistake(mistake: Mapping[str, Any]) -> str:
    where: Sequence[Any] = mistake["loc"]
    name = " → ".join(str(part + 1) if isinstance(part, int) else str(part) for part in where)
    return f"{name}: {mistake['msg']}"


def taken_ids(modules: Iterable[Module]) -> set[str]:
    """The ids that questions and timelines of the course have."""
    found: set[str] = set()
    for module in modules:
        found |= {question.id for question in module.questions} | set(module.timelines)
        found |= {question.id for page in module.pages.values() for question in page.questions}
    return found
