"""The organisation's settings, and the page on which the owner of a contact confirms it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from flask import abort, flash, g, make_response, render_template, url_for
from flask_login import current_user

from course.context import Context
from course.organisation import actions, queries
from course.organisation.forms import ContactForm, ContactsForm, OrganisationForm
from course.organisation.queries import ContactOwner, OrganisationView, Signatory, contact_owners
from course.organisation.request_organisation import current_organisation
from course.organisation.rules.contacts import (
    CONTACT_KINDS,
    ContactDetails,
    ContactView,
    is_confirmation,
    lead_label,
)
from course.organisation.views.blueprint import PageResponse, contact_labels, lead_term, pages, stale_now
from course.people.queries import person_by_email
from course.people_import.rules.identity_questions import contact_questions
from course.translation import SOURCE_LANGUAGE, languages
from course.translation import gettext as _
from course.web.access import Permission, requires_permission, sign_in_required
from course.web.forms import shown_fingerprint, unseen_questions
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, signed_in_context, unit_of_work


@pages.route("/organisation", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_ORGANISATION)
def settings() -> PageResponse:
    """Show and save name, nation, default pathway and contacts, in one form."""
    g.here = "organisation"
    organisation = current_organisation()
    owners = contact_owners(db(), organisation)
    shown = _settings_values(organisation, owners, queries.signatory(db()))
    form = OrganisationForm(data=shown | {"was": shown_fingerprint(shown)})
    if len(languages()) == 1:
        del form.language
    form.labels = CONTACT_KINDS | {"lead": lead_label(lead_term(form.nation.data, form.pathway.data))}
    owner_ids, questions = complete_owners(form), dict[str, str]()
    if owner_ids is not None and not form.has_edit_conflict(shown):
        questions = changed_contact_questions(form, organisation.contacts if organisation else {})
    if owner_ids is not None and not form.mistakes() and not questions:
        _save_settings(form, organisation, owner_ids)
        flash(_("Saved."))
        return redirect_after_post(url_for("organisation.settings"))
    page = render_template("organisation/settings.html", form=form, labels=form.labels, ours=organisation, owners=owners,
                           questions=questions,
                           stale={entry.kind for entry in stale_now() if entry.team_id is None},
                           stale_contacts=own_stale_contacts())  # fmt: skip
    return make_response(page, 422 if form.mistakes() else 200)


def complete_owners(form: ContactsForm) -> dict[str, int] | None:
    """The person id of the owner of each kind of contact, 0 for no owner; None if the form was not sent or has a mistake.
    An address that nobody has is named together with all other mistakes."""
    if not form.is_submitted():
        return None
    is_valid = form.validate()
    owner_ids: dict[str, int] = {}
    for kind in CONTACT_KINDS:
        email = form.owner_email(kind)
        person = person_by_email(db(), email) if email else None
        if email and (person is None or person.left_at is not None):
            form.reject_owner(kind)
            is_valid = False
        owner_ids[kind] = person.id if email and person else 0
    return owner_ids if is_valid else None


def changed_contact_questions(form: ContactsForm, before: Mapping[str, ContactView]) -> dict[str, str]:
    """What to ask about the contacts of a form that differ from those `before`, until it was shown once."""
    found: list[str] = []
    for kind in CONTACT_KINDS:
        found += _contact_questions(form.contact_details(kind), contact_details(before.get(kind)))
    return unseen_questions(found)


def _contact_questions(typed: ContactDetails, was: ContactDetails) -> list[str]:
    return contact_questions(
        typed.name if typed.name != was.name else "", typed.email if typed.email != was.email else ""
    )


def _save_settings(form: OrganisationForm, before: OrganisationView | None, owner_ids: Mapping[str, int]) -> None:
    with unit_of_work() as session:
        context = signed_in_context(session)
        actions.change_organisation(context, form.name.data or "", form.nation.data, form.pathway.data)
        if "language" in form:
            actions.set_usual_language(context, form.language.data)
        actions.set_signatory(context, form.signatory_name.data or "", form.signatory_role.data or "")
        save_contacts(context, form, before.contacts if before else {}, owner_ids)


def save_contacts(
    context: Context,
    form: ContactsForm,
    before: Mapping[str, ContactView],
    owner_ids: Mapping[str, int],
    team_id: int | None = None,
) -> None:
    """Save the contacts of a form as those of the organisation, or of a team. Raises LookupError if the team is closed."""
    for kind in CONTACT_KINDS:
        typed = form.contact_details(kind)
        if is_confirmation(contact_details(before.get(kind)), typed, form.is_still_correct(kind)):
            actions.confirm_contact(context, kind, typed.name, typed.phone, typed.email, team_id)
        if typed != ContactDetails():
            months = int(form[f"{kind}-review"].data)
            actions.assign_contact_owner(context, kind, owner_ids[kind] or None, months, team_id)


@pages.route("/organisation/contact/<kind>", methods=["GET", "POST"])
@sign_in_required
def contact(kind: str) -> PageResponse:
    """The page on which the owner of a contact confirms or corrects it. Administrators may do so, too."""
    organisation = current_organisation()
    entry = organisation.contacts.get(kind) if organisation else None
    return _confirmation_page(organisation, entry, url_for("organisation.contact", kind=kind), "")


@pages.route("/organisation/team/<int(max=2147483647):team_id>/contact/<kind>", methods=["GET", "POST"])
@sign_in_required
def team_contact(team_id: int, kind: str) -> PageResponse:
    """The same page for a contact that a team has of its own."""
    organisation = current_organisation()
    own = organisation.directory.settings.get(team_id) if organisation else None
    if organisation is None or own is None:
        return abort(404)
    address = url_for("organisation.team_contact", team_id=team_id, kind=kind)
    name = own.title or organisation.directory.names[team_id]
    return _confirmation_page(organisation.for_teams([team_id]), own.contacts.get(kind), address, name)


def _confirmation_page(
    place: OrganisationView | None, entry: ContactView | None, address: str, team: str
) -> PageResponse:
    """Show and save a contact; 404 for whoever neither owns it nor is an administrator. `team` is the name of the team
    whose contact it is, empty for the organisation."""
    g.here = "training"
    person = current_user.person
    if entry is None or not (person.administrator or entry.owner_id == person.id):
        return abort(404)
    shown = asdict(contact_details(entry))
    form = ContactForm(data=shown | {"was": shown_fingerprint(shown)})
    typed, questions = form.contact_details(), dict[str, str]()
    is_valid = form.validate_on_submit() and not form.has_edit_conflict(shown)
    if is_valid:
        questions = unseen_questions(_contact_questions(typed, contact_details(entry)))
    if is_valid and not questions:
        try:
            with unit_of_work() as session:
                actions.confirm_contact(
                    signed_in_context(session), entry.kind, typed.name, typed.phone, typed.email, entry.team_id
                )
        except LookupError:
            flash(_("%(name)s was closed in the meantime. Nothing has changed.", name=team))
            return redirect_after_post(url_for("dashboard.home"))
        flash(_("Thank you. The contact is confirmed as of today."))
        return redirect_after_post(address)
    page = render_template("organisation/contact.html", form=form, entry=entry, label=contact_labels(place)[entry.kind],
                           team=team, stale=entry in stale_now(), questions=questions)  # fmt: skip
    return make_response(page, 422 if form.errors else 200)


def own_stale_contacts() -> list[tuple[str, str]]:
    """Address and label of each stale contact that the reader owns or, as an administrator, may change."""
    organisation, person = current_organisation(), current_user.person
    labels = contact_labels(organisation)
    found = []
    for entry in stale_now():
        if organisation is None or not (person.administrator or entry.owner_id == person.id):
            continue
        if entry.team_id is None:
            found.append((url_for("organisation.contact", kind=entry.kind), labels[entry.kind]))
            continue
        address = url_for("organisation.team_contact", team_id=entry.team_id, kind=entry.kind)
        view = organisation.for_teams([entry.team_id])
        name = organisation.directory.names[entry.team_id]
        found.append((address, f"{name}: {contact_labels(view)[entry.kind]}"))
    return found


def contact_details(entry: ContactView | None) -> ContactDetails:
    """The details of a contact; all empty where there is none."""
    return ContactDetails(entry.name, entry.phone, entry.email) if entry else ContactDetails()


def _settings_values(
    organisation: OrganisationView | None, owners: Mapping[int, ContactOwner], signatory: Signatory
) -> dict[str, str]:
    """The values that the form shows when it is opened."""
    values = {"signatory_name": signatory.name, "signatory_role": signatory.role}
    if organisation:
        values |= {"name": organisation.name, "nation": organisation.nation, "pathway": organisation.pathway}
    if len(languages()) > 1:
        chosen = organisation.language if organisation else None
        values["language"] = chosen if chosen in languages() else SOURCE_LANGUAGE
    return values | contact_values(organisation.contacts if organisation else {}, owners)


def contact_values(contacts: Mapping[str, ContactView], owners: Mapping[int, ContactOwner]) -> dict[str, str]:
    """The values that the fields of the contacts show when a form is opened."""
    values: dict[str, str] = {}
    for kind in CONTACT_KINDS:
        entry = contacts.get(kind)
        known = contact_details(entry)
        values |= {f"{kind}-name": known.name, f"{kind}-phone": known.phone, f"{kind}-email": known.email}
        owner = owners.get(entry.owner_id or 0) if entry else None
        values[f"{kind}-owner"] = owner.email or "" if owner and owner.is_active else ""
        values[f"{kind}-review"] = str(entry.review_months if entry else 12)
    return values
