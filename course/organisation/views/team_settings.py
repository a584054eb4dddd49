"""The settings of a team: what it sets for itself and all below it, and what it inherits from where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import abort, flash, g, make_response, render_template, url_for

from course.content.schema import NATIONS, SETTINGS
from course.organisation import queries
from course.organisation.forms import TeamSettingsForm
from course.organisation.queries import OrganisationView, contact_owners
from course.organisation.request_organisation import current_organisation
from course.organisation.rules.sites import InheritedSettings, TeamSettings, inherited_settings
from course.organisation.views.blueprint import PageResponse, contact_labels, pages, stale_now
from course.organisation.views.settings import changed_contact_questions, complete_owners, contact_values, save_contacts
from course.people.actions import set_team_setting
from course.people.rules import TEAM_SETTINGS
from course.translation import gettext as _
from course.translation import ngettext
from course.web.access import Permission, requires_permission
from course.web.forms import select_choices, shown_fingerprint
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, signed_in_context, unit_of_work


@pages.route("/organisation/team/<int(max=2147483647):team_id>", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_ORGANISATION)
def team_settings(team_id: int) -> PageResponse:
    """Show and save title, nation, pathway and contacts of an open team, in one form. What is left empty is inherited."""
    g.here = "people"
    organisation = current_organisation() or abort(404)
    organisation = replace(organisation, directory=queries.site_directory(db()))
    if team_id not in organisation.directory.names:
        return abort(404)
    name = organisation.directory.names[team_id]
    own = organisation.directory.settings.get(team_id, TeamSettings())
    above = inherited_settings(team_id, organisation.directory, organisation.as_site)
    owners = contact_owners(db(), organisation)
    shown = {field: getattr(own, field) or "" for field in TEAM_SETTINGS} | contact_values(own.contacts, owners)
    form = TeamSettingsForm(data=shown | {"was": shown_fingerprint(shown)})
    form.nation.choices = {"": _inherited_label(NATIONS, above.nation)} | select_choices(NATIONS)
    form.pathway.choices = {"": _inherited_label(SETTINGS, above.pathway)} | select_choices(SETTINGS)
    form.labels = contact_labels(organisation.for_teams([team_id]))
    owner_ids, questions = complete_owners(form), dict[str, str]()
    if owner_ids is not None and not form.has_edit_conflict(shown):
        questions = changed_contact_questions(form, own.contacts)
    if owner_ids is not None and not form.mistakes() and not questions:
        return _save(form, team_id, name, own, owner_ids)
    page = render_template(
        "organisation/team.html",
        form=form,
        questions=questions,
        team_id=team_id,
        name=name,
        own=own,
        above=above,
        holding=_holding(organisation, team_id, own, above),
        labels=form.labels,
        owners=owners,
        stale={entry.kind for entry in stale_now() if entry.team_id == team_id},
    )
    return make_response(page, 422 if form.mistakes() else 200)


def _inherited_label(words: Mapping[Any, str], inherited: tuple[Any, str]) -> str:
    value, place = inherited
    return _("Same as %(place)s: %(value)s", place=place, value=words[value])


def _holding(
    organisation: OrganisationView, team_id: int, own: TeamSettings, above: InheritedSettings
) -> list[tuple[str, str, str]]:
    """What holds for the team, as lines of a label, a value and where it is set (empty: here). A contact that nobody filled in
    has no value."""
    lines = [
        (
            _("Name on pages, e-mails and certificates"),
            own.title or above.title[0],
            "" if own.title else above.title[1],
        ),
        (_("Nation"), NATIONS[own.nation or above.nation[0]], "" if own.nation else above.nation[1]),
        (_("Pathway"), SETTINGS[own.pathway or above.pathway[0]], "" if own.pathway else above.pathway[1]),
    ]
    for kind, label in contact_labels(organisation.for_teams([team_id])).items():
        entry, place = (own.contacts[kind], "") if kind in own.contacts else above.contacts.get(kind, (None, ""))
        lines.append((label, f"{entry.name}, {entry.phone}" if entry else "", place))
    return lines


def _save(
    form: TeamSettingsForm, team_id: int, name: str, own: TeamSettings, owner_ids: Mapping[str, int]
) -> PageResponse:
    try:
        with unit_of_work() as session:
            context, moved = signed_in_context(session), 0
            for kind in TEAM_SETTINGS:
                moved += set_team_setting(context, team_id, kind, form[kind].data or None) or 0
            save_contacts(context, form, own.contacts, owner_ids, team_id)
    except LookupError:
        flash(_("%(name)s was closed in the meantime. Nothing has changed.", name=name))
        return redirect_after_post(url_for("teams.team", team_id=team_id))
    flash(
        ngettext(
            "Saved. The pathway of %(num)s person changed.", "Saved. The pathway of %(num)s people changed.", moved
        )
        if moved
        else _("Saved.")
    )
    return redirect_after_post(url_for("organisation.team_settings", team_id=team_id))
