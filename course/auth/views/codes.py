"""One-time codes: signing in with one, and making them for people without an e-mail address."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime

from flask import Response, abort, flash, g, make_response, render_template, request, url_for
from flask_login import current_user

from course.auth import actions, password_hashing, queries
from course.auth.actions import CodeCheck, IssuedCode, SignInGranted, TooManyAttempts, WrongCode
from course.auth.forms import RedeemCodeForm, check_new_password
from course.auth.provider_hooks import provider_refusal
from course.auth.queries import CodePerson
from course.auth.rules import PIN_HINT, format_code, may_issue_code
from course.auth.views.finish import finish_sign_in
from course.auth.views.page_context import (
    ViewResponse,
    form_page,
    organisation_name,
    pages,
    request_source,
    tell_if_busy,
    too_many_attempts_page,
)
from course.clock import now
from course.dates import civil_date
from course.people.access import recordable_person
from course.people.queries import TeamView, ids_recordable_by, ids_without_address, members_below, teams
from course.people.rules import team_subtree
from course.translation import gettext as _
from course.web.access import Permission, public, requires_permission
from course.web.addresses import public_url_for
from course.web.app_state import app_state
from course.web.forms import Form, query_number
from course.web.recent_sign_in import needs_recent_sign_in
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, discard_request_state, signed_in_context, unit_of_work

MAX_CODES = 200  # codes on one sheet: they are made in one short unit of work
_MAX_SHEET = 40  # characters of the random text of a sheet


@pages.route("/code", methods=["GET", "POST"])
@public
def redeem_code() -> ViewResponse:
    """Sign in with a one-time code, and choose a password or a PIN. The code is used up when both are right."""
    form = RedeemCodeForm()
    if request.method == "GET":
        form.login.data = request.args.get("name", "")[:254]
    if form.validate_on_submit():
        checked = actions.find_code(db(), form.login.data or "", form.code.data or "", request_source(), now())
        if isinstance(checked, TooManyAttempts):
            return too_many_attempts_page(checked.retry_at)
        result = _set_password(form, checked)
        if isinstance(result, TooManyAttempts):
            return too_many_attempts_page(result.retry_at)
        if isinstance(result, SignInGranted):
            return finish_sign_in(result, "code", url_for("dashboard.home"))
        if isinstance(result, WrongCode):
            form.code.errors = [
                _(
                    "The name or the code is not right, or the code no longer works. Check both. "
                    "Your manager can give you a new code."
                )
            ]
    return form_page("auth/code.html", form, password_hint=PIN_HINT)


def _set_password(form: RedeemCodeForm, checked: CodeCheck) -> SignInGranted | WrongCode | TooManyAttempts | None:
    """What became of a code and a new password; None if the code is right and the password is not allowed, or too many
    people sign in at this moment. What is wrong with a password is told only to whoever has the right code."""
    chosen, password_hash = form.password.data or "", ""
    if checked.person is not None and checked.is_correct:
        person = checked.person
        if refusal := provider_refusal(person.id):
            form.code.errors = [refusal]
            return None
        if not check_new_password(form.password, person.login, person.name, organisation_name(), person.may_use_pin):
            return None
    discard_request_state()
    with tell_if_busy(form.password):
        # Hashed for a wrong code as well, so that the time does not tell whether somebody has the name.
        password_hash = password_hashing.hash_password(chosen)
    if not password_hash:
        return None
    with unit_of_work() as session:
        return actions.set_password_by_code(session, checked, password_hash, now())


@dataclass(frozen=True)
class CodeStrip:
    """What is printed for one person: name, what they sign in with, the code as it is read out, and until when it works.
    `code` is None for a code that was used or replaced since the sheet was made."""

    name: str
    login: str
    code: str | None
    expires_at: datetime | None


@pages.route("/people/<int(max=2147483647):person_id>/code", methods=["GET", "POST"])
@requires_permission(Permission.ACT_FOR_PEOPLE)
@needs_recent_sign_in
def person_code(person_id: int) -> ViewResponse:
    """Make a one-time code for one person, and show it once."""
    g.here = "people"
    if person_id == current_user.person.id:
        abort(404)
    recordable_person(person_id)
    found = queries.code_person(db(), person_id, _today()) or abort(404)
    refusal = _refusal(found)
    form = Form()
    if form.validate_on_submit():
        if not refusal:
            return _sheet_page([found])
        flash(refusal)
        return redirect_after_post(url_for("auth.person_code", person_id=person_id))
    return make_response(
        render_template(
            "auth/make_code.html",
            person=found,
            refusal=refusal,
            sheet=secrets.token_urlsafe(12),
            expires_at=queries.code_expiries(db(), [person_id], now(), _today()).get(person_id),
        )
    )


def _today() -> date:
    return civil_date(now(), app_state().config.time_zone)


def _refusal(person: CodePerson) -> str:
    """Why the viewer makes no code for this person; empty if they may."""
    if not person.login:
        return _("They have neither an e-mail address nor a sign-in name. Correct their details first.")
    if may_issue_code(current_user.person, person.subject):
        return ""
    if person.has_role:
        return _("Only an administrator can make a code for someone who has a role.")
    return _(
        "They have an e-mail address: they ask for a new link on the sign-in page. An administrator can make a code."
    )


@pages.route("/people/codes", methods=["GET", "POST"])
@requires_permission(Permission.ACT_FOR_PEOPLE)
@needs_recent_sign_in
def codes() -> ViewResponse:
    """Make codes for many people without an e-mail address, on one sheet to print; `team` shows those of a team and below."""
    g.here = "people"
    team_id = query_number("team")
    people = _people_without_address(team_id)
    form = Form()
    if form.validate_on_submit():
        wanted = {int(one) for one in request.form.getlist("person") if one.isdecimal() and len(one) < 10}
        chosen = [one for one in people if one.id in wanted]
        if chosen and len(chosen) <= MAX_CODES:
            return _sheet_page(chosen)
        flash(
            _("Choose at most %(number)s people at a time.", number=MAX_CODES)
            if chosen
            else _("Choose at least one person.")
        )
        return redirect_after_post(url_for("auth.codes", team=team_id))
    return make_response(
        render_template(
            "auth/codes.html",
            people=people,
            expiries=queries.code_expiries(db(), [one.id for one in people], now(), _today()),
            sheet=secrets.token_urlsafe(12),
            limit=MAX_CODES,
            team_id=team_id,
            teams=_visible_teams(),
        )
    )


def _visible_teams() -> list[TeamView]:
    """The teams by which the viewer can narrow the list: an administrator all, a manager those that they manage, and below."""
    viewer, every = current_user.person, teams(db())
    if viewer.administrator:
        return every
    parents = {team.id: team.parent_id for team in every}
    below = {one for team_id in viewer.leads for one in team_subtree(team_id, parents)}
    return [team for team in every if team.id in below]


def _people_without_address(team_id: int | None) -> list[CodePerson]:
    """The people without an address for whom the viewer may make a code; with a team those in it and below."""
    viewer = current_user.person
    ids = set(ids_without_address(db(), viewer))
    if team_id is not None:
        ids &= set(members_below(db(), team_id))
    people = queries.code_people(db(), ids, _today())
    return [one for one in people if one.login and may_issue_code(viewer, one.subject)]


def _sheet_page(people: Sequence[CodePerson]) -> Response:
    """Make the codes and show them, once. Who has left meanwhile, or is no longer theirs, gets none."""
    sheet, secret = request.form.get("sheet", "")[:_MAX_SHEET], app_state().config.secret_key
    issued: dict[int, IssuedCode | None] = {}
    with unit_of_work() as session:
        context = signed_in_context(session)
        still = set(ids_recordable_by(session, current_user.person, [one.id for one in people]))
        for person_id in sorted(still):  # in the order in which everybody locks people
            with suppress(LookupError):  # they have left since the last line
                issued[person_id] = actions.issue_code(context, person_id, secret, sheet)
    strips = [_strip(one, issued[one.id]) for one in people if one.id in issued]
    return make_response(
        render_template(
            "auth/code_sheet.html",
            strips=strips,
            left_out=len(people) - len(strips),
            address=public_url_for("auth.redeem_code"),
            organisation=organisation_name(),
        )
    )


def _strip(person: CodePerson, issued: IssuedCode | None) -> CodeStrip:
    if issued is None:
        return CodeStrip(person.name, person.login, None, None)
    return CodeStrip(person.name, person.login, format_code(issued.code), issued.expires_at)
