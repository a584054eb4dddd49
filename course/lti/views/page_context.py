"""What the pages of platforms share: their blueprints, the connection to a platform, and pages that it may show in a frame."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, Response, abort, make_response, render_template
from werkzeug.wrappers import Response as WsgiResponse

from course.clock import now
from course.lti import queries
from course.lti.platform_client import PlatformConnection, PlatformNetwork
from course.lti.rules.dynamic_registration import ToolAddresses
from course.lti.rules.problems import LtiProblem, problem_words
from course.lti.rules.registration import PlatformSettings
from course.translation import gettext as _
from course.web.addresses import public_url_for
from course.web.app_state import app_state, runs_locally
from course.web.security_headers import let_platform_in
from course.web.unit_of_work import db

pages = Blueprint("lti", __name__)
protocol = Blueprint("lti_protocol", __name__)  # what platforms and their pages talk to
ViewResponse = Response | WsgiResponse
# Nothing is wrong here, but with another server (RFC 4918, 11.4): a monitor must not take it for a failure of the course.
UNREACHABLE_STATUS = 424
_ABOUT_THE_PERSON = frozenset({
    LtiProblem.LEFT, LtiProblem.NOT_KNOWN, LtiProblem.ADDRESS_OF_ANOTHER, LtiProblem.UNLINKED, LtiProblem.LINKED_TO_ANOTHER,
    LtiProblem.OTHER_ACCOUNT,
})  # fmt: skip


def platform_or_404(registration_id: int) -> PlatformSettings:
    return queries.platform(db(), registration_id) or abort(404)


def platform_network() -> PlatformNetwork:
    """Which addresses may be contacted."""
    return PlatformNetwork(runs_locally(), app_state().config.private_provider_hosts)


def connection_to(settings: PlatformSettings) -> PlatformConnection:
    """The connection to a platform at this moment."""
    found = queries.platform_connection(db(), settings.id, app_state().config.secret_key, platform_network(), now())
    return found or abort(404)


def tool_addresses() -> ToolAddresses:
    """Where platforms reach the course."""
    return ToolAddresses(
        public_url_for("lti_protocol.login"), public_url_for("lti_protocol.launch"), public_url_for("lti_protocol.jwks")
    )


def framed_page(
    template: str, origins: Iterable[str], status: int = 200, forms: Iterable[str] = (), **values: object
) -> Response:
    """A small page that pages with these origins may show in a frame, and whose forms may post to the origins `forms`. It neither
    reads nor begins a session."""
    response = make_response(render_template(template, **values), status)
    response.headers["Cache-Control"] = "no-store"
    let_platform_in(origins, forms)
    return response


def problem_page(
    problem: LtiProblem, settings: PlatformSettings | None, origins: Iterable[str] = (), newcomer: str = ""
) -> Response:
    """What went wrong and what to do, in words. For a platform that is not known, in no frame but of `origins`. With `newcomer`
    (sealed) there is a button for somebody who has an account here."""
    what, advice = problem_words(problem, settings.name if settings else _("The platform"))
    status = 403 if problem in _ABOUT_THE_PERSON else 400
    if problem == LtiProblem.UNREACHABLE:
        status = UNREACHABLE_STATUS
    around = settings.frame_origins if settings else origins
    return framed_page("lti/problem.html", around, status, what=what, advice=advice, newcomer=newcomer)
