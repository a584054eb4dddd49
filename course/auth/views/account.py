"""The person's own account: password, language, and an address of their own."""

from __future__ import annotations

from flask import Response, abort, flash, g, redirect, request, session, url_for
from flask_login import current_user

from course.auth import actions, password_hashing, queries
from course.auth.actions import SignInGranted, TooManyAttempts, WrongPassword
from course.auth.forms import (
    ChangePasswordForm,
    LanguageForm,
    OwnAddressForm,
    check_new_password,
)
from course.auth.provider_hooks import comes_from_platform, provider_refusal, provider_ways
from course.auth.rules import PASSWORD_HINT, PIN_HINT, local_path, read_own_address_link
from course.auth.sign_in_session import begin_sign_in_session
from course.auth.views.finish import MUST_SET_UP_KEY
from course.auth.views.page_context import (
    ViewResponse,
    form_page,
    gone_page,
    organisation_name,
    own_account,
    pages,
    request_source,
    tell_if_busy,
    too_many_attempts_page,
)
from course.clock import now
from course.passwords.queries import has_chosen_password
from course.people import actions as people
from course.people.queries import person_overview
from course.translation import current_language, language_name, languages, use_language
from course.translation import gettext as _
from course.web.access import public, sign_in_required
from course.web.app_state import app_state
from course.web.expired_form import entries_response
from course.web.forms import Form
from course.web.redirects import redirect_after_post
from course.web.request_language import is_own_link, keep_chosen_language
from course.web.unit_of_work import db, discard_request_state, signed_in_context, unit_of_work


@pages.route("/me", methods=["GET", "POST"])
@sign_in_required
def account() -> ViewResponse:
    """The person's own name, address and roles; changing the password; signing out."""
    g.here = "me"
    person = current_user.person
    own = own_account()
    form = ChangePasswordForm()
    if form.validate_on_submit() and check_new_password(
        form.password, own.login, person.name, organisation_name(), own.may_use_pin
    ):
        with tell_if_busy(form.current):
            result = _attempt_password_change(person.id, own.login, form.current.data or "", form.password.data or "")
            if isinstance(result, TooManyAttempts):
                return too_many_attempts_page(result.retry_at)
            if isinstance(result, SignInGranted):
                must_set_up = session.get(MUST_SET_UP_KEY)
                begin_sign_in_session(result, "password", goes_on=True)
                if must_set_up is not None:  # the session is a new one, and what it waits for is not
                    session[MUST_SET_UP_KEY] = must_set_up
                flash(_("Your password has been changed. You have been signed out everywhere else."))
                return redirect_after_post(url_for("auth.account"))
            form.current.errors = [_("This is not your current password.")]
    return _account_page(form, own=own)


def _account_page(
    password_form: ChangePasswordForm | None = None,
    language_form: LanguageForm | None = None,
    address_form: OwnAddressForm | None = None,
    own: queries.CodePerson | None = None,
) -> Response:
    """The page of the account with these forms; those that were not sent are empty. `own` is the person, if a view has read
    it already."""
    password_form = password_form or ChangePasswordForm(formdata=None)
    language_form = language_form or LanguageForm(formdata=None, data={"language": current_language()})
    own = own or own_account()
    shown_form = address_form or OwnAddressForm(formdata=None)
    response = form_page(
        "auth/me.html", password_form, language_form=language_form, languages=languages(), address_form=shown_form,
        seen=person_overview(db(), current_user.person.id),
        newest_device_at=None if current_user.person.email else queries.newest_device_at(db(), current_user.person.id),
        password_hint=PIN_HINT if own.may_use_pin else PASSWORD_HINT,
        ways=provider_ways(), has_platforms=comes_from_platform(own.id),
        changes_password=has_chosen_password(db(), own.id) and provider_refusal(own.id) is None,
    )  # fmt: skip
    if language_form.errors or shown_form.errors:
        response.status_code = 422
    return response


