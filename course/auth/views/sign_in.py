"""Pages for signing in and out, for choosing a password by a link, and for the set-up."""

from __future__ import annotations

from flask import Response, make_response, render_template, request, url_for
from flask_login import current_user

from course.auth import actions, password_hashing, queries
from course.auth.actions import SetUpDetails, SignInGranted, TooManyAttempts, WrongPassword
from course.auth.forms import (
    ForgottenPasswordForm,
    NewPasswordForm,
    SetUpForm,
    SignInForm,
    check_new_password,
)
from course.auth.jobs import PASSWORD_LINK
from course.auth.provider_hooks import provider_refusal, provider_sign_out_page, provider_ways
from course.auth.rules import local_path
from course.auth.sign_in_session import sign_out_browser
from course.auth.views.finish import finish_sign_in
from course.auth.views.page_context import (
    ViewResponse,
    form_page,
    gone_page,
    organisation_name,
    pages,
    provider_required_page,
    request_source,
    tell_if_busy,
    too_many_attempts_page,
)
from course.auth.views.passkey_answers import challenge, site
from course.clock import now
from course.content.library import Library
from course.content.loaded_course import library
from course.context import make_context
from course.jobs.actions import enqueue
from course.organisation.request_organisation import current_organisation
from course.translation import gettext as _
from course.web.access import public, sign_in_required
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, discard_request_state, unit_of_work


def _course_of_organisation() -> Library:
    """The course as most people in the organisation take it, for its modules and its length."""
    ours = current_organisation()
    return library().for_(ours.pathway, ours.nation) if ours else library()


@pages.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> ViewResponse:
    """Sign in with an e-mail address or sign-in name and a password; redirects to the page that was asked for."""
    target = local_path(request.args.get("next"))
    if request.method == "GET" and current_user.is_authenticated:
        return redirect_after_post(target)
    form = SignInForm()
    if form.validate_on_submit():
        with tell_if_busy(form.password):
            result = _attempt_sign_in(form.email.data or "", form.password.data or "")
            if isinstance(result, TooManyAttempts):
                return too_many_attempts_page(result.retry_at)
            if isinstance(result, SignInGranted):
                return finish_sign_in(result, "password", target, is_allowed=True)
            form.password.errors = [
                result
                if isinstance(result, str)
                else _("The e-mail address, the sign-in name or the password is not right.")
            ]
    return form_page(
        "auth/sign_in.html", form, target=target, course=_course_of_organisation(), key_site=site(),
        challenge=challenge("sign-in"), ways=provider_ways(target),
    )  # fmt: skip


def _attempt_sign_in(login: str, password: str) -> SignInGranted | WrongPassword | TooManyAttempts | str:
    """Read, verify, then write shortly: when many people sign in at once, nobody waits for the hash of another person. A text
    says why a right password is not enough."""
    found = actions.find_account(db(), login, request_source(), now())
    if isinstance(found, TooManyAttempts):
        return found
    discard_request_state()  # no connection is held while the password is verified
    checked = actions.check_password(found, password)
    if checked.is_correct and checked.account is not None and (refusal := provider_refusal(checked.account.person_id)):
        return refusal
    if not checked.writes:
        return actions.sign_in(db(), checked, now())
    with unit_of_work() as session:
        return actions.sign_in(session, checked, now())


@pages.post("/sign-out")
@sign_in_required
def sign_out() -> ViewResponse:
    """End this sign-in session. A double press leads to the same page."""
    onward = provider_sign_out_page(current_user.person.id)
    sign_out_browser(now(), others_wait="others" in request.form)
    return redirect_after_post(onward or url_for("auth.sign_in"))


@pages.route("/forgotten", methods=["GET", "POST"])
@public
def forgotten_password() -> ViewResponse:
    """Mail a link to choose another password; the answer does not tell whether there is an account."""
    form = ForgottenPasswordForm()
    if form.validate_on_submit():
        email = form.email.data or ""
        at = now()
        with unit_of_work() as session:
            wait = actions.request_link(session, email, request_source(), at)
            if wait is None:
                # By a job, so that it takes no longer where somebody has the address.
                enqueue(make_context(session, None, at), PASSWORD_LINK, {"email": email})
        if wait is not None:
            return too_many_attempts_page(wait.retry_at)
        return make_response(render_template("auth/forgotten_sent.html", email=email))
    return form_page("auth/forgotten.html", form, ways=provider_ways())


@pages.route("/link/<token>", methods=["GET", "POST"])
@public
def choose_password(token: str) -> ViewResponse:
    """Choose a password by a link from a mail. A GET does not use the link up: programs that scan mail open links too."""
    at = now()
    found = queries.find_link(db(), token, set_up=False, at=at)
    if found is None:
        return _expired_link_page()
    refusal = provider_refusal(found.person_id) if found.person_id is not None else None
    if refusal is not None:
        return provider_required_page(refusal)
    form = NewPasswordForm()
    if form.validate_on_submit() and check_new_password(form.password, found.login, found.name, organisation_name()):
        discard_request_state()
        with tell_if_busy(form.password):
            password_hash = password_hashing.hash_password(form.password.data or "")
            with unit_of_work() as session:
                granted = actions.set_password_by_link(session, token, password_hash, at)
            if granted is None:
                return _expired_link_page()
            return finish_sign_in(granted, "link", url_for("dashboard.home"))
    return form_page("auth/link.html", form, link=found, token=token)


def _expired_link_page() -> Response:
    return gone_page(
        _("This link no longer works"),
        _("It has been used, it has expired, or a newer one has been sent."),
        sends_password_link=True,
    )


@pages.route("/set-up/<token>", methods=["GET", "POST"])
@public
def set_up(token: str) -> ViewResponse:
    """Set up a fresh course: the organisation and its first administrator."""
    at = now()
    if not actions.can_set_up(db(), token, at):
        return _expired_set_up_page()
    form = SetUpForm()
    name, email = form.name.data or "", form.email.data or ""
    organisation = form.organisation.data or ""
    if form.validate_on_submit() and check_new_password(form.password, email, name, organisation):
        discard_request_state()
        with tell_if_busy(form.password):
            password_hash = password_hashing.hash_password(form.password.data or "")
            details = SetUpDetails(organisation, form.nation.data, name, email, password_hash, form.pathway.data)
            with unit_of_work() as session:
                granted = actions.set_up(session, token, details, at)
            if granted is None:
                return _expired_set_up_page()
            return finish_sign_in(granted, "set-up", url_for("dashboard.today"))
    return form_page("auth/set_up.html", form, token=token)


def _expired_set_up_page() -> Response:
    return gone_page(
        _("This set-up link no longer works"),
        _(
            "The course is already set up, or the link has expired. Without an organisation yet, "
            "'flask signin set-up-link' on the server prints another one."
        ),
    )
