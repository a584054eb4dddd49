"""Our public keys, and platforms that register themselves (LTI Dynamic Registration 1.0)."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import urlsplit

from flask import Response, jsonify, request

from course.auth.rate_limits import PageRateLimiter
from course.auth.rules import network_prefix
from course.auth.views.page_context import too_many_attempts_page
from course.clock import now
from course.content.loaded_course import library as whole_library
from course.context import make_context
from course.lti import actions, queries
from course.lti.actions import PlatformDetails
from course.lti.platform_client import read_object
from course.lti.rules.dynamic_registration import (
    GrantedRegistration,
    PlatformConfiguration,
    read_configuration,
    read_registration,
    registration_request,
)
from course.lti.rules.own_key import make_key
from course.lti.rules.problems import LtiError, LtiProblem
from course.lti.rules.registration import MAX_PASSING_ADDRESS_LENGTH, is_platform_address, origin_of
from course.lti.rules.sealed import RegistrationInvitation, mark_of
from course.lti.views.page_context import (
    ViewResponse,
    framed_page,
    platform_network,
    problem_page,
    protocol,
    tool_addresses,
)
from course.web.access import public
from course.web.app_state import app_state
from course.web.unit_of_work import db, discard_request_state, unit_of_work

_throttle = PageRateLimiter("registering learning platforms", 30, 60)


@protocol.get("/jwks")
@public
def jwks() -> Response:
    """The public keys with which platforms check what the course signs."""
    return jsonify(keys=[json.loads(one) for one in queries.public_keys(db(), now())])


@protocol.route("/register", methods=["GET", "POST"])
@public
def register() -> ViewResponse:
    """A platform opens this page for somebody who has an invitation of an administrator of the course. After a press of the
    button both exchange what they need; an administrator then confirms it here."""
    text, address = request.values.get("invitation", ""), request.values.get("openid_configuration", "")
    invitation = RegistrationInvitation.open(text, app_state().config.secret_key, now())
    if invitation is None or queries.is_mark_used(db(), mark_of(text)):
        return problem_page(LtiProblem.INVITATION, None)
    if not is_platform_address(address, MAX_PASSING_ADDRESS_LENGTH):
        return problem_page(LtiProblem.CONFIGURATION, None)
    if not _throttle.is_allowed(network_prefix(request.remote_addr)):
        return too_many_attempts_page(now() + timedelta(minutes=1))
    origins, host = [origin_of(address)], urlsplit(address).hostname
    token = request.values.get("registration_token", "")
    if request.method == "GET":
        return framed_page(
            "lti/register.html", origins, host=host, invitation=text, configuration=address, token=token
        )  # fmt: skip
    discard_request_state()
    try:
        configuration, granted = _exchange(address, token)
    except LtiError as error:
        return problem_page(error.problem, None, origins)
    if not _store(text, configuration, granted):
        return problem_page(LtiProblem.INVITATION, None, origins)
    return framed_page("lti/registered.html", origins, host=host, origin=origins[0])


def _exchange(address: str, token: str) -> tuple[PlatformConfiguration, GrantedRegistration]:
    """Read what the platform says about itself, and register there. Raises LtiError."""
    network, library = platform_network(), whole_library()
    configuration = read_configuration(network.fetch_json(address), address)
    body = registration_request(library.course.title, "", tool_addresses())
    headers = {"Content-Type": "application/json"}
    if token and token.isascii() and token.isprintable():
        headers["Authorization"] = f"Bearer {token}"  # not translated: a word of HTTP
    answer = network.send("POST", configuration.registration_address, headers, json.dumps(body).encode())
    if answer.status >= 500:
        raise LtiError(LtiProblem.UNREACHABLE, str(answer.status), answer.status)
    if answer.status not in (200, 201):
        raise LtiError(LtiProblem.REGISTRATION_REFUSED, str(answer.status), answer.status)
    return configuration, read_registration(read_object(answer.body))


def _store(invitation: str, found: PlatformConfiguration, granted: GrantedRegistration) -> bool:
    """Keep the platform until an administrator confirms it; False if the invitation was used at this very moment."""
    details = PlatformDetails(
        found.name, found.issuer, granted.client_id, found.login_address, found.token_address, found.token_audience,
        found.keys_address, deployments=(granted.deployment,) if granted.deployment else (),
    )  # fmt: skip
    key = make_key()
    with unit_of_work() as unit:
        ends_at = now() + RegistrationInvitation.LIFETIME
        if not actions.use_mark(unit, mark_of(invitation), ends_at, now()):
            return False
        context = make_context(unit, None, now())
        return actions.add_platform(context, details, key, app_state().config.secret_key, "waiting") is not None
