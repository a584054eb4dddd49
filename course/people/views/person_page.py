"""What administrators change about a person: identity, teams, roles, departure, return, and merging two entries."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from flask import abort, flash, make_response, render_template, request, url_for
from flask_login import current_user

from course.clock import now
from course.context import Context
from course.dates import civil_date, format_date
from course.people import actions, queries
from course.people.actions.directory import Refusal
from course.people.forms.directory import selected_team_id, team_choices
from course.people.forms.person_page import (
    GRANTABLE_ROLES,
    NEVER_LEFT,
    CorrectIdentityForm,
    DepartureForm,
    GrantRoleForm,
    MergePeopleForm,
    ReturnForm,
    TeamMembershipForm,
)
from course.people.queries import person_by_login, teams
from course.people.queries.ownership import membership_owner, owned_fields
from course.people.rules import (
    ROLE_DESCRIPTIONS,
    PersonIdentity,
    grantable_roles,
    is_undeliverable,
    login_label,
    may_change_entry,
)
from course.people.rules.ownership import IDENTITY_FIELDS, owned_elsewhere
from course.people.views.page_context import PageResponse, open_questions, pages
from course.translation import gettext as _
from course.translation import lazy_gettext
from course.web.access import Permission, requires_permission
from course.web.app_state import app_state
from course.web.forms import Form, is_outdated, shown_fingerprint
from course.web.recent_sign_in import needs_recent_sign_in
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import WriteSession, db, signed_in_context, unit_of_work

GUARDED_ENTRY = lazy_gettext("This person is an administrator or auditor. Only an administrator can change this entry.")
OTHER_ROLES = lazy_gettext("Only an administrator can remove this role.")


@pages.get("/left")
@requires_permission(Permission.MANAGE_PEOPLE)
def leavers() -> str:
    """Who has left, and can come back."""
    return render_template("people/leavers.html", people=queries.leavers(db()))


@pages.route("/<int(max=2147483647):person_id>/correct", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_PEOPLE)
def correct_identity(person_id: int) -> PageResponse:
    """Another name, address, staff number, sign-in name or job role."""
    found = _person_or_404(person_id, here=True)
    shown = {one: getattr(found.person, one) or "" for one in IDENTITY_FIELDS}
    form = CorrectIdentityForm(obj=found.person, data={"was": shown_fingerprint(shown)})
    before, owned = found.person.email, owned_fields(db(), person_id).fields
    for line in form:
        if line.name in owned:
            line.render_kw = {**(line.render_kw or {}), "readonly": True}

    def deed(session: WriteSession) -> Refusal | None:
        return actions.change_identity(signed_in_context(session), person_id, form.identity(), form.reason.data or "")

    def questions() -> dict[str, str]:
        one = found.person
        known = PersonIdentity(one.name, one.email, one.staff_number, one.sign_in_name, one.job_role)
        return open_questions(form.identity(), person_id, known)

    def done() -> str:
        if found.person.email == before:
            return _("Saved. Certificates they already have keep the earlier name.")
        if found.seen and not found.seen.active and found.person.email is None:
            return _("Saved. The link sent to the old address no longer works. Make a one-time code for them.")
        if found.seen and not found.seen.active:
            return _("Saved. The link sent to the old address no longer works. Send the invitation again.")
        login = login_label(found.person.email, found.person.sign_in_name)
        return _("Saved. They now sign in as %(email)s with the same password.", email=login)

    page = _ChangePage(
        _("Correct"), _("Save"), guarded="name", owned={name: owned_elsewhere(source) for name, source in owned.items()},
        questions=questions, shown=shown,
    )  # fmt: skip
    return _handle_change(form, found, page, deed, done)


@pages.route("/<int(max=2147483647):person_id>/teams", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_PEOPLE)
def join_team(person_id: int) -> PageResponse:
    """Another team, or one more."""
    found = _person_or_404(person_id, here=True)
    form = TeamMembershipForm()
    form.team.choices = team_choices(teams(db()), _("Choose a team"))

    def deed(session: WriteSession) -> Refusal | None:
        team = selected_team_id(form.team.data)
        if team is None:
            return Refusal("team", _("Choose a team."))
        return actions.join_team(signed_in_context(session), person_id, team, form.how.data == "move")

    page = _ChangePage(_("Team of"), _("Save"))
    return _handle_change(form, found, page, deed, lambda: _("Saved. Earlier days keep the earlier team."))


@pages.post("/<int(max=2147483647):person_id>/teams/<int(max=2147483647):bond_id>/end")
@requires_permission(Permission.MANAGE_PEOPLE)
def leave_team(person_id: int, bond_id: int) -> PageResponse:
    """Somebody is not in a team any more."""
    owner = membership_owner(db(), bond_id)
    with unit_of_work() as session:
        done = actions.leave_team(signed_in_context(session), person_id, bond_id)
    if owner is not None and not done:
        flash(owned_elsewhere(owner))
        return redirect_after_post(url_for("dashboard.person", person_id=person_id))
    flash(_("They were removed from this team.") if done else _("They had already left this team."))
    return redirect_after_post(url_for("dashboard.person", person_id=person_id))


@pages.route("/<int(max=2147483647):person_id>/role", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_PEOPLE)
@needs_recent_sign_in
def grant_role(person_id: int) -> PageResponse:
    """Give somebody a role."""
    found = _person_or_404(person_id, here=True)
    given, form = grantable_roles(current_user.person), GrantRoleForm(data={"role": "manager"})
    form.role.choices = {role: words for role, words in GRANTABLE_ROLES.items() if role in given}
    form.team.choices = team_choices(teams(db()), _("No team"))
    if given == ("manager",):
        del form.last_day

    def deed(session: WriteSession) -> Refusal | None:
        last_day = form.last_day.data if "last_day" in form else None
        team = selected_team_id(form.team.data)
        return actions.grant_role(signed_in_context(session), person_id, form.role.data, team, last_day)

    page = _ChangePage(_("Give a role to"), _("Give the role"), "people/grant_role.html")
    return _handle_change(form, found, page, deed, lambda: _("Saved."))


@pages.post("/<int(max=2147483647):person_id>/role/<int(max=2147483647):bond_id>/end")
@requires_permission(Permission.MANAGE_PEOPLE)
@needs_recent_sign_in
def revoke_role(person_id: int, bond_id: int) -> PageResponse:
    """Take a role away."""
    given = grantable_roles(current_user.person)
    lost = queries.only_manager_of(db(), [person_id], bond_id)
    with unit_of_work() as session:
        role = queries.role_of_grant(session, bond_id)
        if role is not None and role not in given:
            refused: Refusal | None = Refusal("role", OTHER_ROLES)
        else:
            refused = actions.revoke_role(signed_in_context(session), person_id, bond_id)
        if refused is not None:
            session.rollback()  # nothing was done, so the same form may come again
    flash(str(refused.message) if refused else _("The role was removed."))
    if refused is None:
        for team in lost:
            flash(_("%(team)s now has no manager of its own. Choose one on the page of the team.", team=team.name))
    # Who took it from themselves may not open that page any more.
    own = person_id == _viewer_id() and refused is None
    back = url_for("dashboard.home") if own else url_for("dashboard.person", person_id=person_id)
    return redirect_after_post(back)


@pages.route("/<int(max=2147483647):person_id>/leave", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_PEOPLE)
def record_departure(person_id: int) -> PageResponse:
    """Somebody has left."""
    found = _person_or_404(person_id, here=True)
    form = DepartureForm(data={"last_day": civil_date(now(), app_state().config.time_zone)})

    def deed(session: WriteSession) -> Refusal | None:
        last_day = form.last_day.data
        if last_day is None:
            return Refusal("last_day", _("Enter the last day."))
        return actions.record_departure(signed_in_context(session), person_id, last_day, form.reason.data or "")

    def done() -> str:
        if form.last_day.day > civil_date(now(), app_state().config.time_zone):
            return _(
                "Saved. Nothing changes for %(name)s until the end of %(day)s.",
                name=found.person.name,
                day=format_date(form.last_day.day),
            )
        return _("%(name)s can no longer sign in. Their record and certificates are kept.", name=found.person.name)

    page = _ChangePage(
        _("Record that they left:"), _("Save"), guarded="last_day", warnings=_unmanaged_warnings([person_id])
    )
    return _handle_change(form, found, page, deed, done)


@pages.post("/<int(max=2147483647):person_id>/leave/withdraw")
@requires_permission(Permission.MANAGE_PEOPLE)
def withdraw_planned_departure(person_id: int) -> PageResponse:
    """Withdraw a last day that was recorded beforehand."""
    found = _person_or_404(person_id, here=True)
    if not may_change_entry(current_user.person, found.held):
        abort(403)
    with unit_of_work() as session:
        done = actions.withdraw_planned_departure(signed_in_context(session), person_id, "")
    flash(
        _("%(name)s stays. Their last day was removed.", name=found.person.name)
        if done
        else _("No last day is recorded, or it is over. Nothing has changed.")
    )
    return redirect_after_post(url_for("dashboard.person", person_id=person_id))


@pages.route("/<int(max=2147483647):person_id>/return", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_PEOPLE)
def record_return(person_id: int) -> PageResponse:
    """Somebody who had left works here again, or never left, and gets an invitation: passwords of leavers are not kept."""
    found = _person_or_404(person_id, here=False)
    if found.person.erased_at is not None:
        abort(404)
    form = ReturnForm(data={"first_day": civil_date(now(), app_state().config.time_zone)})
    form.team.choices = team_choices(teams(db()), _("No team yet"))

    def deed(session: WriteSession) -> Refusal | None:
        first_day, team, reason = form.first_day.data, selected_team_id(form.team.data), form.reason.data or ""
        context = signed_in_context(session)
        if form.what.data == NEVER_LEFT:
            refused = _correct_departure(context, person_id, team, reason)
        elif first_day is None:
            return Refusal("first_day", _("Enter the first day."))
        else:
            refused = actions.record_return(context, person_id, first_day, team, reason)
        if refused is None and not is_undeliverable(found.person.email):
            actions.invite(context, person_id, current_user.person.name)
        return refused

    def done() -> str:
        if form.what.data == NEVER_LEFT:
            return _(
                "%(name)s is here again. Check their team and their roles, and that they can sign in.",
                name=found.person.name,
            )
        if found.person.email is None:
            return _("%(name)s has returned. Make a one-time code for them, to sign in with.", name=found.person.name)
        if is_undeliverable(found.person.email):
            return _(
                "%(name)s has returned. Their e-mail address was erased. Correct it, then send the invitation.",
                name=found.person.name,
            )
        return _(
            "%(name)s has returned. We are sending an invitation to %(email)s.",
            name=found.person.name,
            email=found.person.email,
        )

    return _handle_change(form, found, _ChangePage(_("Record the return of"), _("Save")), deed, done)


def _correct_departure(context: Context, person_id: int, team_id: int | None, reason: str) -> Refusal | None:
    """Somebody was recorded as having left by mistake; they are in this team again."""
    refused = actions.withdraw_departure(context, person_id, reason)
    if refused is not None:
        return Refusal("what", refused.message)
    return actions.join_team(context, person_id, team_id, False) if team_id is not None else None


@pages.route("/<int(max=2147483647):person_id>/merge", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_PEOPLE)
@needs_recent_sign_in
def merge_people(person_id: int) -> PageResponse:
    """Somebody stands in the list twice: the other entry becomes part of this one."""
    found = _person_or_404(person_id, here=True)
    form = MergePeopleForm()

    def deed(session: WriteSession) -> Refusal | None:
        other = person_by_login(session, form.other.data or "")
        if other is None or other.left_at is not None:
            return Refusal("other", _("No one here has this e-mail address or sign-in name."))
        if other.id == _viewer_id() != person_id:
            # It would end with their own session, and with a role that somebody else has all at once.
            return Refusal("other", _("You are signed in with this entry. Open it and merge the other one into it."))
        if refused := _refuse_guarded(session, other.id, "other", into=person_id):
            return refused
        take, reason = form.keep.data == "second", form.reason.data or ""
        return actions.merge_people(signed_in_context(session), other.id, person_id, take, reason)

    page = _ChangePage(_("Merge another entry into"), _("Merge"), guarded="other")
    return _handle_change(form, found, page, deed, lambda: _("The two entries are merged."))


def _refuse_guarded(session: WriteSession, person_id: int, field: str, into: int | None = None) -> Refusal | None:
    """Why the viewer may not change the entry of this person, as an error of that field; None if they may. HR changes no
    entry of somebody who may do or see more, and takes over no role by merging an entry `into` their own."""
    viewer, day = current_user.person, civil_date(now(), app_state().config.time_zone)
    found = queries.person_detail(session, person_id, day)
    held = found.held if found else frozenset[str]()
    if not may_change_entry(viewer, held):
        return Refusal(field, GUARDED_ENTRY)
    if into == viewer.id and held and Permission.GIVE_EVERY_ROLE not in viewer.permissions:
        return Refusal(
            field, _("That entry has a role, which you would take over. Ask an administrator to merge them.")
        )
    return None


def _unmanaged_warnings(person_ids: Collection[int]) -> list[str]:
    """What to know before these people lose their roles: the teams that they alone manage, each in a sentence."""
    return [
        _("%(team)s will have no manager of its own. Choose another one on the page of the team.", team=team.name)
        for team in queries.only_manager_of(db(), person_ids)
    ]


def _viewer_id() -> int:
    return int(current_user.person.id)


def _person_or_404(person_id: int, here: bool | None = None) -> queries.PersonDetail:
    """Somebody, who is `here`, or has left; 404 otherwise. Who presses twice is told that it is done."""
    found = queries.person_detail(db(), person_id, civil_date(now(), app_state().config.time_zone))
    if found is not None and here is not None and here != (found.person.left_at is None) and request.method == "POST":
        name = found.person.name
        flash(
            _("%(name)s has already left. Nothing has changed.", name=name)
            if here
            else _("%(name)s is already here. Nothing has changed.", name=name)
        )
        abort(redirect_after_post(url_for("dashboard.person", person_id=person_id)))
    if found is None or (here is not None and here != (found.person.left_at is None)):
        abort(404)
    return found


@dataclass(frozen=True)
class _ChangePage:
    """The title and the button of a page that changes something about a person, and its template. `guarded` is the field
    at which whoever may not change the entry of this person is told so; None if everybody may who opens the page.
    `warnings` are what to know before the button is pressed; `owned` says of fields which system owns them; `questions`
    are asked once before anything is done (`open_questions`); `shown` is what the fields of a GuardedForm show when the page
    is opened."""

    title: str
    button: str
    template: str = "people/change_form.html"
    guarded: str | None = None
    warnings: Sequence[str] = ()
    owned: Mapping[str, str] = field(default_factory=dict)
    questions: Callable[[], Mapping[str, str]] = dict
    shown: Mapping[str, str] = field(default_factory=dict)


def _handle_change(
    form: Form,
    about: queries.PersonDetail,
    page: _ChangePage,
    deed: Callable[[WriteSession], Refusal | None],
    done: Callable[[], str],
) -> PageResponse:
    """Show the form; when it is sent and right, do it, say what was done, and go back to the person."""
    # The name as it is before anything is done: a refused change must not show in the title.
    person_id, name = about.person.id, about.person.name
    is_valid = form.validate_on_submit() and not is_outdated(form, page.shown)
    questions = page.questions() if is_valid else {}
    if is_valid and not questions:
        try:
            with unit_of_work() as session:
                refused = _refuse_guarded(session, person_id, page.guarded) if page.guarded else None
                refused = refused or deed(session)
                if refused is not None:
                    session.rollback()  # what was done until then
        except LookupError:
            flash(_("%(name)s has left or returned in the meantime. Nothing has changed.", name=name))
            return redirect_after_post(url_for("dashboard.person", person_id=person_id))
        if refused is None:
            flash(done())
            return redirect_after_post(url_for("dashboard.person", person_id=person_id))
        form[refused.field].errors = [refused.message]
    html = render_template(
        page.template, form=form, person_id=person_id, name=name, title=page.title, button=page.button,
        descriptions=ROLE_DESCRIPTIONS, warnings=page.warnings, owned=page.owned, questions=questions,
    )  # fmt: skip
    return make_response(html, 422 if form.errors else 200)
