"""Before sensitive deeds: a person who signed in a while ago proves again that it is them, and then goes on."""

from __future__ import annotations

from datetime import datetime

from flask import Flask, Response, make_response, render_template, request
from flask_login import current_user

from course.auth import actions, queries
from course.auth.actions import FactorAccepted, SignInGranted, TooManyAttempts, WrongPassword
from course.auth.forms import FactorCodeForm, ProofForm
from course.auth.provider_hooks import provider_proof_buttons
from course.auth.rules import local_path
from course.auth.views.page_context import (
    ViewResponse,
    form_page,
    own_account,
    pages,
    request_source,
    tell_if_busy,
    too_many_attempts_page,
)
from course.auth.views.passkey_answers import ANSWER_FIELD, challenge, checked_answer, site
from course.clock import now
from course.passwords.queries import has_chosen_password
from course.translation import gettext as _
from course.web.access import sign_in_required
from course.web.expired_form import is_same_origin, keep_form, open_kept_form, seal_form
from course.web.proxy_checks import split_address
from course.web.recent_sign_in import PROOF_PAGE, note_proof
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, discard_request_state, unit_of_work

MAX_CARRIED_FORM = (
    3500  # characters of a form that waits in a cookie: browsers keep 4096 bytes with name and attributes
)
ASKED_STATUS = 409  # as for every form that waits for something before it can be accepted


def init(app: Flask) -> None:
    """Let the access check ask for a proof."""
    app.extensions[PROOF_PAGE] = proof_page


def proof_page() -> Response:
    """The page that asks for a proof instead of doing what this request wants. It holds the form that was sent, encrypted."""
    if request.method != "POST":
        return _proof_form_page(ProofForm(formdata=None, data={"next": request.full_path.rstrip("?")}), 200)
    kept = keep_form()
    sealed = seal_form(kept) if kept is not None else None
    form = ProofForm(formdata=None, data={"kept": sealed or "", "next": _page_of_form()})
    return _proof_form_page(form, ASKED_STATUS, is_lost=sealed is None)


def unproved_page(problem: tuple[str, str], sealed: str, target: str, status: int) -> Response:
    """The page that asks for a proof once more, in another way, after an identity provider gave none: `problem` is what
    happened and what the person can do. The form that waits, `sealed`, still waits."""
    form = ProofForm(formdata=None, data={"kept": sealed, "next": target})
    return _proof_form_page(form, status, problem=problem)


def _page_of_form() -> str:
    """The path of the page that the form of this request stood on, as far as the browser tells it."""
    came_from = split_address(request.headers.get("Referer", ""))
    return came_from.path + (f"?{came_from.query}" if came_from.query else "") if is_same_origin() else ""


def _proof_form_page(
    form: ProofForm,
    status: int | None = None,
    is_lost: bool = False,
    code_form: FactorCodeForm | None = None,
    problem: tuple[str, str] | None = None,
) -> Response:
    person_id = current_user.person.id
    found = queries.factors(db(), person_id)
    response = form_page(
        "auth/proof.html", form, is_lost=is_lost, factors=found, problem=problem,
        code_form=code_form or FactorCodeForm(formdata=None),
        has_password=has_chosen_password(db(), person_id), key_site=site(),
        providers=provider_proof_buttons(person_id), max_carried=MAX_CARRIED_FORM,
        challenge=challenge("prove", person_id) if found.passkeys else "",
        credential_ids=queries.credential_ids(db(), person_id),
    )  # fmt: skip
    if code_form is not None:
        response.status_code = 422
    return response if status is None else make_response(response, status)


@pages.route("/me/proof", methods=["GET", "POST"])
@sign_in_required
def prove() -> ViewResponse:
    """Prove who is signed in, by the password, a code of the app or a passkey; then the form that waited can be sent, or the
    page opens."""
    form = ProofForm()
    if request.method == "GET":
        form.next.data = local_path(request.args.get("next"))
    elif request.form.get(ANSWER_FIELD):
        return _prove_by_passkey(form)
    elif "code" in request.form:
        return _prove_by_code(form)
    if form.validate_on_submit():
        with tell_if_busy(form.password):
            result = _check_proof(form.password.data or "")
            if isinstance(result, TooManyAttempts):
                return too_many_attempts_page(result.retry_at)
            if isinstance(result, SignInGranted):
                return _go_on(form)
            form.password.errors = [_("This is not your password.")]
    return _proof_form_page(form)


def _prove_by_passkey(form: ProofForm) -> ViewResponse:
    used = checked_answer("prove", current_user.person.id)
    is_accepted = False
    if used is not None:
        with unit_of_work(claim_form_key=False) as session:
            is_accepted = actions.use_passkey(session, used, now())
    if is_accepted:
        return _go_on(form)
    form.password.errors = [_("That did not work with the passkey. Try again, or enter your password.")]
    return _proof_form_page(form)


def _prove_by_code(form: ProofForm) -> ViewResponse:
    code_form = FactorCodeForm()
    if code_form.validate_on_submit():
        with unit_of_work(claim_form_key=False) as session:
            result = actions.use_factor_code(
                session, current_user.person.id, code_form.code.data or "", request_source(), now()
            )
        if isinstance(result, TooManyAttempts):
            return too_many_attempts_page(result.retry_at)
        if isinstance(result, FactorAccepted):
            return _go_on(form)
        code_form.code.errors = [_("This code is not right, or it was used already. Wait for the next one.")]
    return _proof_form_page(form, code_form=code_form)


def _go_on(form: ProofForm) -> ViewResponse:
    return proved_page(now(), form.kept.data or "", form.next.data or "")


def proved_page(at: datetime, sealed: str, target: str) -> ViewResponse:
    """Note the proof of the moment `at`, and show the page that sends the form which waited, `sealed`; without one the page
    that was asked for."""
    note_proof(at)
    kept = open_kept_form(sealed)
    if kept is None:
        return redirect_after_post(local_path(target))
    return make_response(render_template("auth/proved.html", path=kept.path, hidden=kept.fields, files=kept.had_files))


def _check_proof(password: str) -> SignInGranted | WrongPassword | TooManyAttempts:
    """Read, verify, then write shortly, as at sign-in. A wrong password counts as a failed sign-in."""
    person_id = current_user.person.id
    own = own_account()
    found = actions.find_account(db(), own.login, request_source(), now())
    if isinstance(found, TooManyAttempts):
        return found
    discard_request_state()
    checked = actions.check_password(found, password)
    with unit_of_work(claim_form_key=False) as session:
        confirmed = actions.confirm_check(session, checked, now())
    is_own = isinstance(confirmed, SignInGranted) and confirmed.person_id == person_id
    return WrongPassword() if isinstance(confirmed, SignInGranted) and not is_own else confirmed
