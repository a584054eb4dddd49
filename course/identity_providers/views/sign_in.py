"""Signing in through a provider, linking an account there, and signing out there."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus

from flask import Flask, abort, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user

from course.auth.actions import SignInGranted
from course.auth.provider_hooks import PROVIDER_HOOKS, ProviderButton, ProviderWays
from course.auth.rate_limits import PageRateLimiter
from course.auth.rules import SESSION_LIFETIME, local_path, network_prefix
from course.auth.views.finish import finish_sign_in
from course.auth.views.page_context import provider_required_page, too_many_attempts_page
from course.auth.views.proof import MAX_CARRIED_FORM, proved_page, unproved_page
from course.clock import now
from course.context import make_context
from course.dates import civil_date
from course.identity_providers import actions, queries
from course.identity_providers.forms import ConfirmForm
from course.identity_providers.rules.flow import (
    FLOW_LIFETIME,
    SessionOrigin,
    SignInFlow,
    flow_cookie,
    new_flow,
    open_flow,
    open_origin,
    seal_flow,
    seal_origin,
)
from course.identity_providers.rules.identity import ProviderIdentity
from course.identity_providers.rules.policy import must_use_provider
from course.identity_providers.rules.problems import ProviderError, ProviderProblem, error_code, problem_words
from course.identity_providers.rules.settings import ProviderSettings
from course.identity_providers.views.page_context import (
    UNREACHABLE_STATUS,
    ViewResponse,
    browser_client_of,
    client_of,
    pages,
    problem_page,
    provider_or_404,
    redirect_uri,
    signed_out_uri,
)
from course.translation import gettext as _
from course.web.access import public, sign_in_required
from course.web.app_state import app_state
from course.web.forms import Form
from course.web.recent_sign_in import needs_recent_sign_in
from course.web.redirects import redirect_after_post
from course.web.request_language import forget_launch_language
from course.web.unit_of_work import db, discard_request_state, signed_in_context, unit_of_work

ORIGIN_COOKIE = "origin"  # from which provider the sign-in session came; sent to the pages for signing out only
_LOG = logging.getLogger("course")
# Each may make this server ask the provider. A whole school comes from one network.
_throttle = PageRateLimiter("identity providers", 300, 60)
_MAX_VALUE = 4000  # characters of what a provider sends back in an address


class SignInProviders:
    """What signing in asks of this feature (auth/provider_hooks)."""

    def ways(self, target: str) -> ProviderWays:
        """The buttons of the sign-in page."""
        found = queries.active_providers(db())
        if not found:
            return ProviderWays()
        required = queries.required_provider(db())
        ordered = sorted(found, key=lambda one: required is None or one.id != required.provider_id)
        return ProviderWays(
            tuple(ProviderButton(one.name, _start_address(one.id, target)) for one in ordered),
            required.name if required else "",
        )

    def refusal(self, person_id: int) -> str | None:
        """Why a person may not sign in with a password, a link, a code or a passkey."""
        required = queries.required_provider(db())
        if required is None:
            return None
        if not must_use_provider(required, queries.sign_in_subject(db(), person_id, required.provider_id)):
            return None
        return _("Your organisation asks you to sign in with %(name)s, and not with a password.", name=required.name)

    def proof_buttons(self, person_id: int) -> tuple[ProviderButton, ...]:
        """The providers at which a signed-in person has a linked account."""
        links = [one for one in queries.links_of(db(), person_id) if one.is_active]
        return tuple(ProviderButton(one.provider, _confirm_address(one.provider_id)) for one in links)

    def sign_out_page(self, person_id: int) -> str | None:
        """The page that signs out at the provider, if this person came from one that is set so."""
        origin = _origin()
        if origin is None or origin.person_id != person_id:
            return None
        return url_for("identity_providers.sign_out_there")


def init(app: Flask) -> None:
    """Let the pages for signing in and out know the providers."""
    app.extensions[PROVIDER_HOOKS] = SignInProviders()


def _start_address(provider_id: int, target: str) -> str:
    wanted = None if local_path(target) == local_path(None) else target
    return url_for("identity_providers.start", provider_id=provider_id, next=wanted)


def _confirm_address(provider_id: int) -> str:
    return url_for("identity_providers.confirm", provider_id=provider_id)


@pages.get("/sign-in/with/<int(max=2147483647):provider_id>")
@public
def start(provider_id: int) -> ViewResponse:
    """Send the browser to the provider to sign in there. Nothing is written: what comes back is known by a cookie."""
    provider = provider_or_404(provider_id)
    if not provider.active:
        abort(404)
    target = local_path(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect_after_post(target)
    if not _throttle.is_allowed(network_prefix(request.remote_addr)):
        return too_many_attempts_page(now() + timedelta(minutes=1))
    return _send_to(provider, new_flow(provider_id, target, 0, now()))


@pages.post("/sign-in/with/<int(max=2147483647):provider_id>/confirm")
@sign_in_required
def confirm(provider_id: int) -> ViewResponse:
    """Send the browser to the provider, where the person who is signed in here proves again who they are. The form that waits
    for it goes along in a cookie, if it is not too long for one."""
    provider = provider_or_404(provider_id)
    form = ConfirmForm()
    if not form.validate_on_submit():
        abort(400)
    if not provider.active:
        abort(404)
    flow = new_flow(provider_id, local_path(form.next.data), current_user.person.id, now())
    response = _send_to(provider, replace(flow, again=True))
    kept = form.kept.data or ""
    if 0 < len(kept) <= MAX_CARRIED_FORM and response.status_code == HTTPStatus.OK:
        _set_flow_cookie(response, flow.form_cookie, kept)
    return response


@pages.post("/me/accounts/add/<int(max=2147483647):provider_id>")
@sign_in_required
@needs_recent_sign_in
def link_account(provider_id: int) -> ViewResponse:
    """Send the browser to the provider to sign in there with the account that is to be linked. An administrator can do so
    before others can.

    It takes a form of this course: a link on another site must not link an account that somebody else prepared."""
    provider = provider_or_404(provider_id)
    if not Form().validate_on_submit():
        abort(400)
    if not provider.active and not current_user.person.administrator:
        abort(404)
    flow = new_flow(provider_id, url_for("identity_providers.my_accounts"), current_user.person.id, now())
    return _send_to(provider, flow)


def _send_to(provider: ProviderSettings, flow: SignInFlow) -> ViewResponse:
    discard_request_state()  # no connection is held while the provider is asked
    try:
        address = browser_client_of(provider).authorization_address(flow, redirect_uri(provider.id), flow.again)
    except ProviderError as error:
        # Not into the log of the course: anyone can open this address as often as they like.
        _LOG.warning("identity provider %s: %s", provider.name, error)
        if flow.again:
            return _unproved(provider, error.problem, request.form.get("kept", ""), flow.target)
        return problem_page(provider, error.problem, linking=bool(flow.person_id))
    response: ViewResponse
    response = (
        _lead_on("identity_providers/linking.html", provider, address, again=flow.again)
        if flow.person_id
        else redirect(address, 303)
    )
    _set_flow_cookie(response, flow.cookie, seal_flow(flow, app_state().config.secret_key))
    return response


def _set_flow_cookie(response: ViewResponse, name: str, value: str) -> None:
    response.set_cookie(
        name, value, max_age=FLOW_LIFETIME, path=url_for("auth.sign_in"), secure=app_state().config.secure,
        httponly=True, samesite="Lax",  # not translated: a word of cookies
    )  # fmt: skip


@pages.get("/sign-in/with/<int(max=2147483647):provider_id>/back")
@public
def come_back(provider_id: int) -> ViewResponse:
    """Where the provider sends the browser back to, with a code or an error."""
    provider = provider_or_404(provider_id)
    if provider.kind == "saml":
        abort(404)
    flow = flow_of_browser(provider_id, request.args.get("state", ""))
    if flow is None:
        if current_user.is_authenticated:  # the page before this one, reached by "Back"
            return redirect_after_post(local_path(None))
        return problem_page(provider, ProviderProblem.STATE)
    return finish_flow(provider, flow, lambda: _redeem(provider, flow))


def flow_of_browser(provider_id: int, state: str) -> SignInFlow | None:
    """The flow with this state, if it was begun in this browser and is not over."""
    state = state[:_MAX_VALUE]
    sealed = request.cookies.get(flow_cookie(state), "")
    return open_flow(sealed, state, provider_id, app_state().config.secret_key, now()) if sealed else None


def finish_flow(
    provider: ProviderSettings, flow: SignInFlow, redeem: Callable[[], tuple[ProviderIdentity, str]]
) -> ViewResponse:
    """The end of a flow of this browser, which has only one. `redeem` says who signed in, and gives the ID token; it raises
    ProviderError."""
    response = _finish(provider, flow, redeem)
    for name in (flow.cookie, flow.form_cookie)[: 2 if flow.again else 1]:
        response.delete_cookie(name, path=url_for("auth.sign_in"))
    return response


def _lead_on(template: str, provider: ProviderSettings, address: str, again: bool = False) -> ViewResponse:
    """A page that leads on to the provider by itself and by a button: a form of this course may redirect to no other site."""
    response = make_response(render_template(template, name=provider.name, address=address, again=again))
    response.headers["Refresh"] = f"0; url={address}"
    return response


def _finish(
    provider: ProviderSettings, flow: SignInFlow, redeem: Callable[[], tuple[ProviderIdentity, str]]
) -> ViewResponse:
    """Exchange what came back once, then sign in, link the account, or note that the person has proved who they are."""
    linking = bool(flow.person_id) and not flow.again
    if not (provider.active or linking):
        abort(404)
    if flow.person_id and (current_user.person is None or current_user.person.id != flow.person_id):
        return problem_page(provider, ProviderProblem.STATE, linking)
    with unit_of_work() as session:
        is_first = actions.use_flow(session, flow.mark, now())
    if not is_first:
        return problem_page(provider, ProviderProblem.USED, linking)
    discard_request_state()
    try:
        identity, id_token = redeem()
    except ProviderError as error:
        return _refuse(provider, error, flow)
    if flow.again:
        return _prove(provider, flow, identity)
    if linking:
        return _link(provider, identity)
    with unit_of_work() as session:
        result = actions.sign_in_identity(make_context(session, None, now()), provider, identity)
    if result == ProviderProblem.OTHER_REQUIRED and (required := queries.required_provider(db())) is not None:
        return provider_required_page(_("Everyone who can has to sign in with %(name)s.", name=required.name))
    if not isinstance(result, SignInGranted):
        return problem_page(provider, result)
    forget_launch_language()  # a provider of identities opens no course
    response = finish_sign_in(result, "provider", flow.target, provider.second_factor, identity.signed_in_at)
    if provider.signs_out:
        _remember_origin(response, SessionOrigin(provider.id, result.person_id, id_token))
    return response


def _redeem(provider: ProviderSettings, flow: SignInFlow) -> tuple[ProviderIdentity, str]:
    """Who signed in at the provider. Raises ProviderError."""
    client = client_of(provider)
    values = {name: request.args.get(name, "")[:_MAX_VALUE] for name in ("code", "error", "iss")}
    metadata = client.metadata()
    if (values["iss"] or metadata.sends_issuer) and values["iss"] != metadata.issuer:  # RFC 9207
        raise ProviderError(ProviderProblem.ISSUER)
    if values["error"] or not values["code"]:
        raise ProviderError(ProviderProblem.REFUSED_THERE, error_code(values["error"]))
    return client.redeem(flow, values["code"], redirect_uri(provider.id))


def _refuse(provider: ProviderSettings, error: ProviderError, flow: SignInFlow) -> ViewResponse:
    """The page of what went wrong with the provider. The log says it exactly, for administrators."""
    with unit_of_work() as session:
        context = make_context(session, None, now())
        actions.record_refusal(context, provider, error.problem, detail=error.detail)
    if flow.again:
        return _unproved(provider, error.problem, request.cookies.get(flow.form_cookie, ""), flow.target)
    return problem_page(provider, error.problem, linking=bool(flow.person_id))


def _prove(provider: ProviderSettings, flow: SignInFlow, identity: ProviderIdentity) -> ViewResponse:
    """Go on with what waited, if the account there is linked to the person who is signed in here."""
    at, kept = now(), request.cookies.get(flow.form_cookie, "")
    linked = queries.linked_person(db(), identity, civil_date(at, app_state().config.time_zone))
    if linked is None or linked.person_id != flow.person_id:
        return _refuse(provider, ProviderError(ProviderProblem.OTHER_ACCOUNT), flow)
    return proved_page(min(identity.signed_in_at or at, at), kept, flow.target)


def _unproved(provider: ProviderSettings, problem: ProviderProblem, kept: str, target: str) -> ViewResponse:
    """The page on which the person proves in another way who they are; what they entered still waits."""
    status = UNREACHABLE_STATUS if problem == ProviderProblem.UNREACHABLE else HTTPStatus.FORBIDDEN
    return unproved_page(problem_words(problem, provider.name), kept, target, status)


def _link(provider: ProviderSettings, identity: ProviderIdentity) -> ViewResponse:
    with unit_of_work() as session:
        problem = actions.link_own_account(signed_in_context(session), provider.id, identity)
    if problem is not None:
        return problem_page(provider, problem, linking=True)
    flash(_("Your account at %(name)s is linked. You can sign in with it.", name=provider.name))
    return redirect_after_post(url_for("identity_providers.my_accounts"))


def _origin() -> SessionOrigin | None:
    return open_origin(request.cookies.get(ORIGIN_COOKIE, ""), app_state().config.secret_key)


def _remember_origin(response: ViewResponse, origin: SessionOrigin) -> None:
    config = app_state().config
    response.set_cookie(
        ORIGIN_COOKIE, seal_origin(origin, config.secret_key), max_age=SESSION_LIFETIME, path=url_for("auth.sign_out"),
        secure=config.secure, httponly=True, samesite="Lax",  # not translated: a word of cookies
    )  # fmt: skip


@pages.get("/sign-out/provider")
@public
def sign_out_there() -> ViewResponse:
    """After signing out here: send the browser to the provider to sign out there, which sends it back to the sign-in page."""
    origin = _origin()
    if origin is None or current_user.is_authenticated:
        return redirect_after_post(url_for("auth.sign_in"))
    provider = queries.provider(db(), origin.provider_id)
    address = _sign_out_address(provider, origin) if provider is not None and provider.signs_out else None
    if provider is None or address is None:
        response: ViewResponse = redirect_after_post(url_for("auth.sign_in"))
    else:
        response = _lead_on("identity_providers/signed_out.html", provider, address)
    response.delete_cookie(ORIGIN_COOKIE, path=url_for("auth.sign_out"))
    return response


def _sign_out_address(provider: ProviderSettings, origin: SessionOrigin) -> str | None:
    """Where to sign out at the provider; None if it has no such address, or does not answer."""
    discard_request_state()
    try:
        return browser_client_of(provider).sign_out_address(origin.id_token, signed_out_uri())
    except ProviderError as error:
        _LOG.warning("identity provider %s: %s", provider.name, error)
        return None
