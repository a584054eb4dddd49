"""The test of a platform that administrators run from its page: each step in words, with what to do if it fails."""

from __future__ import annotations

from dataclasses import dataclass

from course.lti.actions import access_token
from course.lti.platform_client import PlatformConnection
from course.lti.rules.dynamic_registration import GRADE_SCOPES, MEMBERS_SCOPE
from course.lti.rules.problems import LtiError, LtiProblem
from course.translation import gettext as _


@dataclass(frozen=True)
class PlatformTestStep:
    """One step of the test: whether it went well, what was seen, and what to do otherwise."""

    is_fine: bool
    words: str
    advice: str = ""


def check_platform(connection: PlatformConnection) -> list[PlatformTestStep]:
    """Ask the platform for all that launches and its services need, without what is kept in memory."""
    try:
        count = len(connection.keys(fresh=True).keys)
    except LtiError as error:
        return [_failure(error)]
    steps = [PlatformTestStep(True, _("Its keys for signatures can be read: %(count)s.", count=count))]
    if not connection.settings.deployments:
        steps.append(
            PlatformTestStep(
                False,
                _("No deployment ID is entered, so that every launch is refused."),
                _("Enter the deployment ID that the platform shows."),
            )
        )
    for scopes, fine, missing in (
        (GRADE_SCOPES[-1:], _("It lets the course send grades."), _("It does not let the course send grades: %(seen)s.")),
        ((MEMBERS_SCOPE,), _("It lets the course read who is in a course there."),
         _("It does not let the course read who is in a course there: %(seen)s.")),
    ):  # fmt: skip
        try:
            access_token(connection, scopes, fresh=True)
        except LtiError as error:
            if error.problem != LtiProblem.TOKEN_REFUSED:
                return [*steps, _failure(error)]
            seen = error.detail or str(error.status)
            advice = _(
                "Launches work without it. Look for the services of this tool at the platform, and check that the platform "
                "has the keyset address of this course."
            )
            steps.append(PlatformTestStep(False, missing % {"seen": seen}, advice))
        else:
            steps.append(PlatformTestStep(True, fine))
    return steps


def _failure(error: LtiError) -> PlatformTestStep:
    """What went wrong, and what to do about it."""
    words, advice = {
        LtiProblem.UNREACHABLE: (
            _("The platform cannot be reached: %(seen)s.", seen=error.detail),
            _(
                "Check the addresses, and that this server may open connections to them. An address in your own network has to "
                "be named in PRIVATE_PROVIDER_HOSTS on the server."
            ),
        ),
        LtiProblem.NOT_JSON: (
            _("The answer is not JSON."),
            _("Compare the public keyset address and the access token address with those at the platform."),
        ),
        LtiProblem.NO_KEYS: (
            _("The platform publishes no key with which signatures could be checked."),
            _("Compare the public keyset address with the one at the platform."),
        ),
        LtiProblem.KEY_LOCKED: (
            _("The key of this course for the platform cannot be read: it was encrypted with another SECRET_KEY."),
            _("Replace the key."),
        ),
    }.get(error.problem, (str(error), ""))
    return PlatformTestStep(False, words, advice)
