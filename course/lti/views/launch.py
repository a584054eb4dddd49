"""A launch: the login that a platform begins, the message that it sends, and the new window in which the course opens."""

from __future__ import annotations

import hmac
import re
import secrets
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from flask import make_response, redirect, request, session, url_for
from flask_login import current_user

from course.auth.actions import SignInGranted
from course.auth.rate_limits import PageRateLimiter
from course.auth.rules import network_prefix
from course.auth.views.finish import finish_sign_in
from course.auth.views.page_context import too_many_attempts_page
from course.clock import now
from course.content.loaded_course import library as whole_library
from course.context import make_context
from course.identity_providers.rules.problems import error_code
from course.lti import actions, queries
from course.lti.actions import StaffSignIn, UnknownAccount
from course.lti.rules.launch import (
    ContentMessage,
    ExpectedMessage,
    LaunchMessage,
    check_message,
    launch_language,
    read_message,
)
from course.lti.rules.problems import LtiError, LtiProblem
from course.lti.rules.registration import PlatformSettings, origin_of
from course.lti.rules.sealed import LaunchTicket, LoginState, Newcomer, login_cookie, mark_of, new_login
from course.lti.rules.targets import MODULE, REFRESHER, LinkTarget
from course.lti.views.content import choice_page
from course.lti.views.page_context import (
    ViewResponse,
    connection_to,
    framed_page,
    problem_page,
    protocol,
    tool_addresses,
)
from course.web.access import public
from course.web.app_state import app_state
from course.web.expired_form import is_same_origin
from course.web.recent_sign_in import PROVED_KEY
from course.web.redirects import redirect_after_post
from course.web.request_language import speak_as_elsewhere
from course.web.unit_of_work import db, discard_request_state, unit_of_work

# Each launch may make this server ask the platform for its keys. A whole school comes from one network.
_throttle = PageRateLimiter("learning platforms", 600, 60)
_STORAGE_FRAME = re.compile(r"[A-Za-z0-9_.\-]{1,100}")


def _is_too_fast() -> bool:
    return not _throttle.is_allowed(network_prefix(request.remote_addr))


@protocol.route("/login", methods=["GET", "POST"])
@public
def login() -> ViewResponse:
    """A platform begins a launch: send the browser back there to prove who it is. Nothing is written: what comes back is known by
    the sealed state, and that it comes from the same browser by a cookie or by the storage of the platform."""
    issuer, client_id, hint = (request.values.get(name, "") for name in ("iss", "client_id", "login_hint"))
    found = queries.platforms_of(db(), issuer, client_id)
    if len(found) != 1:
        return problem_page(LtiProblem.REGISTRATION if issuer else LtiProblem.REQUEST, None)
    settings = found[0]
    if settings.state != "on":
        return problem_page(LtiProblem.OFF, settings)
    if not hint:
        return problem_page(LtiProblem.REQUEST, settings)
    if _is_too_fast():
        return too_many_attempts_page(now() + timedelta(minutes=1))
    message_hint, frame = request.values.get("lti_message_hint", ""), request.values.get("lti_storage_target", "")
    storage = frame if _STORAGE_FRAME.fullmatch(frame) else ""
    state = new_login(settings.id, hint, message_hint, storage, now())
    text = state.seal(app_state().config.secret_key)
    address = _login_address(settings, state, text, hint, message_hint)
    if storage:
        response: ViewResponse = framed_page(
            "lti/storing.html", settings.frame_origins, name=settings.name, address=address, frame=storage,
            origin=origin_of(settings.login_address), key=login_cookie(text), binding=state.binding,
        )  # fmt: skip
        response.headers["Refresh"] = f"3; url={address}"  # where no script runs
    else:
        response = make_response(redirect(address, 303))
    # In a frame the cookie belongs to the course inside this platform only (Partitioned), so that browsers may keep it.
    response.set_cookie(
        login_cookie(text), state.binding, max_age=LoginState.LIFETIME, path=url_for("lti_protocol.launch"),
        secure=True, httponly=True, samesite="None", partitioned=True,  # not translated: a word of cookies
    )  # fmt: skip
    return response


