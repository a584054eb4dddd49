"""The statements of this course by xAPI 1.0.3, as docs/cmi5-and-xapi.md describes them (schema: course/xapi/statement.schema.json).

Neither the words of a question nor which options were chosen are in a statement: who reads the store must not learn the answers.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from course.xapi.rules.facts import (
    AnswerFact,
    AttemptFact,
    CompletedFact,
    DecisionFact,
    ModuleFact,
    ScenarioFact,
    StartedFact,
    StatementFact,
    VoidFact,
)

_ADL_VERBS = "http://adlnet.gov/expapi/verbs/"
_ADL_TYPES = "http://adlnet.gov/expapi/activities/"
_LANGUAGE = "en-GB"
_COURSES = {"initial": "course", "refresher": "refresher", "update": "update"}
ContentTitles = Mapping[str, str]  # by "course", module id, or module/scenario


@dataclass(frozen=True)
class StatementContext:
    """What does not depend on the fact: `base` is the address of this course, under which all its activities are; `actors` are
    the agents (xAPI) by the id of the person."""

    base: str
    titles: ContentTitles
    actors: Mapping[int, Mapping[str, Any]]


@dataclass(frozen=True)
class _Body:
    """The parts of a statement that depend on its kind. `parent` is the activity to which the object belongs."""

    verb: str
    object: dict[str, Any]
    parent: dict[str, Any] | None
    result: dict[str, Any] | None


def statement_id(namespace: UUID, kind: str, fact: str, moment: datetime | None = None) -> str:
    """The id of the statement about a fact: the same at each try, so that a store takes it once. SQLite gives the number of an
    erased row again, and so does a restored backup, so the moment of a fact tells them apart; None for what earlier releases
    noted, and for what names a statement."""
    when = "" if moment is None else f":{moment.astimezone(UTC).isoformat(timespec='microseconds')}"
    return str(uuid5(namespace, f"{kind}:{fact}{when}"))


def account_name(namespace: UUID, person_id: int) -> str:
    """The opaque name of somebody's account: 32 hexadecimal digits that lead back to nobody without the database."""
    return hmac.new(namespace.bytes, f"person:{person_id}".encode(), hashlib.sha256).hexdigest()[:32]


