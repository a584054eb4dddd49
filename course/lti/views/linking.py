"""Linking the account of a launch to the person who signs in here, in the window of its own."""

from __future__ import annotations

import hmac

from flask import current_app, flash, make_response, render_template, request, url_for
from flask_login import current_user

from course.auth.sign_in_session import sign_out_browser
from course.clock import now
from course.context import make_context
from course.lti import actions, queries
from course.lti.rules.accounts import own_link_refusal
from course.lti.rules.problems import LtiProblem, problem_words
from course.lti.rules.registration import PlatformSettings
from course.lti.rules.sealed import AccountLinking, Newcomer, linking_cookie, new_linking
from course.lti.views.page_context import ViewResponse, pages, problem_page, protocol
from course.translation import gettext as _
from course.web.access import public, sign_in_required
from course.web.app_state import app_state
from course.web.expired_form import is_same_origin
from course.web.recent_sign_in import needs_recent_sign_in
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, signed_in_context, unit_of_work


@protocol.post("/link")
@public
def begin_linking() -> ViewResponse:
    """Where the button “I have an account here already” of a launch leads, in a window of its own: on to the sign-in. Nothing is
    linked before somebody has signed in in this very browser."""
    text, secret = request.form.get("ticket", ""), app_state().config.secret_key
    newcomer = Newcomer.open(text, secret, now())
    settings = queries.platform(db(), newcomer.registration_id) if newcomer else None
    if newcomer is None or settings is None or not is_same_origin():
        return problem_page(LtiProblem.TICKET, settings)
    if settings.state != "on":
        return problem_page(LtiProblem.OFF, settings)
    linking = new_linking(newcomer, now())
    sealed = linking.seal(secret)
    response = redirect_after_post(url_for("lti.link_account", linking=sealed))
    response.set_cookie(
        linking_cookie(sealed), linking.binding, max_age=AccountLinking.LIFETIME, path=url_for("lti.link_account"),
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]), httponly=True,
        samesite="Lax",  # not translated: a word of cookies
    )  # fmt: skip
    return response


def _linking(text: str) -> tuple[AccountLinking, PlatformSettings] | None:
    """The linking that this browser began, and its platform."""
    found = AccountLinking.open(text, app_state().config.secret_key, now())
    settings = queries.platform(db(), found.registration_id) if found else None
    if found is None or settings is None:
        return None
    brought = request.cookies.get(linking_cookie(text), "")
    return (found, settings) if hmac.compare_digest(brought.encode(), found.binding.encode()) else None


@pages.get("/link-account")
@sign_in_required
def link_account() -> ViewResponse:
    """Ask the signed-in person whether the account is theirs; it may be somebody else who is signed in in this browser."""
    text = request.args.get("linking", "")
    found = _linking(text)
    if found is None:
        return _refused(LtiProblem.LINKING, "")
    linking, settings = found
    person_id = current_user.person.id
    context = make_context(db(), person_id, now())
    known = queries.own_link(db(), settings.id, linking.subject, person_id, context.today)
    if known.linked_to == person_id:
        return redirect_after_post(linking.target)  # done in another window
    refusal = LtiProblem.OFF if settings.state != "on" else own_link_refusal(person_id, known)
    if refusal is not None:
        return _refused(refusal, settings.name, text)
    return make_response(
        render_template(
            "lti/link_account.html", platform=settings.name, linking=linking, sealed=text, me=current_user.person
        )
    )


@pages.post("/link-account")
@sign_in_required
@needs_recent_sign_in
def confirm_linking() -> ViewResponse:
    """Link the account to the signed-in person."""
    found = _linking(request.form.get("linking", ""))
    if found is None:
        return _refused(LtiProblem.LINKING, "")
    linking, settings = found
    with unit_of_work() as unit:
        refusal = actions.link_own_account(signed_in_context(unit), linking)
    if refusal is not None:
        return _refused(refusal, settings.name, request.form["linking"])
    flash(_("Your account at %(name)s is linked to you. It opens the course from now on.", name=settings.name))
    return redirect_after_post(linking.target)


@pages.post("/link-account/someone-else")
@sign_in_required
def sign_in_as_owner() -> ViewResponse:
    """Somebody else is signed in in this browser: sign them out, and let the owner of the account sign in."""
    text = request.form.get("linking", "")
    if _linking(text) is None:
        return _refused(LtiProblem.LINKING, "")
    sign_out_browser(now())
    return redirect_after_post(url_for("auth.sign_in", next=url_for("lti.link_account", linking=text)))


def _refused(problem: LtiProblem, name: str, sealed: str = "") -> ViewResponse:
    """Why the account cannot be linked, in an ordinary page; with `sealed` somebody else may sign in."""
    what, advice = problem_words(problem, name or _("The platform"))
    page = render_template("lti/not_linked.html", what=what, advice=advice, sealed=sealed, me=current_user.person)
    return make_response(page, 400 if problem in (LtiProblem.LINKING, LtiProblem.OFF) else 403)
