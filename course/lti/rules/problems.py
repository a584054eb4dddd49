"""What can go wrong between the course and a learning platform, in words for the person and for administrators."""

from __future__ import annotations

from enum import StrEnum

from course.translation import lazy_gettext as _


class LtiProblem(StrEnum):
    """Why a launch, or a request to a platform, does not succeed. The value stands in the audit log."""

    # Between the course and the platform.
    UNREACHABLE = "unreachable"
    NOT_JSON = "not JSON"
    NO_KEYS = "no keys"
    KEY_LOCKED = "own key cannot be read"
    TOKEN_REFUSED = "token refused"  # noqa: S105 (the name of a problem)
    # In what the browser brings.
    REGISTRATION = "unknown registration"
    OFF = "registration is off"
    REQUEST = "incomplete request"
    STATE = "unknown state"
    OTHER_BROWSER = "another browser"
    USED = "used before"
    TICKET = "ticket"
    REFUSED_THERE = "refused at the platform"
    SIGNATURE = "signature"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    AUTHORISED_PARTY = "authorised party"
    EXPIRED = "expired"
    TOO_EARLY = "issued in the future"
    NONCE = "nonce"
    SUBJECT = "subject"
    DEPLOYMENT = "unknown deployment"
    VERSION = "version"
    MESSAGE = "message type"
    LINK = "resource link"
    TARGET = "unknown target"
    NATION = "no team of that nation"
    NOTHING_TO_CHOOSE = "takes no link"
    # About the person.
    LEFT = "left"
    NOT_KNOWN = "not known"
    ADDRESS_OF_ANOTHER = "address of another person"
    UNLINKED = "unlinked by an administrator"
    LINKING = "unknown linking"
    LINKED_TO_ANOTHER = "linked to another person"
    OTHER_ACCOUNT = "another account is linked"
    # With registering.
    INVITATION = "unknown invitation"
    CONFIGURATION = "configuration"
    REGISTRATION_REFUSED = "registration refused"


class LtiError(Exception):
    """A launch or a request that does not succeed. `detail` is for administrators: what exactly was seen. `status` is that of
    the platform's answer, if there was one."""

    def __init__(self, problem: LtiProblem, detail: str = "", status: int | None = None) -> None:
        super().__init__(f"{problem}: {detail}" if detail else str(problem))
        self.problem = problem
        self.detail = detail
        self.status = status