def iso_moment(at: datetime) -> str:
    """A moment as statements have it: in UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def build_statement(fact: StatementFact, known: StatementContext) -> dict[str, Any]:
    """The statement about a fact. Raises KeyError if its person is not among the actors."""
    course = _course(fact.course, known)
    body = _body(fact, known, course)
    activities: dict[str, Any] = {"category": [{"id": f"{known.base}/xapi/profile", "definition": {
        "type": "http://adlnet.gov/expapi/activities/profile"}}]}  # fmt: skip
    if body.parent is not None:
        activities["parent"] = [body.parent]
    if body.object.get("id") != course["id"]:
        activities["grouping"] = [course]
    statement: dict[str, Any] = {
        "id": fact.statement_id,
        "actor": dict(known.actors[fact.person_id]),
        "verb": {"id": f"{_ADL_VERBS}{body.verb}", "display": {"en": body.verb}},
        "object": body.object,
        "timestamp": iso_moment(fact.at),
        "context": {
            "platform": "Online abuse course",
            "contextActivities": activities,
            "extensions": {f"{known.base}/xapi/extensions/enrolment": fact.enrolment_id},
        },
    }
    if body.result is not None:
        statement["result"] = body.result
    return statement


def _body(fact: StatementFact, known: StatementContext, course: dict[str, Any]) -> _Body:
    match fact.details:
        case StartedFact():
            return _Body("initialized", course, None, None)
        case CompletedFact(edition):
            done = {"completion": True, "extensions": {f"{known.base}/xapi/extensions/edition": edition}}
            return _Body("completed", course, None, done)
        case ModuleFact(module_id):
            return _Body("completed", _module(module_id, known), course, {"completion": True})
        case DecisionFact():
            return _decision(fact.details, known)
        case ScenarioFact(ref, _, ending, outcome):
            extensions = {
                f"{known.base}/xapi/extensions/ending": ending,
                f"{known.base}/xapi/extensions/outcome": outcome,
            }
            result = {"completion": True, "extensions": extensions}
            return _Body("completed", _scenario(ref, known), _module(ref.partition("/")[0], known), result)
        case AnswerFact():
            return _answer(fact.details, known, course)
        case VoidFact(mark):
            return _Body("voided", {"objectType": "StatementRef", "id": mark}, None, None)
        case AttemptFact():
            return _attempt(fact.details, known, course)


def _decision(fact: DecisionFact, known: StatementContext) -> _Body:
    module, _, scenario = fact.ref.partition("/")
    scene = _activity(
        known, f"modules/{module}/scenarios/{scenario}/scenes/{fact.scene_id}", "interaction", "", fact.version
    )
    step = {f"{known.base}/xapi/extensions/step": fact.step}
    return _Body(
        "responded", scene, _scenario(fact.ref, known), {"response": fact.choice_id, "extensions": step}
    )  # fmt: skip


def _answer(fact: AnswerFact, known: StatementContext, course: dict[str, Any]) -> _Body:
    extensions = {f"{known.base}/xapi/extensions/learning-point": fact.point}
    if fact.confidence is not None:
        extensions[f"{known.base}/xapi/extensions/confidence"] = fact.confidence
    question = _activity(known, f"questions/{fact.question_id}", "question", "", fact.version)
    result = {"success": fact.correct, "extensions": extensions}
    return _Body("answered", question, _assessment(fact.kind, fact.ref, known) or course, result)


def _attempt(fact: AttemptFact, known: StatementContext, course: dict[str, Any]) -> _Body:
    scaled = round(fact.points_right / fact.points_asked, 4) if fact.points_asked else 0.0
    result = {
        "success": fact.passed,
        "score": {"scaled": scaled, "raw": fact.points_right, "min": 0, "max": fact.points_asked},
        "extensions": {
            f"{known.base}/xapi/extensions/pass-mark": fact.pass_mark,
            f"{known.base}/xapi/extensions/attempt": fact.number,
        },
    }
    module = fact.ref.partition("/")[0]
    parent = _module(module, known) if fact.kind in ("check", "timeline") else course
    verb = "passed" if fact.passed else "failed"
    return _Body(verb, _assessment(fact.kind, fact.ref, known) or course, parent, result)


def _assessment(kind: str, ref: str, known: StatementContext) -> dict[str, Any] | None:
    """The activity of a set of questions; None for a booster, which is no assessment."""
    module, _, timeline = ref.partition("/")
    paths = {
        "check": (f"modules/{module}/check", "Check"),
        "timeline": (f"modules/{module}/timelines/{timeline}", "Timeline"),
        "final": ("final-assessment", "Final assessment"),
        "refresher": ("refresher/questions", "Refresher questions"),
        "update": ("update/questions", "Update questions"),
    }
    if kind not in paths:
        return None
    path, name = paths[kind]
    return _activity(known, path, "assessment", name)


def _course(kind: str, known: StatementContext) -> dict[str, Any]:
    path = _COURSES[kind]
    title = known.titles.get("course", "")
    return _activity(known, path, "course", title if kind == "initial" or not title else f"{title}: {path}")


def _module(module_id: str, known: StatementContext) -> dict[str, Any]:
    return _activity(known, f"modules/{module_id}", "module", known.titles.get(module_id, ""))


def _scenario(ref: str, known: StatementContext) -> dict[str, Any]:
    module, _, scenario = ref.partition("/")
    return _activity(known, f"modules/{module}/scenarios/{scenario}", "simulation", known.titles.get(ref, ""))


def _activity(known: StatementContext, path: str, kind: str, name: str = "", version: str = "") -> dict[str, Any]:
    definition: dict[str, Any] = {"type": f"{_ADL_TYPES}{kind}"}
    if name:
        definition["name"] = {_LANGUAGE: name}
    if version:
        definition["extensions"] = {f"{known.base}/xapi/extensions/content-version": version}
    return {"objectType": "Activity", "id": f"{known.base}/xapi/activities/{path}", "definition": definition}
