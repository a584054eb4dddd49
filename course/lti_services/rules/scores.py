"""What a platform is told of a person's progress: a percentage and how far they are (LTI-AGS 2.0), never an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote

from course.learning.rules.progress import CourseProgress, ModuleProgress

SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/"
SCORE_SCOPE, ITEM_SCOPE = f"{SCOPE}score", f"{SCOPE}lineitem"
SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
ITEM_TYPE = "application/vnd.ims.lis.v2.lineitem+json"
ITEMS_TYPE = "application/vnd.ims.lis.v2.lineitemcontainer+json"
MAXIMUM = 100
# In the order in which they are reached. "Submitted": the final assessment was taken, and may be taken again.
Activity = Literal["Initialized", "InProgress", "Submitted", "Completed"]
ACTIVITIES: tuple[Activity, ...] = ("Initialized", "InProgress", "Submitted", "Completed")


@dataclass(frozen=True)
class Score:
    """How far a person is with what a link opens. `round_number` is the refresher that it is about; 0 for the course and its
    modules, which have one round."""

    percent: int
    activity: Activity
    round_number: int = 0


@dataclass(frozen=True)
class RefresherResult:
    """The newest refresher of a person: its number, how many of its parts there are and are done, and whether it is completed."""

    number: int
    parts: int
    done: int
    completed: bool


def course_score(progress: CourseProgress, final_taken: bool) -> Score:
    """The score of a link to the whole course: the share of all steps, of which the final assessment is one. Only a recorded
    completion is 100."""
    if progress.completed_at is not None:
        return Score(MAXIMUM, "Completed")
    steps = [step.done for module in progress.modules for step in module.steps] + [progress.final_passed]
    percent = min(MAXIMUM - 1, _percent(sum(steps), len(steps)))
    if final_taken and not progress.final_passed:
        return Score(percent, "Submitted")
    return Score(percent, "InProgress" if any(steps) else "Initialized")


def module_score(progress: ModuleProgress) -> Score:
    """The score of a link to one module: the share of its steps, of which the check is one."""
    if progress.done:
        return Score(MAXIMUM, "Completed")
    percent = min(MAXIMUM - 1, _percent(sum(step.done for step in progress.steps), len(progress.steps)))
    return Score(percent, "InProgress" if progress.started else "Initialized")


def refresher_score(result: RefresherResult | None) -> Score:
    """The score of a link to the refresher: of the newest one of the person; nothing yet if there is none."""
    if result is None:
        return Score(0, "Initialized")
    if result.completed:
        return Score(MAXIMUM, "Completed", result.number)
    percent = min(MAXIMUM - 1, _percent(result.done, result.parts))
    return Score(percent, "InProgress" if result.done else "Initialized", result.number)


def _percent(done: int, of: int) -> int:
    return MAXIMUM * done // of if of else 0


def is_news(score: Score, sent: Score | None, corrects: bool = False) -> bool:
    """Whether a score is to be sent after the one that was sent last. It never goes down within a round: what somebody has
    reached is not taken from them by a change of the content, a second enrolment, or the erasure of old details. Only what was
    recorded wrongly and made void takes it back (`corrects`)."""
    if sent is None or score.round_number > sent.round_number:
        return True
    if score.round_number < sent.round_number:
        return False
    if corrects:
        return score != sent
    rank = ACTIVITIES.index
    return (score.percent, rank(score.activity)) > (sent.percent, rank(sent.activity)) and score.percent >= sent.percent


def score_body(score: Score, subject: str, at: datetime) -> dict[str, Any]:
    """The score as it is sent. Without a step there is no grade yet, so that a gradebook does not show 0."""
    body: dict[str, Any] = {
        "userId": subject, "timestamp": timestamp_text(at), "activityProgress": score.activity,
        "gradingProgress": "NotReady" if score.activity == "Initialized" else "FullyGraded",
    }  # fmt: skip
    if score.activity != "Initialized":
        body |= {"scoreGiven": score.percent, "scoreMaximum": MAXIMUM}
    return body


def next_timestamp(now: datetime, last: datetime | None) -> datetime:
    """The moment that a score carries: a platform takes it only if it is later than that of the score before."""
    return now if last is None or now >= last + timedelta(milliseconds=1) else last + timedelta(milliseconds=1)


def timestamp_text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def scores_address(line_item: str) -> str:
    """Where scores of a column are posted: below its address, before its query (LTI-AGS 2.0, section 3.4.1)."""
    path, mark, query = line_item.partition("?")
    above, _slash, last = path.rpartition("/")
    return f"{path if last else above}/scores{mark}{query}"


def item_search_address(line_items: str, resource_link: str) -> str:
    """Where the columns of one link are listed."""
    return f"{line_items}{'&' if '?' in line_items else '?'}resource_link_id={quote(resource_link, safe='')}"


def new_item_body(resource_link: str, label: str, opens: str) -> Mapping[str, Any]:
    """A column for a link, as the platform is asked to make it."""
    return {
        "scoreMaximum": MAXIMUM, "label": label or "Online abuse", "resourceId": opens, "tag": "progress",
        "resourceLinkId": resource_link,
    }  # fmt: skip


def can_be_graded(line_item: str, line_items: str, scopes: tuple[str, ...]) -> bool:
    """Whether a platform takes scores of a link: it gave a column, or lets the course make one."""
    return SCORE_SCOPE in scopes and (bool(line_item) or (bool(line_items) and ITEM_SCOPE in scopes))