def _login_address(settings: PlatformSettings, state: LoginState, text: str, hint: str, message_hint: str) -> str:
    """Where the platform proves who the person is (Security Framework 1.1, section 5.1.1.2)."""
    asked = {
        "scope": "openid", "response_type": "id_token", "response_mode": "form_post", "prompt": "none",
        "client_id": settings.client_id, "redirect_uri": tool_addresses().launch, "state": text, "nonce": state.nonce,
        "login_hint": hint,
    }  # fmt: skip
    if message_hint:
        asked["lti_message_hint"] = message_hint
    return f"{settings.login_address}{'&' if '?' in settings.login_address else '?'}{urlencode(asked)}"


@protocol.post("/launch")
@public
def launch() -> ViewResponse:
    """The signed message of a platform, brought by the browser. It is used once, in the browser that began."""
    text = request.form.get("state", "")
    state = LoginState.open(text, app_state().config.secret_key, now())
    settings = queries.platform(db(), state.registration_id) if state else None
    if state is None or settings is None:
        return problem_page(LtiProblem.STATE, None)
    if settings.state != "on":
        return problem_page(LtiProblem.OFF, settings)
    if _is_too_fast():
        return too_many_attempts_page(now() + timedelta(minutes=1))
    if not _is_from_same_browser(text, state):
        return _other_browser_page(settings, text, state)
    with unit_of_work() as unit:
        ends_at = datetime.fromtimestamp(state.begun, UTC) + 2 * LoginState.LIFETIME
        is_first = actions.use_mark(unit, mark_of(text), ends_at, now())
    if not is_first:
        return problem_page(LtiProblem.USED, settings)
    try:
        message = _signed_message(settings, state)
    except LtiError as error:
        with unit_of_work() as unit:
            actions.record_refusal(make_context(unit, None, now()), settings, error.problem, detail=error.detail)
        return problem_page(error.problem, settings)
    response = choice_page(settings, message) if isinstance(message, ContentMessage) else _accept(settings, message)
    response.delete_cookie(
        login_cookie(text), path=url_for("lti_protocol.launch"), secure=True, httponly=True,
        samesite="None", partitioned=True,  # not translated: a word of cookies
    )  # fmt: skip
    return response


def _is_from_same_browser(text: str, state: LoginState) -> bool:
    """Whether the browser has what it was given when the login began: in its cookie, or in the storage of the platform, from
    where a page of this course has it. Any other page could bring what its owner was given in a browser of their own."""
    stored = request.form.get("stored", "") if is_same_origin() else ""
    brought = request.cookies.get(login_cookie(text), "") or stored
    return hmac.compare_digest(brought.encode(), state.binding.encode())


def _other_browser_page(settings: PlatformSettings, text: str, state: LoginState) -> ViewResponse:
    """The browser keeps no cookies in a frame: ask the storage of the platform, or else begin again in a new window."""
    frame = "" if "stored" in request.form else state.storage
    asked = {
        "iss": settings.issuer, "client_id": settings.client_id, "login_hint": state.login_hint,
        "lti_message_hint": state.message_hint, "target_link_uri": tool_addresses().launch,
    }  # fmt: skip
    given = urlencode({name: value for name, value in asked.items() if value})
    return framed_page(
        "lti/other_browser.html", settings.frame_origins, 400, name=settings.name, frame=frame,
        origin=origin_of(settings.login_address), key=login_cookie(text), state=text,
        token=request.form.get("id_token", ""),
        again=f"{url_for('lti_protocol.login')}?{given}" if state.login_hint else "",
    )  # fmt: skip


def _signed_message(settings: PlatformSettings, state: LoginState) -> LaunchMessage | ContentMessage:
    """What the platform says, checked. Raises LtiError."""
    if error := request.form.get("error", ""):
        raise LtiError(LtiProblem.REFUSED_THERE, error_code(error))
    connection, modules = connection_to(settings), whole_library().modules.keys()
    discard_request_state()  # no connection to the database is held while the platform is asked
    claims = connection.verified_claims(request.form.get("id_token", ""))
    expected = ExpectedMessage(settings.issuer, settings.client_id, state.nonce, settings.deployments)
    check_message(claims, expected, now())
    speak_as_elsewhere(launch_language(claims))
    return read_message(claims, modules)


