"""The person's own second factors: passkeys, an authenticator app, and recovery codes."""

from __future__ import annotations

from flask import Response, flash, g, make_response, render_template, request, session, url_for
from flask_login import current_user
from markupsafe import Markup

from course.auth import actions, queries
from course.auth.forms import AppForm, PasskeyForm
from course.auth.passkey_checks import check_new_passkey
from course.auth.rules import (
    app_address,
    format_recovery_code,
    grouped_secret,
    new_app_secret,
    new_recovery_codes,
    seal_app_secret,
    unseal_app_secret,
)
from course.auth.views.finish import MUST_SET_UP_KEY
from course.auth.views.page_context import ViewResponse, form_page, organisation_name, own_account, pages
from course.auth.views.passkey_answers import challenge, site, submitted_answer
from course.clock import now
from course.translation import gettext as _
from course.web.access import sign_in_required
from course.web.app_state import app_state
from course.web.csrf import opaque_id
from course.web.forms import Form
from course.web.recent_sign_in import needs_recent_sign_in
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, signed_in_context, unit_of_work


@pages.get("/me/second-factor")
@sign_in_required
def second_factor() -> ViewResponse:
    """What the person has for the second step of signing in."""
    g.here = "me"
    return _factors_page(PasskeyForm(formdata=None))


def _factors_page(form: PasskeyForm) -> Response:
    person = current_user.person
    own = own_account()
    return form_page(
        "auth/second_factor.html", form, factors=queries.factors(db(), person.id), key_site=site(),
        challenge=challenge("add", person.id), user_handle=opaque_id(person.id), login=own.login or person.name,
        credential_ids=queries.credential_ids(db(), person.id), must_set_up=session.get(MUST_SET_UP_KEY),
    )  # fmt: skip


@pages.post("/me/second-factor/passkeys")
@sign_in_required
@needs_recent_sign_in
def add_passkey() -> ViewResponse:
    """Add the passkey that the browser has just made."""
    g.here = "me"
    form = PasskeyForm()
    answer = submitted_answer("add", current_user.person.id)
    made = check_new_passkey(answer, site()) if answer is not None else None
    if form.validate_on_submit() and answer is not None and made is not None:
        with unit_of_work() as unit:
            added = actions.add_passkey(signed_in_context(unit), made, form.name.data or "", answer.challenge)
        if added:
            return _set_up_done(_("The passkey has been added."))
        made = None
    if made is None and not form.errors:
        form.name.errors = [_("The passkey was not added. Try again.")]
    return _factors_page(form)


def _set_up_done(message: str) -> ViewResponse:
    """Go on after a second factor was added: to recovery codes if there are none."""
    if MUST_SET_UP_KEY in session:
        session[MUST_SET_UP_KEY] = False
    flash(message)
    found = queries.factors(db(), current_user.person.id)
    return redirect_after_post(url_for("auth.second_factor" if found.codes_left else "auth.recovery_codes"))


def _removed(message: str) -> ViewResponse:
    """Go back to the page after a second factor was removed. Who had to set one up in this session has to again, if it was
    the last."""
    if MUST_SET_UP_KEY in session:
        session[MUST_SET_UP_KEY] = not queries.factors(db(), current_user.person.id).is_set_up
    flash(message)
    return redirect_after_post(url_for("auth.second_factor"))


@pages.post("/me/second-factor/passkeys/<int(max=2147483647):passkey_id>/remove")
@sign_in_required
@needs_recent_sign_in
def remove_passkey(passkey_id: int) -> ViewResponse:
    """Remove a passkey; a second press leads to the same page."""
    with unit_of_work() as unit:
        removed = actions.remove_passkey(signed_in_context(unit), passkey_id)
    return _removed(_("The passkey has been removed.") if removed else _("The passkey had been removed before."))


@pages.route("/me/second-factor/app", methods=["GET", "POST"])
@sign_in_required
@needs_recent_sign_in
def app() -> ViewResponse:
    """Set up an authenticator app: shows its key as a QR code and as text, until a code shows that the app has it."""
    g.here = "me"
    form, secret, person_id = AppForm(), app_state().config.secret_key, current_user.person.id
    app_secret = unseal_app_secret(form.key.data or "", secret, person_id) if request.method == "POST" else None
    if form.validate_on_submit() and app_secret is not None:
        with unit_of_work() as unit:
            added = actions.add_app(signed_in_context(unit), app_secret, form.code.data or "", secret)
        if added:
            return _set_up_done(_("The authenticator app has been added."))
        form.code.errors = [
            _("This code is not right. Check that the clock of your phone is right, and enter the code shown now.")
        ]
    elif request.method == "POST" and app_secret is None:
        form.code.errors = [_("The key on that page is too old. Here is a new one: scan it again.")]
    app_secret = app_secret or new_app_secret()
    form.key.data = seal_app_secret(app_secret, secret, person_id)
    own = own_account()
    address = app_address(app_secret, own.login or current_user.person.name, organisation_name() or site().host)
    import segno  # noqa: PLC0415 (few processes draw a code)

    picture = segno.make(address, error="m", micro=False).svg_inline(border=4, omitsize=True)
    return form_page(
        "auth/app.html", form, picture=Markup(picture), key=grouped_secret(app_secret),  # noqa: S704 (an SVG of modules)
        replaces=queries.authenticator(db(), person_id) is not None,
    )  # fmt: skip


@pages.post("/me/second-factor/app/remove")
@sign_in_required
@needs_recent_sign_in
def remove_app() -> ViewResponse:
    """Remove the authenticator app; a second press leads to the same page."""
    with unit_of_work() as unit:
        removed = actions.remove_app(signed_in_context(unit))
    return _removed(_("The authenticator app has been removed.") if removed else _("It had been removed before."))


@pages.route("/me/second-factor/codes", methods=["GET", "POST"])
@sign_in_required
@needs_recent_sign_in
def recovery_codes() -> ViewResponse:
    """Make ten recovery codes in place of the earlier ones, and show them once."""
    g.here = "me"
    found = queries.factors(db(), current_user.person.id)
    if not found.is_set_up:
        flash(
            _(
                "Add a passkey or an authenticator app first. Recovery codes are for the day you do not have it with you."
            )
        )
        return redirect_after_post(url_for("auth.second_factor"))
    form = Form()
    if not form.validate_on_submit():
        return form_page("auth/recovery_codes.html", form, factors=found, codes=None)
    codes = new_recovery_codes()
    with unit_of_work() as unit:
        actions.store_recovery_codes(signed_in_context(unit), codes, app_state().config.secret_key)
    return make_response(
        render_template(
            "auth/recovery_codes.html", form=form, factors=found, made_at=now(),
            codes=[format_recovery_code(code) for code in codes],
        )
    )  # fmt: skip
