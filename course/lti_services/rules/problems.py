"""Why a score did not arrive, in words; and when it is sent again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from course.lti.rules.problems import LtiProblem
from course.translation import lazy_gettext as _

CLAIM_DURATION = timedelta(minutes=2)  # longer than all requests of one score may take together
STORED_LATER = timedelta(minutes=2)  # a fact is stored at most so long after the moment that it carries
# After the last of these a score is given up, about three days after it was first tried.
RETRY_DELAYS = (
    timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6),
    timedelta(hours=24), timedelta(hours=24), timedelta(hours=24),
)  # fmt: skip
MAX_DELAY = timedelta(hours=24)


class GradeProblem(StrEnum):
    """Why a score did not arrive. The value stands in the row."""

    UNREACHABLE = "unreachable"
    SERVER = "server error"
    BUSY = "busy"
    OTHER_MAKES_COLUMN = "column being made"
    OLDER = "older"
    TOKEN_REFUSED = "token refused"  # noqa: S105 (the name of a problem)
    NOT_SIGNED_IN = "not signed in"
    FORBIDDEN = "forbidden"
    GONE = "gone"
    REFUSED = "refused"
    KEY_LOCKED = "key locked"
    UNREADABLE = "unreadable"
    NO_COLUMN = "no column"


# What is tried again by itself. The others need somebody: they wait until the next step of the person, or until it is asked for.
_TRIED_AGAIN = frozenset({
    GradeProblem.UNREACHABLE, GradeProblem.SERVER, GradeProblem.BUSY, GradeProblem.OTHER_MAKES_COLUMN, GradeProblem.OLDER,
    GradeProblem.UNREADABLE,
})  # fmt: skip
GRADE_PROBLEM_WORDS: dict[GradeProblem, str] = {
    GradeProblem.UNREACHABLE: _("The platform did not answer."),
    GradeProblem.SERVER: _("The platform had an error of its own."),
    GradeProblem.BUSY: _("The platform asked to wait."),
    GradeProblem.OTHER_MAKES_COLUMN: _("The column for this link is being made."),
    GradeProblem.OLDER: _("The platform has a newer score. The clock of one of the two servers may be wrong."),
    GradeProblem.TOKEN_REFUSED: _(
        "The platform no longer lets this course send grades. Allow it there (in Moodle: “IMS LTI Assignment and Grade "
        "Services” of the tool), then send the grades again."
    ),
    GradeProblem.NOT_SIGNED_IN: _("The platform refused the sign-in of this course twice. Test the connection."),
    GradeProblem.FORBIDDEN: _(
        "The platform does not take a grade for this person in this link. They may not be a learner there any more."
    ),
    GradeProblem.GONE: _("The link or its column in the gradebook is gone. Open the course from a new link there."),
    GradeProblem.REFUSED: _("The platform refused the score."),
    GradeProblem.KEY_LOCKED: _(
        "The key of this course for the platform cannot be read with this SECRET_KEY. Replace the key."
    ),
    GradeProblem.UNREADABLE: _("The platform sent an answer that cannot be read."),
    GradeProblem.NO_COLUMN: _("The platform gives no column for this link, and does not let this course make one."),
}


class GradeError(Exception):
    """A score did not arrive. `detail` is what exactly was seen, for administrators; `wait` is how long the platform asks to be
    left alone."""

    def __init__(self, problem: GradeProblem, detail: str = "", wait: timedelta | None = None) -> None:
        super().__init__(f"{problem}: {detail}")
        self.problem, self.detail, self.wait = problem, detail, wait


@dataclass(frozen=True)
class Retry:
    """When a score is tried next (None: not by itself), and how many tries that makes."""

    at: datetime | None
    tries: int


def next_try(problem: GradeProblem, tries: int, now: datetime, wait: timedelta | None = None) -> Retry:
    """What follows a try, the `tries`-th in a row, that failed at `now`."""
    if problem is GradeProblem.OTHER_MAKES_COLUMN:
        return Retry(now + timedelta(seconds=5), max(0, tries - 1))  # nothing was asked, so it does not count
    if problem not in _TRIED_AGAIN or tries > len(RETRY_DELAYS):
        return Retry(None, tries)
    return Retry(now + min(MAX_DELAY, max(wait or timedelta(), RETRY_DELAYS[tries - 1])), tries)


def status_problem(status: int) -> GradeProblem | None:
    """What the status of an answer to a score means; None if the score arrived."""
    if 200 <= status < 300:
        return None
    known = {401: GradeProblem.NOT_SIGNED_IN, 403: GradeProblem.FORBIDDEN, 404: GradeProblem.GONE, 410: GradeProblem.GONE,
             409: GradeProblem.OLDER, 429: GradeProblem.BUSY, 503: GradeProblem.BUSY}  # fmt: skip
    return known.get(status) or (GradeProblem.SERVER if status >= 500 else GradeProblem.REFUSED)


def lti_problem(problem: LtiProblem) -> GradeProblem:
    """The problem with a score, from that with a request to the platform."""
    known = {LtiProblem.TOKEN_REFUSED: GradeProblem.TOKEN_REFUSED, LtiProblem.KEY_LOCKED: GradeProblem.KEY_LOCKED,
             LtiProblem.NOT_JSON: GradeProblem.UNREADABLE}  # fmt: skip
    return known.get(problem, GradeProblem.UNREACHABLE)
