"""The second step of signing in: a passkey, the code of an authenticator app, or a recovery code."""

from __future__ import annotations

from flask import flash, request, url_for

from course.auth import actions, queries
from course.auth.actions import FactorAccepted, SignInGranted, TooManyAttempts, WrongFactor
from course.auth.forms import FactorCodeForm
from course.auth.passkey_checks import PasskeyUse
from course.auth.views.finish import complete_sign_in, finish_sign_in
from course.auth.views.page_context import ViewResponse, form_page, pages, request_source, too_many_attempts_page
from course.auth.views.passkey_answers import ANSWER_FIELD, challenge, checked_answer, site
from course.auth.views.pending import PendingSignIn, read_pending
from course.clock import now
from course.translation import gettext as _
from course.web.access import public
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, unit_of_work


@pages.route("/sign-in/second-step", methods=["GET", "POST"])
@public
def second_step() -> ViewResponse:
    """Ask for the second factor of the person who has just given the first one in this browser."""
    pending = read_pending()
    if pending is None:
        flash(_("Sign in again. The second step has to follow within 15 minutes."))
        return redirect_after_post(url_for("auth.sign_in"))
    person_id = pending.granted.person_id
    form = FactorCodeForm()
    if request.method == "POST" and request.form.get(ANSWER_FIELD):
        used = checked_answer("second", person_id)
        if used is not None and _spend(used):
            return complete_sign_in(pending.granted, pending.method, pending.target, proved_at=now())
        form.code.errors = [_("That did not work with the passkey. Try again, or enter a code.")]
    elif form.validate_on_submit():
        result = _use_code(pending, form.code.data or "")
        if isinstance(result, TooManyAttempts):
            return too_many_attempts_page(result.retry_at)
        if isinstance(result, FactorAccepted):
            return complete_sign_in(pending.granted, pending.method, pending.target, proved_at=now())
        form.code.errors = [_("This code is not right, or it was used already. Wait for the next one, or check it.")]
    found = queries.factors(db(), person_id)
    if not found.is_set_up:  # reset by an administrator meanwhile
        return finish_sign_in(pending.granted, pending.method, pending.target)
    return form_page(
        "auth/second_step.html", form, factors=found, key_site=site(),
        challenge=challenge("second", person_id) if found.passkeys else "",
        credential_ids=queries.credential_ids(db(), person_id),
    )  # fmt: skip


def _use_code(pending: PendingSignIn, typed: str) -> FactorAccepted | WrongFactor | TooManyAttempts:
    with unit_of_work() as session:
        return actions.use_factor_code(session, pending.granted.person_id, typed, request_source(), now())


def _spend(used: PasskeyUse) -> bool:
    with unit_of_work() as session:
        return actions.use_passkey(session, used, now())


@pages.post("/sign-in/passkey")
@public
def passkey_sign_in() -> ViewResponse:
    """Sign in with a passkey alone: it is something that the person has, and opens by what they know or are."""
    used, granted = checked_answer("sign-in"), None
    if used is not None:
        with unit_of_work() as session:
            if actions.use_passkey(session, used, now()):
                granted = actions.grant_sign_in(session, used.passkey.person_id)
    if not isinstance(granted, SignInGranted):
        flash(_("That did not work with the passkey. Try again, or sign in with your password."))
        return redirect_after_post(url_for("auth.sign_in", next=request.args.get("next")))
    return finish_sign_in(granted, "passkey", request.args.get("next"))
