"""The end of a module, what learners know about themselves, and the sentence that is mailed back to its writer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from course.learning.rules.progress import CourseProgress, ModuleProgress
from course.mail.rules import MailMessage
from course.translation import lazy_gettext as _

MAX_INTENTION_LENGTH = 300  # characters
MAIL_INTENTION_AFTER = timedelta(days=14)
# How long the link in the mail works.
REPLY_LINK_VALIDITY = timedelta(days=90)
# The replies to the question whether it came up, in the order in which they are offered.
REPLIES: dict[str, str] = {
    "did": _("Yes, and I did it"),
    "missed": _("Yes, but I did not do it"),
    "not-yet": _("Not yet"),
}
# With fewer answers a percentage would say more than is known.
MIN_SURE_ANSWERS = 10
SURE = "sure"


@dataclass(frozen=True)
class SureAndRight:
    """How many answers were right and not, by whether the person said that they were sure."""

    sure_right: int
    sure_wrong: int
    unsure_right: int
    unsure_wrong: int

    @property
    def total(self) -> int:
        return self.sure_right + self.sure_wrong + self.unsure_right + self.unsure_wrong

    @property
    def sure(self) -> int:
        """How many answers the person was sure of."""
        return self.sure_right + self.sure_wrong

    @property
    def percent_right_when_sure(self) -> int | None:
        """The share of right answers among the sure ones, in per cent; None with fewer than MIN_SURE_ANSWERS of them."""
        return round(100 * self.sure_right / self.sure) if self.sure >= MIN_SURE_ANSWERS else None


def sure_and_right(answers: Iterable[tuple[str | None, bool]]) -> SureAndRight:
    """Count answers, each as (confidence, right). An answer without a confidence, such as to a timeline, is left out."""
    counts = {(True, True): 0, (True, False): 0, (False, True): 0, (False, False): 0}
    for confidence, right in answers:
        if confidence is not None:
            counts[confidence == SURE, right] += 1
    return SureAndRight(counts[True, True], counts[True, False], counts[False, True], counts[False, False])


def next_module(progress: CourseProgress, module_id: str) -> ModuleProgress | None:
    """The module to go on with after this one: the next that is not done, in the order of the course and then from its
    beginning. None if all others are done."""
    ids = [module.module.id for module in progress.modules]
    position = ids.index(module_id) if module_id in ids else -1
    candidates = (*progress.modules[position + 1 :], *progress.modules[:position])
    return next((module for module in candidates if not module.done and module.module.id != module_id), None)


def minutes_saved(module: ModuleProgress, step_minutes: Mapping[tuple[str, str], float]) -> float:
    """The minutes of reading that the check of a module has saved: those of the pages that it ticked off."""
    return sum(step_minutes[module.module.id, step.id] for step in module.steps if step.state == "skipped")


def clean_intention(typed: str) -> str:
    """The sentence as it is kept: on one line, without spaces around it. Empty if nothing was written."""
    return " ".join(typed.split())


def mailed_microsecond(mailed_at: datetime) -> int:
    """The moment of a mail as its link has it: whole microseconds since 1970."""
    return (mailed_at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@dataclass(frozen=True)
class IntentionMessage(MailMessage):
    """Sends `name` the sentence that they wrote, and asks whether it came up; `token` is that of an IntentionLink."""

    template = "intention"
    label = _("Did it come up?")
    name: str
    organisation: str
    module: str
    intention: str
    token: str


@dataclass(frozen=True)
class PassedMessage(MailMessage):
    """Tells `name`, a manager of `learner`, that the learner has passed; `number` is that of the certificate."""

    template = "passed"
    label = _("A person in your team has passed the course")
    name: str
    learner: str
    organisation: str
    completed_on: date
    valid_until: date
    number: str