@pages.post("/me/address")
@sign_in_required
def add_own_address() -> ViewResponse:
    """Add an address: mails a link to it, with which its owner confirms that it is theirs. The answer does not tell whether
    somebody has the address."""
    g.here = "me"
    if current_user.person.email:
        flash(_("You already have an e-mail address here. Ask an administrator to change it."))
        return redirect_after_post(url_for("auth.account"))
    form = OwnAddressForm()
    if not form.validate_on_submit():
        return _account_page(address_form=form)
    address, at = form.address.data or "", now()
    with unit_of_work() as session:
        wait = actions.request_own_address(signed_in_context(session, at), address, request_source())
    if wait is not None:
        return too_many_attempts_page(wait.retry_at)
    flash(_("We are sending an e-mail to %(email)s. Open the link in it within one day.", email=address))
    return redirect_after_post(url_for("auth.account"))


@pages.route("/me/address/<token>", methods=["GET", "POST"])
@sign_in_required
def confirm_own_address(token: str) -> ViewResponse:
    """Confirm an address by the link that was mailed to it. A GET changes nothing: programs that scan mail open links too."""
    g.here = "me"
    at, own = now(), current_user.person
    link = read_own_address_link(token, app_state().config.secret_key, own.id, at)
    if link is None or own.email:
        return gone_page(
            _("This link no longer works"),
            _("It has expired, you have an address already, or it is for someone else. Sign in as yourself to use it."),
        )
    form = Form()
    if form.validate_on_submit():
        with unit_of_work() as session:
            refused = actions.confirm_own_address(signed_in_context(session, at), link.address)
        if refused is None:
            flash(
                _("Saved. You can sign in with %(email)s from now on, and with your sign-in name.", email=link.address)
            )
            return redirect_after_post(url_for("auth.account"))
        flash(str(refused.message))
        return redirect_after_post(url_for("auth.account"))
    return form_page("auth/own_address.html", form, address=link.address, token_text=token)


@pages.post("/me/language")
@sign_in_required
def choose_language() -> ViewResponse:
    """Choose the language of pages and mail."""
    g.here = "me"
    form = LanguageForm()
    if not form.validate_on_submit():
        return _account_page(language_form=form)
    with unit_of_work() as session:
        people.choose_language(signed_in_context(session), form.language.data)
    with use_language(form.language.data):
        flash(_("Pages and e-mails are now in %(language)s.", language=language_name(form.language.data)))
    return redirect_after_post(url_for("auth.account"))


@pages.route("/language/<language>", methods=["GET", "POST"])
@public
def choose_language_here(language: str) -> ViewResponse:
    """Choose the language by the link at the top of a page, and go back to the page that `next` names. Whoever is signed in
    keeps the choice. From the page of a form that was sent, a POST brings what was entered, to be sent again."""
    if language not in languages():
        abort(404)
    back = local_path(request.args.get("next"))
    if not is_own_link():
        return redirect(back, 303)
    keep_chosen_language(language)
    person = current_user.person
    if person is not None and person.language != language:
        with unit_of_work(claim_form_key=False) as unit:
            people.choose_language(signed_in_context(unit), language)
        discard_request_state()
    if request.method == "POST":
        with use_language(language):
            kept = entries_response()
            if kept is not None:
                return kept
            flash(_("What you entered was not kept. Enter it again."))
    return redirect(back, 303)


def _attempt_password_change(
    person_id: int, login: str, current: str, new: str
) -> SignInGranted | WrongPassword | TooManyAttempts:
    """Verify the current password and hash the new one, then write."""
    found = actions.find_account(db(), login, request_source(), now())
    if isinstance(found, TooManyAttempts):
        return found
    discard_request_state()
    checked = actions.check_password(found, current)
    password_hash = password_hashing.hash_password(new) if checked.is_correct else ""
    with unit_of_work() as session:
        return actions.change_password(session, person_id, checked, password_hash, now())