_AGAIN = _("Go back to %(name)s and open the course there again.")
_TELL = _("Tell the people who look after %(name)s, or an administrator of this course.")
_CLOCK = _("Try again. If that fails too, the clock of one of the two servers is wrong: tell an administrator.")
_P = LtiProblem
# For each problem: what happened, and what can be done. `name` is the name of the platform.
PROBLEM_WORDS: dict[LtiProblem, tuple[str, str]] = {
    _P.UNREACHABLE: (
        _("%(name)s does not answer at the moment."),
        _("Wait a few minutes, then open the course again."),
    ),
    _P.NOT_JSON: (_("%(name)s sent an answer that cannot be read."), _TELL),
    _P.NO_KEYS: (_("%(name)s publishes no key with which its signature could be checked."), _TELL),
    _P.KEY_LOCKED: (
        _("The key of this course for %(name)s cannot be read with the SECRET_KEY of this server."),
        _("Tell an administrator of this course, who can replace the key."),
    ),
    _P.TOKEN_REFUSED: (_("%(name)s does not let this course sign in there."), _TELL),
    _P.REGISTRATION: (
        _("This course does not know the platform that sent you here."),
        _("Tell an administrator of this course. They can register the platform under “Learning platforms”."),
    ),
    _P.OFF: (
        _("Opening the course from %(name)s is switched off."),
        _("Ask an administrator of this course. They can switch it on under “Learning platforms”."),
    ),
    _P.REQUEST: (
        _("%(name)s did not send everything that is needed to open the course."),
        _TELL,
    ),
    _P.STATE: (_("This launch was not begun here, or more than 10 minutes ago."), _AGAIN),
    _P.OTHER_BROWSER: (
        _("Your browser did not show that this launch was begun in it."),
        _("Open the course in a new window. If that fails too, allow cookies for this site."),
    ),
    _P.USED: (_("This launch has been used already."), _AGAIN),
    _P.TICKET: (
        _("This button works once, within a minute, and only in the browser that showed it."),
        _AGAIN,
    ),
    _P.REFUSED_THERE: (
        _("%(name)s did not let you open the course."),
        _("Sign in there again. Then open the course."),
    ),
    _P.SIGNATURE: (
        _("The launch was not signed by %(name)s, or was changed on its way."),
        _TELL,
    ),
    _P.ISSUER: (_("The launch came from another platform than %(name)s."), _TELL),
    _P.AUDIENCE: (_("The launch from %(name)s was meant for another tool, not for this course."), _TELL),
    _P.AUTHORISED_PARTY: (_("The launch from %(name)s was given to another tool, not to this course."), _TELL),
    _P.EXPIRED: (_("The launch from %(name)s is too old."), _CLOCK),
    _P.TOO_EARLY: (_("The launch from %(name)s comes from the future."), _CLOCK),
    _P.NONCE: (_("The launch does not answer the one that was begun in this browser."), _AGAIN),
    _P.SUBJECT: (
        _("%(name)s did not say who you are."),
        _("Sign in there with your own account. A guest cannot open the course."),
    ),
    _P.DEPLOYMENT: (
        _("The course was put into a part of %(name)s that is not registered here."),
        _("Tell an administrator of this course. They can add the deployment ID under “Learning platforms”."),
    ),
    _P.VERSION: (
        _("%(name)s uses another version of LTI. This course needs version 1.3."),
        _("Ask the people who look after %(name)s to add the course with LTI 1.3."),
    ),
    _P.MESSAGE: (
        _("%(name)s asked for something that this course cannot do."),
        _("The course can be opened and chosen from there. Ask the people who look after %(name)s to set it up so."),
    ),
    _P.LINK: (_("%(name)s did not say which link you opened."), _TELL),
    _P.TARGET: (
        _("This link asks for a part of the course, a pathway or a nation that does not exist."),
        _("Ask your teacher, or the people who look after %(name)s, to choose the content of the link again."),
    ),
    _P.NATION: (
        _("This link is for people in a nation to which no team here belongs."),
        _(
            "Ask an administrator of this course to set that nation for a team. Or choose the content of the link again."
        ),
    ),
    _P.NOTHING_TO_CHOOSE: (
        _("%(name)s does not take a link to this course in that place."),
        _("Add the course there as an external tool."),
    ),
    _P.LEFT: (
        _("Your entry in this course has ended."),
        _("If you work here again, ask an administrator of this course to record your return."),
    ),
    _P.NOT_KNOWN: (
        _("No one in this course is linked to your account at %(name)s."),
        _("Ask your manager or an administrator of this course to add you."),
    ),
    _P.ADDRESS_OF_ANOTHER: (
        _("Someone in this course already has the e-mail address of your account at %(name)s."),
        _(
            "If that is you, sign in to this course as you usually do. An administrator can let %(name)s link people by "
            "their address."
        ),
    ),
    _P.UNLINKED: (
        _("An administrator has unlinked your account at %(name)s."),
        _("Ask an administrator of this course."),
    ),
    _P.LINKING: (
        _("Linking your account was not begun in this browser, or more than 30 minutes ago."),
        _AGAIN,
    ),
    _P.LINKED_TO_ANOTHER: (
        _("Your account at %(name)s is linked to someone else in this course."),
        _("If that is not right, ask an administrator of this course to unlink it."),
    ),
    _P.OTHER_ACCOUNT: (
        _("Another account at %(name)s is already linked to you."),
        _("Use that account there. Or unlink it in this course: press your name, then “Learning platforms”."),
    ),
    _P.INVITATION: (
        _("This link for registering a platform is not valid, is older than a day, or has been used."),
        _("Make a new one under “Learning platforms” in this course."),
    ),
    _P.CONFIGURATION: (
        _("The platform does not describe itself as LTI asks."),
        _("Register it by hand under “Learning platforms”."),
    ),
    _P.REGISTRATION_REFUSED: (
        _("The platform did not accept the registration."),
        _("Begin again there. If that fails too, register it by hand under “Learning platforms”."),
    ),
}


def problem_words(problem: LtiProblem, name: str) -> tuple[str, str]:
    """What happened, and what can be done about it, with the platform that has this name."""
    what, advice = PROBLEM_WORDS[problem]
    return str(what) % {"name": name}, str(advice) % {"name": name}
