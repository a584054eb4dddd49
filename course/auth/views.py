"""Pages for signing in and out, for choosing a password by a link, for the set-up, and the person's own account."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from flask import Blueprint, Response, current_app, flash, g, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse
from wtforms import PasswordField

from course.auth import actions, password_hashing, queries
from course.auth.actions import RequestSource, SetUpDetails, SignInGranted, TooManyAttempts, WrongPassword
from course.auth.forms import (
    ChangePasswordForm,
    ForgottenPasswordForm,
    LanguageForm,
    NewPasswordForm,
    SetUpForm,
    SignInForm,
    check_new_password,
)
from course.auth.jobs import PASSWORD_LINK
from course.auth.password_hashing import HashingBusyError
from course.auth.rules import PASSWORD_HINT, local_path
from course.auth.sign_in_session import begin_sign_in_session, sign_out_browser
from course.clock import now
from course.content.library import Library
from course.content.loaded_course import library
from course.context import make_context
from course.jobs.actions import enqueue
from course.organisation.request_organisation import current_organisation
from course.people import actions as people
from course.people.queries import person_overview
from course.translation import current_language, language_name, languages, use_language
from course.translation import gettext as _
from course.web.access import public, sign_in_required
from course.web.forms import Form
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, discard_request_state, signed_in_context, unit_of_work

pages = Blueprint("auth", __name__)
ViewResponse = Response | WsgiResponse
HASHING_RETRY_SECONDS = 5
_BUSY = "hashing_is_busy"  # in `g`


def _form_page(template: str, form: Form, **values: object) -> Response:
    """A page with a form; status 422 if the form has errors, 503 if it is right and can only not be dealt with now."""
    page = render_template(template, form=form, password_hint=PASSWORD_HINT, **values)
    if not g.get(_BUSY):
        return make_response(page, 422 if form.errors else 200)
    response = make_response(page, 503)
    response.headers["Retry-After"] = str(HASHING_RETRY_SECONDS)
    return response


@contextmanager
def _told_if_busy(field: PasswordField) -> Iterator[None]:
    """Where too many passwords are being hashed already, say so at the field, and let the page show the form again."""
    try:
        yield
    except HashingBusyError:
        setattr(g, _BUSY, True)
        field.errors = [
            _("Very many people are signing in at this moment. Wait a few seconds, then enter the password again.")
        ]


def _request_source() -> RequestSource:
    return RequestSource(request.remote_addr, str(current_app.config["SECRET_KEY"]))


def _organisation_name() -> str:
    """The name of the organisation, which no password may be made of."""
    ours = current_organisation()
    return ours.name if ours else ""


def _course_of_organisation() -> Library:
    """The course as most people in the organisation take it, for its modules and its length."""
    ours = current_organisation()
    return library().for_(ours.pathway, ours.nation) if ours else library()


def _too_many_attempts_page(until: datetime) -> Response:
    """The page of a reached rate limit: says when the next attempt is allowed."""
    # Pages show no seconds, so the time is rounded up: an attempt at the shown minute is not refused again.
    shown = until + timedelta(seconds=59)
    response = make_response(
        render_template("auth/wait.html", until=shown, minutes=(shown - now()).total_seconds() / 60), 429
    )
    response.headers["Retry-After"] = str(max(1, int((until - now()).total_seconds()) + 1))
    return response


def _gone_page(title: str, text: str) -> Response:
    """The page of a link that no longer works, with status 410."""
    return make_response(render_template("auth/gone.html", title=title, text=text), 410)


@pages.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> ViewResponse:
    """Sign in with e-mail address and password; redirects to the page that was asked for."""
    target = local_path(request.args.get("next"))
    if request.method == "GET" and current_user.is_authenticated:
        return redirect_after_post(target)
    form = SignInForm()
    if form.validate_on_submit():
        with _told_if_busy(form.password):
            result = _attempt_sign_in(form.email.data or "", form.password.data or "")
            if isinstance(result, TooManyAttempts):
                return _too_many_attempts_page(result.retry_at)
            if isinstance(result, SignInGranted):
                begin_sign_in_session(result)
                return redirect_after_post(target)
            form.password.errors = [_("The e-mail address or the password is not right.")]
    return _form_page("auth/sign_in.html", form, target=target, course=_course_of_organisation())


def _attempt_sign_in(email: str, password: str) -> SignInGranted | WrongPassword | TooManyAttempts:
    """Read, verify, then write shortly: when many people sign in at once, nobody waits for the hash of another person."""
    found = actions.find_account(db(), email, _request_source(), now())
    if isinstance(found, TooManyAttempts):
        return found
    discard_request_state()  # no connection is held while the password is verified
    checked = actions.check_password(found, password)
    with unit_of_work() as session:
        return actions.sign_in(session, checked, now())


@pages.post("/sign-out")
@sign_in_required
def sign_out() -> ViewResponse:
    """End this sign-in session. A double press leads to the same page."""
    sign_out_browser(now(), others_wait="others" in request.form)
    return redirect_after_post(url_for("auth.sign_in"))


@pages.route("/forgotten", methods=["GET", "POST"])
@public
def forgotten_password() -> ViewResponse:
    """Mail a link to choose another password; the answer does not tell whether there is an account."""
    form = ForgottenPasswordForm()
    if form.validate_on_submit():
        email = form.email.data or ""
        at = now()
        with unit_of_work() as session:
            wait = actions.request_link(session, email, _request_source(), at)
            if wait is None:
                # By a job, so that it takes no longer where somebody has the address.
                enqueue(make_context(session, None, at), PASSWORD_LINK, {"email": email})
        if wait is not None:
            return _too_many_attempts_page(wait.retry_at)
        return make_response(render_template("auth/forgotten_sent.html", email=email))
    return _form_page("auth/forgotten.html", form)


@pages.route("/link/<token>", methods=["GET", "POST"])
@public
def choose_password(token: str) -> ViewResponse:
    """Choose a password by a link from a mail. A GET does not use the link up: programs that scan mail open links too."""
    at = now()
    found = queries.find_link(db(), token, set_up=False, at=at)
    if found is None:
        return _expired_link_page()
    form = NewPasswordForm()
    if form.validate_on_submit() and check_new_password(form.password, found.email, found.name, _organisation_name()):
        discard_request_state()
        with _told_if_busy(form.password):
            password_hash = password_hashing.hash_password(form.password.data or "")
            with unit_of_work() as session:
                granted = actions.set_password_by_link(session, token, password_hash, at)
            if granted is None:
                return _expired_link_page()
            begin_sign_in_session(granted)
            return redirect_after_post(url_for("dashboard.home"))
    return _form_page("auth/link.html", form, link=found, token=token)


def _expired_link_page() -> Response:
    return _gone_page(
        _("This link no longer works"), _("It has been used, it has expired, or a newer one has been sent.")
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
        with _told_if_busy(form.password):
            password_hash = password_hashing.hash_password(form.password.data or "")
            details = SetUpDetails(organisation, form.nation.data, name, email, password_hash, form.pathway.data)
            with unit_of_work() as session:
                granted = actions.set_up(session, token, details, at)
            if granted is None:
                return _expired_set_up_page()
            begin_sign_in_session(granted)
            return redirect_after_post(url_for("organisation.settings"))
    return _form_page("auth/set_up.html", form, token=token)


def _expired_set_up_page() -> Response:
    return _gone_page(
        _("This set-up link no longer works"),
        _(
            "The course is already set up, or the link has expired. Without an organisation yet, "
            "'flask signin set-up-link' on the server prints another one."
        ),
    )


@pages.route("/me", methods=["GET", "POST"])
@sign_in_required
def account() -> ViewResponse:
    """The person's own name, address and roles; changing the password; signing out."""
    g.here = "me"
    person = current_user.person
    form = ChangePasswordForm()
    if form.validate_on_submit() and check_new_password(form.password, person.email, person.name, _organisation_name()):
        with _told_if_busy(form.current):
            result = _attempt_password_change(
                person.id, person.email, form.current.data or "", form.password.data or ""
            )
            if isinstance(result, TooManyAttempts):
                return _too_many_attempts_page(result.retry_at)
            if isinstance(result, SignInGranted):
                begin_sign_in_session(result)
                flash(_("Your password has been changed. You have been signed out everywhere else."))
                return redirect_after_post(url_for("auth.account"))
            form.current.errors = [_("This is not your current password.")]
    return _account_page(form, LanguageForm(formdata=None, data={"language": current_language()}))


