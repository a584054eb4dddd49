"""What can go wrong when a platform launches the course, in words for the learner and for administrators."""

from __future__ import annotations

from enum import StrEnum

from course.translation import lazy_gettext as _


class LaunchProblem(StrEnum):
    """Why a launch does not succeed. The value stands in the audit log."""

    INCOMPLETE = "incomplete address"
    NO_ACCOUNT = "no account in the actor"
    NOT_ALLOWED = "platform not allowed"
    UNREACHABLE = "platform not reached"
    USED = "used before"
    NO_TOKEN = "no token"  # noqa: S105 (a word of the log)
    NO_LAUNCH_DATA = "no launch data"
    NOT_ACCEPTED = "first statement not accepted"
    NOT_KNOWN = "not known"
    LEFT = "left"
    STAFF = "sees data of others"


class LaunchError(Exception):
    """A launch that does not succeed. `detail` is for administrators: what exactly was seen."""

    def __init__(self, problem: LaunchProblem, detail: str = "") -> None:
        super().__init__(f"{problem}: {detail}" if detail else str(problem))
        self.problem, self.detail = problem, detail


def problem_words(problem: LaunchProblem, name: str) -> tuple[str, str]:
    """What happened and what to do, for the learner; `name` is that of the platform."""
    again = _("Go back to %(name)s and open the course there again.", name=name)
    administrator = _("Tell the person who looks after %(name)s or this course.", name=name)
    match problem:
        case LaunchProblem.USED:
            return _("This link has been used before. Each one opens the course once."), again
        case LaunchProblem.NOT_ALLOWED:
            return _("This course does not accept launches from that learning platform."), administrator
        case LaunchProblem.NO_ACCOUNT:
            return _("%(name)s did not say which account you have there.", name=name), administrator
        case LaunchProblem.UNREACHABLE:
            return _("%(name)s did not answer.", name=name), again
        case LaunchProblem.NOT_ACCEPTED:
            return _("%(name)s did not accept that the course was opened for your account.", name=name), again
        case LaunchProblem.NOT_KNOWN:
            return _("There is no account for you in this course."), administrator
        case LaunchProblem.LEFT:
            return _("Your account in this course has ended."), administrator
        case LaunchProblem.STAFF:
            return (
                _("You see data of other people in this course, so %(name)s cannot sign you in.", name=name),
                _("Sign in to the course itself."),
            )
        case LaunchProblem.INCOMPLETE:
            return _("The link from the learning platform is incomplete."), again
    return _("%(name)s did not say how the course is to be opened.", name=name), again