def _accept(settings: PlatformSettings, message: LaunchMessage) -> ViewResponse:
    """The page from which the course opens in a window of its own. No page of the course is shown in a frame, and no session
    begins in one: what it needs is a ticket."""
    with unit_of_work() as unit:
        result = actions.record_launch(make_context(unit, None, now()), settings, message)
    if isinstance(result, LtiProblem):
        return problem_page(result, settings)
    secret, target = app_state().config.secret_key, _target_path(message.target)
    begun, nonce = int(now().timestamp()), secrets.token_urlsafe(12)
    if isinstance(result, UnknownAccount):
        user = message.user
        sealed = Newcomer(
            begun, settings.id, user.subject, user.address, user.name, user.is_learner, result.link_id, result.context_id,
            message.target.pathway, message.target.nation, target, result.problem is None, nonce,
        ).seal(secret)  # fmt: skip
        if result.problem is not None:
            return problem_page(result.problem, settings, newcomer=sealed)
    else:
        sealed = LaunchTicket(begun, settings.id, result.account_id, target, nonce).seal(secret)
    return framed_page(
        "lti/launched.html", settings.frame_origins, name=settings.name, what=_title_of(message.target),
        course=whole_library().course.title,
        ticket=sealed, is_new=isinstance(result, UnknownAccount), is_framed=request.headers.get("Sec-Fetch-Dest") != "document",
    )  # fmt: skip


def _target_path(target: LinkTarget) -> str:
    if target.opens == MODULE:
        return url_for("learning.module", module_id=target.module)
    return url_for("refreshers.refresher") if target.opens == REFRESHER else url_for("dashboard.home")


def _title_of(target: LinkTarget) -> str:
    """The title of a module; empty for the whole course and the refresher."""
    return whole_library().modules[target.module].title if target.opens == MODULE else ""


@protocol.post("/enter")
@public
def enter() -> ViewResponse:
    """Where the button of a launch leads, in a window of its own: an ordinary session begins there. The form has to come from a
    page of this course, so that another site cannot have somebody sign in with a ticket that was made for another person."""
    text = request.form.get("ticket", "")
    speak_as_elsewhere(request.form.get("language"), keep=is_same_origin())
    ticket = _ticket(text)
    settings = queries.platform(db(), ticket.registration_id) if ticket else None
    if ticket is None or settings is None or not is_same_origin():
        return problem_page(LtiProblem.TICKET, settings)
    with unit_of_work() as unit:
        context = make_context(unit, None, now())
        result: SignInGranted | StaffSignIn | LtiProblem | None = None
        if actions.use_mark(unit, mark_of(text), now() + 2 * ticket.LIFETIME, now()):
            if isinstance(ticket, Newcomer):
                result = actions.enter_newcomer(context, ticket)
            else:
                result = actions.enter_with_ticket(context, ticket)
    if result is None:
        return problem_page(LtiProblem.TICKET, settings)
    if isinstance(result, LtiProblem):
        return problem_page(result, settings)
    if current_user.person is not None and current_user.person.id == result.person_id:
        return redirect_after_post(ticket.target)  # they are signed in already, and stay so
    if isinstance(result, StaffSignIn):
        return framed_page("lti/staff.html", (), name=settings.name, target=ticket.target)
    return _begin_session(result, ticket.target)


def _ticket(text: str) -> LaunchTicket | Newcomer | None:
    """What the button of a launch carries: of somebody who is known, or of somebody who may be added."""
    secret, at = app_state().config.secret_key, now()
    newcomer = Newcomer.open(text, secret, at)
    if newcomer is not None:
        return newcomer if newcomer.may_be_added else None
    return LaunchTicket.open(text, secret, at)


def _begin_session(granted: SignInGranted, target: str) -> ViewResponse:
    """An ordinary session, as from an identity provider: a second factor is asked for where one is due. It does not count as a
    proof before sensitive deeds: the platform may have been left open."""
    response = finish_sign_in(granted, "provider", target)
    session.pop(PROVED_KEY, None)
    return response