def _account_page(password_form: ChangePasswordForm, language_form: LanguageForm) -> Response:
    response = _form_page(
        "auth/me.html", password_form, language_form=language_form, languages=languages(),
        seen=person_overview(db(), current_user.person.id),
    )  # fmt: skip
    if language_form.errors:
        response.status_code = 422
    return response


@pages.post("/me/language")
@sign_in_required
def choose_language() -> ViewResponse:
    """Choose the language of pages and mail."""
    g.here = "me"
    form = LanguageForm()
    if not form.validate_on_submit():
        return _account_page(ChangePasswordForm(formdata=None), form)
    with unit_of_work() as session:
        people.choose_language(signed_in_context(session), form.language.data)
    with use_language(form.language.data):
        flash(_("Pages and e-mails are now in %(language)s.", language=language_name(form.language.data)))
    return redirect_after_post(url_for("auth.account"))


def _attempt_password_change(
    person_id: int, email: str, current: str, new: str
) -> SignInGranted | WrongPassword | TooManyAttempts:
    """Verify the current password and hash the new one, then write."""
    found = actions.find_account(db(), email, _request_source(), now())
    if isinstance(found, TooManyAttempts):
        return found
    discard_request_state()
    checked = actions.check_password(found, current)
    password_hash = password_hashing.hash_password(new) if checked.is_correct else ""
    with unit_of_work() as session:
        return actions.change_password(session, person_id, checked, password_hash, now())
