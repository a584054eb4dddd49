"""The statements of a session by cmi5, sections 9.3 to 9.7: which may be sent, and what each looks like."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid5

from course.cmi5.rules.launch import LaunchMode
from course.xapi.rules import iso_moment

Verb = Literal["initialized", "completed", "passed", "failed", "terminated"]
INITIALIZED: Verb = "initialized"
COMPLETED: Verb = "completed"
PASSED: Verb = "passed"
FAILED: Verb = "failed"
TERMINATED: Verb = "terminated"
CMI5_CATEGORY = "https://w3id.org/xapi/cmi5/context/categories/cmi5"
MOVE_ON_CATEGORY = "https://w3id.org/xapi/cmi5/context/categories/moveon"
MASTERY_EXTENSION = "https://w3id.org/xapi/cmi5/context/extensions/masteryscore"
_VERBS = "http://adlnet.gov/expapi/verbs/"
_NAMESPACE = UUID("7b0d0e0c-6c0b-5b58-9d43-0f5f8b7f5a10")  # of the ids of these statements; never changed
_ONCE_A_REGISTRATION = (COMPLETED, PASSED)


@dataclass(frozen=True)
class SessionScore:
    """Points that were right, of those that were asked."""

    right: int
    asked: int

    @property
    def scaled(self) -> float:
        return round(self.right / self.asked, 4) if self.asked else 0.0


@dataclass(frozen=True)
class SessionFacts:
    """What every statement of a session says."""

    endpoint: str
    registration: str
    session: str
    activity_id: str
    actor: Mapping[str, Any]
    context: Mapping[str, Any]
    mode: LaunchMode
    mastery_score: float | None


@dataclass(frozen=True)
class SessionStatement:
    """A statement to be sent: when it became true, the time that it took (for `initialized` none), and the score, if any."""

    verb: Verb
    at: datetime
    duration: timedelta | None
    score: SessionScore | None = None


def statement_mark(facts: SessionFacts, verb: Verb) -> str:
    """The id of a statement. Completed and passed have one for each registration, the others for each session: so the
    database, and the platform, take each of them once (section 9.3)."""
    within = "" if verb in _ONCE_A_REGISTRATION else facts.session
    return str(uuid5(_NAMESPACE, "\n".join((facts.endpoint, facts.registration, facts.activity_id, within, verb))))


def may_send(mode: LaunchMode, verb: Verb) -> bool:
    """Whether a statement may be sent in a session of that mode: in Browse and Review only that it began and ended."""
    return mode == "Normal" or verb in (INITIALIZED, TERMINATED)


def judgement(
    passed: bool, score: SessionScore | None, mastery_score: float | None
) -> tuple[Verb, SessionScore | None]:
    """Whether an assessment counts as passed at the platform, and the score to send.

    The course asks for more than a score: everything that is critical for safety has to be right. The platform may ask for a
    higher score. A score that would contradict the verb (sections 9.3.4 and 9.3.5) is left out."""
    enough = score is None or mastery_score is None or score.scaled >= mastery_score
    if passed and enough:
        return PASSED, score
    contradicts = score is not None and mastery_score is not None and score.scaled >= mastery_score
    return FAILED, None if contradicts else score


def iso_duration(span: timedelta) -> str:
    """A time span by ISO 8601, to the second."""
    minutes, seconds = divmod(max(0, int(span.total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    parts = "".join(f"{number}{unit}" for number, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if number)
    return f"PT{parts or '0S'}"


def build_session_statement(facts: SessionFacts, sent: SessionStatement) -> dict[str, Any]:
    """The statement by xAPI 1.0.3. The context is the template of the platform with what cmi5 asks for added to it."""
    result: dict[str, Any] = {}
    if sent.verb in (PASSED, FAILED):
        result["success"] = sent.verb == PASSED
        if sent.score is not None:
            result["score"] = {
                "scaled": sent.score.scaled, "raw": sent.score.right, "min": 0, "max": sent.score.asked,
            }  # fmt: skip
    if sent.verb == COMPLETED:
        result["completion"] = True
    if sent.duration is not None:
        result["duration"] = iso_duration(sent.duration)
    statement: dict[str, Any] = {
        "id": statement_mark(facts, sent.verb),
        "actor": copy.deepcopy(dict(facts.actor)),
        "verb": {"id": f"{_VERBS}{sent.verb}", "display": {"en": sent.verb}},
        "object": {"objectType": "Activity", "id": facts.activity_id},
        "context": _context(facts, sent.verb),
        "timestamp": iso_moment(sent.at),
    }
    return statement | ({"result": result} if result else {})


def _context(facts: SessionFacts, verb: Verb) -> dict[str, Any]:
    context = copy.deepcopy(dict(facts.context))
    context["registration"] = facts.registration
    activities = context.setdefault("contextActivities", {})
    given = activities.get("category", [])
    categories = list(given) if isinstance(given, list) else [given]
    wanted = [CMI5_CATEGORY, *([MOVE_ON_CATEGORY] if verb in (COMPLETED, PASSED, FAILED) else [])]
    known = {one.get("id") for one in categories if isinstance(one, dict)}
    activities["category"] = [*categories, *({"id": one} for one in wanted if one not in known)]
    if facts.mastery_score is not None and verb in (PASSED, FAILED):
        context.setdefault("extensions", {})[MASTERY_EXTENSION] = facts.mastery_score
    return context
