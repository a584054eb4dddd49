"""Signing in and out, links to choose a password, the set-up of a fresh course, and one's own page."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Blueprint, Response, current_app, flash, g, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.clock import now
from course.content.current import library
from course.mail.letters import letter
from course.mail.rules import Letter
from course.people.queries import overview
from course.signin import actions, queries
from course.signin.actions import Entered, Origin, SetUp, Wait
from course.signin.forms import (
    PASSWORD_HINT,
    ChangePasswordForm,
    ForgottenForm,
    NewPasswordForm,
    SetUpForm,
    SignInForm,
    password_fits,
)
from course.signin.rules import local_path
from course.signin.session import enter, leave
from course.web.access import public, signed_in
from course.web.forms import Form
from course.web.html import seen_redirect
from course.web.session import db, unit_of_work
from course.web.site import state

pages = Blueprint("signin", __name__)
Answer = Response | WsgiResponse


def _page(template: str, form: Form, **values: object) -> Response:
    """A page with a form; 422 when something in it is wrong, which keeps what the request did."""
    page = render_template(template, form=form, password_hint=PASSWORD_HINT, **values)
    return make_response(page, 422 if form.errors else 200)


def _origin() -> Origin:
    return Origin(request.remote_addr, str(current_app.config["SECRET_KEY"]))


def _wait(until: datetime) -> Response:
    """Too many tries: says when the next one is allowed."""
    # Pages show no seconds, so the time is rounded up: who comes then is not turned away again.
    shown = until + timedelta(seconds=59)
    response = make_response(
        render_template("signin/wait.html", until=shown, minutes=(shown - now()).total_seconds() / 60), 429
    )
    response.headers["Retry-After"] = str(max(1, int((until - now()).total_seconds()) + 1))
    return response


def _gone(title: str, text: str) -> Response:
    """A link that does not work any more."""
    return make_response(render_template("signin/gone.html", title=title, text=text), 410)


@pages.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> Answer:
    """E-mail address and password; leads on to where somebody wanted to go."""
    target = local_path(request.args.get("next"))
    if request.method == "GET" and current_user.is_authenticated:
        return seen_redirect(target)
    form = SignInForm()
    if form.validate_on_submit():
        with unit_of_work() as session:
            result = actions.sign_in(session, form.email.data or "", form.password.data or "", _origin(), now())
        if isinstance(result, Wait):
            return _wait(result.until)
        if isinstance(result, Entered):
            enter(result)
            return seen_redirect(target)
        form.password.errors = ["The e-mail address or the password is not right."]
    return _page("signin/sign_in.html", form, target=target)


@pages.post("/sign-out")
@signed_in
def sign_out() -> Answer:
    """End this session."""
    leave(now())
    return seen_redirect(url_for("signin.sign_in"))


@pages.route("/forgotten", methods=["GET", "POST"])
@public
def forgotten() -> Answer:
    """Mails a link to choose another password; the answer is the same whoever asks."""
    form = ForgottenForm()
    if form.validate_on_submit():
        email = form.email.data or ""
        with unit_of_work() as session:
            wait = actions.forgotten(session, email, _forgotten_letter, _origin(), now())
        if wait is not None:
            return _wait(wait.until)
        return make_response(render_template("signin/forgotten_sent.html", email=email))
    return _page("signin/forgotten.html", form)


def _forgotten_letter(token: str) -> Letter:
    course = library().course.title
    # The address of the course as it is set up, never the one that a request claims to have come to.
    link = state().config.public_url + url_for("signin.link", token=token)
    return letter("forgotten.txt", f"Choose a new password: {course}", course=course, link=link)


@pages.route("/link/<token>", methods=["GET", "POST"])
@public
def link(token: str) -> Answer:
    """Choose a password by a link from a mail. Looking at it uses nothing up: programs that check mail look too."""
    at = now()
    found = queries.link(db(), token, set_up=False, at=at)
    if found is None:
        return _no_link()
    form = NewPasswordForm()
    if form.validate_on_submit() and password_fits(form.password, found.email, found.name):
        with unit_of_work() as session:
            entered = actions.use_link(session, token, form.password.data or "", at)
        if entered is None:
            return _no_link()
        enter(entered)
        return seen_redirect("/")
    return _page("signin/link.html", form, link=found, token=token)


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
    if form.validate_on_submit() and password_fits(form.password, email, name):
        given = SetUp(
            form.organisation.data or "", form.nation.data, name, email, form.password.data or "", form.pathway.data
        )
        with unit_of_work() as session:
            entered = actions.set_up(session, token, given, at)
        if entered is None:
            return _no_set_up()
        enter(entered)
        return seen_redirect(url_for("organisation.settings"))
    return _page("signin/set_up.html", form, token=token)


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
    if form.validate_on_submit() and password_fits(form.password, person.email, person.name):
        with unit_of_work() as session:
            result = actions.change_password(
                session, person.id, form.current.data or "", form.password.data or "", _origin(), now()
            )
        if isinstance(result, Wait):
            return _wait(result.until)
        if isinstance(result, Entered):
            enter(result)
            flash("Your password has been changed. You have been signed out everywhere else.")
            return seen_redirect(url_for("signin.me"))
        form.current.errors = ["This is not your current password."]
    return _page("signin/me.html", form, seen=overview(db(), person.id))
