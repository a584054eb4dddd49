"""Signing in and out, links to choose a password, the set-up of a fresh course, and one's own page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Blueprint, Response, current_app, flash, g, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.auth import actions, password_hashing, queries
from course.auth.actions import Entered, Origin, SetUp, Wait, Wrong
from course.auth.forms import ChangePasswordForm, ForgottenForm, NewPasswordForm, SetUpForm, SignInForm, password_fits
from course.auth.rules import HINT, link_address, local_path
from course.auth.sign_in_session import enter, leave
from course.clock import now
from course.content.loaded_course import library
from course.mail.message_templates import TOKEN, letter, with_token
from course.mail.rules import Letter
from course.organisation.request_organisation import here_organisation
from course.people.queries import overview, person_by_email
from course.web.access import public, signed_in
from course.web.app_state import state
from course.web.background_threads import in_background
from course.web.forms import Form
from course.web.template_filters import seen_redirect
from course.web.unit_of_work import db, reading_session, undo, unit_of_work

pages = Blueprint("auth", __name__)
Answer = Response | WsgiResponse


def _page(template: str, form: Form, **values: object) -> Response:
    """A page with a form; 422 when something in it is wrong, which keeps what the request did."""
    page = render_template(template, form=form, password_hint=HINT, **values)
    return make_response(page, 422 if form.errors else 200)


def _origin() -> Origin:
    return Origin(request.remote_addr, str(current_app.config["SECRET_KEY"]))


def _ours() -> str:
    """The name of the organisation, of which no password is made."""
    ours = here_organisation()
    return ours.name if ours else ""


def _wait(until: datetime) -> Response:
    """Too many tries: says when the next one is allowed."""
    # Pages show no seconds, so the time is rounded up: who comes then is not turned away again.
    shown = until + timedelta(seconds=59)
    response = make_response(
        render_template("auth/wait.html", until=shown, minutes=(shown - now()).total_seconds() / 60), 429
    )
    response.headers["Retry-After"] = str(max(1, int((until - now()).total_seconds()) + 1))
    return response


def _gone(title: str, text: str) -> Response:
    """A link that does not work any more."""
    return make_response(render_template("auth/gone.html", title=title, text=text), 410)


@pages.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> Answer:
    """E-mail address and password; leads on to where somebody wanted to go."""
    target = local_path(request.args.get("next"))
    if request.method == "GET" and current_user.is_authenticated:
        return seen_redirect(target)
    form = SignInForm()
    if form.validate_on_submit():
        result = _signed_in(form.email.data or "", form.password.data or "")
        if isinstance(result, Wait):
            return _wait(result.until)
        if isinstance(result, Entered):
            enter(result)
            return seen_redirect(target)
        form.password.errors = ["The e-mail address or the password is not right."]
    return _page("auth/sign_in.html", form, target=target)


def _signed_in(email: str, password: str) -> Entered | Wrong | Wait:
    """Read, verify, then a short write: on a morning when everybody signs in nobody waits for the hash of another."""
    found = actions.look_up(db(), email, _origin(), now())
    if isinstance(found, Wait):
        return found
    undo()  # a connection is not kept while the password is verified
    checked = actions.check(found, password)
    with unit_of_work() as session:
        return actions.sign_in(session, checked, now())


@pages.post("/sign-out")
@signed_in
def sign_out() -> Answer:
    """End this session. Whoever presses twice is led to the same page."""
    leave(now())
    return seen_redirect(url_for("auth.sign_in"))


@pages.route("/forgotten", methods=["GET", "POST"])
@public
def forgotten() -> Answer:
    """Mails a link to choose another password; the answer is the same whoever asks."""
    form = ForgottenForm()
    if form.validate_on_submit():
        email = form.email.data or ""
        at = now()
        with unit_of_work() as session:
            wait = actions.ask_for_link(session, email, _origin(), at)
        if wait is not None:
            return _wait(wait.until)
        # Beside the request, so that it takes no longer where somebody has the address.
        in_background(lambda: _send_link(email, at), "a link to choose a password")
        return make_response(render_template("auth/forgotten_sent.html", email=email))
    return _page("auth/forgotten.html", form)


def _send_link(email: str, at: datetime) -> None:
    """Mail a link to whoever has the address and still works here."""
    with reading_session() as session:
        found = person_by_email(session, email)
    if found is None or found.left_at is not None:
        return
    write = _forgotten_letter()
    with unit_of_work() as session:
        actions.send_link(session, found.id, write, at)


def _forgotten_letter() -> Callable[[str], Letter]:
    """The mail with a link, written at once; the link is put in as soon as it is known. Needs no request."""
    course, config = library().course.title, state().config
    # The address of the course as it is set up, never the one that a request claims to have come to.
    link = link_address(config.public_url, TOKEN)
    return with_token(letter("forgotten.txt", f"Choose a new password: {course}", course=course, link=link))


@pages.route("/link/<token>", methods=["GET", "POST"])
@public
def link(token: str) -> Answer:
    """Choose a password by a link from a mail. Looking at it uses nothing up: programs that check mail look too."""
    at = now()
    found = queries.link(db(), token, set_up=False, at=at)
    if found is None:
        return _no_link()
    form = NewPasswordForm()
    if form.validate_on_submit() and password_fits(form.password, found.email, found.name, _ours()):
        undo()
        kept = password_hashing.hashed(form.password.data or "")
        with unit_of_work() as session:
            entered = actions.use_link(session, token, kept, at)
        if entered is None:
            return _no_link()
        enter(entered)
        return seen_redirect("/")
    return _page("auth/link.html", form, link=found, token=token)


def _no_link() -> Response:
    return _gone("This link no longer works", "It has been used, its time has run out, or a newer one has been sent.")


@pages.route("/set-up/<token>", methods=["GET", "POST"])
@public
def set_up(token: str) -> Answer:
    """Set a fresh course up: the organisation, and its first administrator."""
    at = now()
    if not actions.can_set_up(db(), token, at):
        return _no_set_up()
    form = SetUpForm()
    name, email = form.name.data or "", form.email.data or ""
    organisation = form.organisation.data or ""
    if form.validate_on_submit() and password_fits(form.password, email, name, organisation):
        undo()
        kept = password_hashing.hashed(form.password.data or "")
        given = SetUp(organisation, form.nation.data, name, email, kept, form.pathway.data)
        with unit_of_work() as session:
            entered = actions.set_up(session, token, given, at)
        if entered is None:
            return _no_set_up()
        enter(entered)
        return seen_redirect(url_for("organisation.settings"))
    return _page("auth/set_up.html", form, token=token)


def _no_set_up() -> Response:
    return _gone(
        "This set-up link no longer works",
        "The course has been set up already, or the link has run out. Without an organisation yet, "
        "'flask signin set-up-link' on the server prints another one.",
    )


@pages.route("/me", methods=["GET", "POST"])
@signed_in
def me() -> Answer:
    """My name, address and roles; changing my password; signing out."""
    g.here = "me"
    person = current_user.person
    form = ChangePasswordForm()
    if form.validate_on_submit() and password_fits(form.password, person.email, person.name, _ours()):
        result = _changed(person.id, person.email, form.current.data or "", form.password.data or "")
        if isinstance(result, Wait):
            return _wait(result.until)
        if isinstance(result, Entered):
            enter(result)
            flash("Your password has been changed. You have been signed out everywhere else.")
            return seen_redirect(url_for("auth.me"))
        form.current.errors = ["This is not your current password."]
    return _page("auth/me.html", form, seen=overview(db(), person.id))


def _changed(person_id: int, email: str, current: str, new: str) -> Entered | Wrong | Wait:
    """Both passwords are hashed before anything is written."""
    found = actions.look_up(db(), email, _origin(), now())
    if isinstance(found, Wait):
        return found
    undo()
    checked = actions.check(found, current)
    kept = password_hashing.hashed(new) if checked.fits else ""
    with unit_of_work() as session:
        return actions.change_password(session, person_id, checked, kept, now())
