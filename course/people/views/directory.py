"""Adding people and teams, and choosing pathways."""

from __future__ import annotations

from flask import abort, flash, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.content.schema import SETTINGS
from course.people import actions, queries
from course.people.actions.directory import Refusal
from course.people.forms.directory import (
    ROLE_LABELS,
    USUAL_PATHWAY,
    AddPersonForm,
    AddTeamForm,
    PathwayForm,
    selected_team_id,
    team_choices,
)
from course.people.queries.ownership import owned_fields
from course.people.rules import grantable_roles
from course.people.rules.ownership import owned_elsewhere
from course.people.views.page_context import PageResponse, open_questions, pages
from course.translation import gettext as _
from course.translation import ngettext
from course.web.access import Permission, requires_permission
from course.web.app_state import is_mail_printed
from course.web.forms import is_outdated, shown_fingerprint
from course.web.recent_sign_in import needs_recent_sign_in_if
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, signed_in_context, unit_of_work


@pages.route("/add", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_PEOPLE)
@needs_recent_sign_in_if(lambda: request.form.get("role", "learner") != "learner")
def add_person() -> PageResponse:
    """Add somebody, and mail them a link with which to choose a password; without an address they get a one-time code."""
    form = AddPersonForm()
    given = ("learner", *grantable_roles(current_user.person))
    form.role.choices = {role: words for role, words in ROLE_LABELS.items() if role in given}
    form.team.choices = team_choices(queries.teams(db()), _("No team yet"))
    questions, is_valid = dict[str, str](), form.validate_on_submit()
    identity = form.identity()
    if is_valid:
        questions = open_questions(identity)
    if is_valid and not questions:
        team = selected_team_id(form.team.data)
        with unit_of_work() as session:
            context = signed_in_context(session)
            added = actions.add_identity(context, identity, team, form.role.data)
            if not isinstance(added, Refusal):
                if form.pathway.data:
                    actions.choose_pathway(context, [added.id], form.pathway.data, "")
                actions.invite(context, added.id, current_user.person.name)
        if not isinstance(added, Refusal) and added.email is None:
            flash(
                _(
                    "%(name)s was added and signs in as %(login)s. Give them a one-time code.",
                    name=added.name,
                    login=added.sign_in_name,
                )
            )
            return redirect_after_post(url_for("auth.person_code", person_id=added.id))
        if not isinstance(added, Refusal):
            flash(
                _(
                    "%(name)s was added. We are sending an invitation to %(email)s.",
                    name=added.name,
                    email=added.email,
                )
            )
            return redirect_after_post(url_for("dashboard.people"))
        form[added.field].errors = [added.message]
    return make_response(
        render_template("people/add.html", form=form, questions=questions, mailed=not is_mail_printed()),
        422 if form.errors else 200,
    )


@pages.route("/<int(max=2147483647):person_id>/pathway", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_PEOPLE)
def pathway(person_id: int) -> PageResponse:
    """Choose the setting in which somebody reads the course."""
    person = queries.person_overview(db(), person_id) or abort(404)
    chosen = queries.chosen_pathway(db(), person_id)
    shown = {"pathway": (chosen.pathway if chosen and chosen.team is None else None) or ""}
    form = PathwayForm(data=shown | {"was": shown_fingerprint(shown)})
    del form.team
    if form.validate_on_submit() and not is_outdated(form, shown, with_entered=True):
        source = owned_fields(db(), person_id).fields.get("pathway")
        if source is None:
            return _save_pathway(form, [person.id], person.name)
        form.pathway.errors = [owned_elsewhere(source)]
    address = url_for("people.pathway", person_id=person.id)
    page = render_template("people/pathway.html", form=form, name=person.name, address=address)
    return make_response(page, 422 if form.errors else 200)


@pages.route("/pathways", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_PEOPLE)
def pathways() -> PageResponse:
    """Choose it for everybody in a team and in those below it."""
    form = PathwayForm()
    form.team.choices = team_choices(queries.teams(db()), _("Choose a team"))
    if form.validate_on_submit():
        team = selected_team_id(form.team.data)
        if team is not None:
            return _save_pathway(form, queries.members_below(db(), team), _("Everyone there"))
        form.team.errors = [_("Choose a team.")]
    page = render_template("people/pathway.html", form=form, name=None, address=url_for("people.pathways"))
    return make_response(page, 422 if form.errors else 200)


def _save_pathway(form: PathwayForm, people: list[int], name: str) -> WsgiResponse:
    pathway = form.pathway.data or None
    setting = SETTINGS[pathway] if pathway else USUAL_PATHWAY
    with unit_of_work() as session:
        changed = actions.choose_pathway(signed_in_context(session), people, pathway, form.reason.data or "")
    number = ngettext("%(num)s person", "%(num)s people", changed)
    flash(
        _(
            "%(name)s now has the pathway “%(setting)s”. This changed for %(number)s.",
            name=name,
            setting=setting,
            number=number,
        )
    )
    return redirect_after_post(url_for("dashboard.people"))


@pages.route("/teams/add", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_PEOPLE)
def add_team() -> PageResponse:
    """Open a team; shows those that there are."""
    form = AddTeamForm()
    teams = queries.teams(db())
    form.parent.choices = team_choices(teams, _("None: it is at the top"))
    if form.validate_on_submit():
        name, parent = form.name.data or "", selected_team_id(form.parent.data)
        try:
            with unit_of_work() as session:
                actions.add_team(signed_in_context(session), name, parent)
            flash(_("The team %(name)s was added.", name=name))
            return redirect_after_post(url_for("people.add_team"))
        except actions.TeamNameTakenError as error:
            form.name.errors = [str(error)]
        except LookupError:  # closed by somebody else at this moment
            form.parent.errors = [_("This team is closed. Choose another one.")]
    page = render_template("people/add_team.html", form=form, teams=teams)
    return make_response(page, 422 if form.errors else 200)
