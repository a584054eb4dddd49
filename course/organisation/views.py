"""The organisation's settings and look, the page "Worried about a child?", and the frame of every page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, flash, g, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.clock import now
from course.content.loaded_course import library
from course.content.schema import NATIONS, SETTINGS
from course.content.supplements import HelpRoute
from course.dates import civil_date, format_date
from course.organisation import actions, queries
from course.organisation.forms import ColourForm, ContactForm, LogoForm, OrganisationForm, settings_fingerprint
from course.organisation.header_footer import build_page_frame, page_frame
from course.organisation.queries import (
    ContactOwner,
    ContactView,
    OrganisationView,
    Signatory,
    contact_owners,
    stale_contacts,
)
from course.organisation.request_organisation import current_organisation, last_read_organisation, remember_organisation
from course.organisation.rules.call_card import CallEntry, PhoneEntry, months_unconfirmed
from course.organisation.rules.call_card import address_book as address_book_file
from course.organisation.rules.colours import (
    DEFAULT_COLOUR,
    colour_refusal,
    parse_colour,
    style_sheet,
    style_sheet_name,
)
from course.organisation.rules.contacts import CONTACT_KINDS, ContactDetails, is_confirmation, lead_label
from course.people.queries import person_by_email
from course.people.rules import Viewer
from course.translation import gettext as _
from course.web.access import Permission, public, requires_permission, sign_in_required
from course.web.app_state import app_state
from course.web.phone_links import dial_string
from course.web.query_deadline import read_with_deadline
from course.web.redirects import redirect_after_post
from course.web.sandbox import FileRefusedError, SandboxBusyError, SandboxError, SandboxLimits, read_in_sandbox
from course.web.unit_of_work import db, signed_in_context, unit_of_work
from course.web.uploads import accepts_upload

pages = Blueprint("organisation", __name__)
_LOGO_LIMITS = SandboxLimits(seconds=10, memory=600, result=1)


@pages.route("/organisation", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_ORGANISATION)
def settings() -> Response | WsgiResponse:
    """Show and save name, nation, default pathway and contacts, in one form."""
    g.here = "organisation"
    organisation = current_organisation()
    owners = contact_owners(db(), organisation)
    shown = _form_values(organisation, owners, queries.signatory(db()))
    form = OrganisationForm(data=shown | {"was": settings_fingerprint(shown)})
    if form.validate_on_submit():
        owner_ids = _submitted_owners(form)
        if None not in owner_ids.values() and not form.has_edit_conflict(shown):
            _save_settings(form, organisation, owner_ids)
            flash(_("Saved."))
            return redirect_after_post(url_for("organisation.settings"))
    labels = CONTACT_KINDS | {"lead": lead_label(_lead_term(form.nation.data, form.pathway.data))}
    page = render_template("organisation/settings.html", form=form, labels=labels, ours=organisation, owners=owners,
                           stale={entry.kind for entry in _stale_contacts()},
                           stale_contacts=own_stale_contacts())  # fmt: skip
    return make_response(page, 422 if form.mistakes() else 200)


def _submitted_owners(form: OrganisationForm) -> dict[str, int | None]:
    """The person id of the owner of each kind of contact: 0 for no owner, None where nobody has the address."""
    owner_ids: dict[str, int | None] = {}
    for kind in CONTACT_KINDS:
        email = form.owner_email(kind)
        person = person_by_email(db(), email) if email else None
        active_id = person.id if person is not None and person.left_at is None else None
        owner_ids[kind] = active_id if email else 0
        if owner_ids[kind] is None:
            form.reject_owner(kind)
    return owner_ids


def _save_settings(
    form: OrganisationForm, before: OrganisationView | None, owner_ids: Mapping[str, int | None]
) -> None:
    with unit_of_work() as session:
        context = signed_in_context(session)
        actions.change_organisation(context, form.name.data or "", form.nation.data, form.pathway.data)
        actions.set_signatory(context, form.signatory_name.data or "", form.signatory_role.data or "")
        for kind in CONTACT_KINDS:
            typed = form.contact_details(kind)
            if is_confirmation(_contact_details(before, kind), typed, form.is_still_correct(kind)):
                actions.confirm_contact(context, kind, typed.name, typed.phone, typed.email)
            if typed != ContactDetails():
                months = int(form[f"{kind}-review"].data)
                actions.assign_contact_owner(context, kind, owner_ids[kind] or None, months)


@pages.route("/organisation/contact/<kind>", methods=["GET", "POST"])
@sign_in_required
def contact(kind: str) -> Response | WsgiResponse:
    """The page on which the owner of a contact confirms or corrects it. Administrators may do so, too."""
    g.here = "training"
    organisation, person = current_organisation(), current_user.person
    entry = organisation.contacts.get(kind) if organisation else None
    if entry is None or not (person.administrator or entry.owner_id == person.id):
        return abort(404)
    known = _contact_details(organisation, kind)
    form = ContactForm(data=asdict(known))
    if form.validate_on_submit():
        typed = form.contact_details()
        with unit_of_work() as session:
            actions.confirm_contact(signed_in_context(session), kind, typed.name, typed.phone, typed.email)
        flash(_("Thank you. The contact is confirmed as of today."))
        return redirect_after_post(url_for("organisation.contact", kind=kind))
    page = render_template("organisation/contact.html", form=form, entry=entry, label=_contact_labels(organisation)[kind],
                           stale=entry in _stale_contacts())  # fmt: skip
    return make_response(page, 422 if form.errors else 200)


@pages.route("/organisation/look", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_ORGANISATION)
@accepts_upload(1)
def appearance() -> Response | WsgiResponse:
    """Show and save the logo and the colour of the pages: three small forms, distinguished by their buttons."""
    g.here = "organisation"
    organisation = current_organisation()
    before, what = organisation.colour if organisation else None, request.form.get("what")
    shown = {"typed": f"#{before}" if before else "", "picked": f"#{before or DEFAULT_COLOUR}"}
    logo_form, colour_form = LogoForm(), ColourForm(data=shown)
    if request.method == "POST" and _save_appearance(what, logo_form, colour_form, before):
        flash(_("Saved."))
        return redirect_after_post(url_for("organisation.appearance"))
    page = render_template("organisation/look.html", ours=organisation, logo=logo_form, colour=colour_form)
    return make_response(page, 422 if logo_form.mistakes() or colour_form.mistakes() else 200)


def _save_appearance(what: str | None, logo_form: LogoForm, colour_form: ColourForm, before: str | None) -> bool:
    """Save the submitted one of the three forms; False if it has an error."""
    if what == "remove":
        with unit_of_work() as session:
            actions.set_logo(signed_in_context(session), None)
    elif what == "logo":
        from course.organisation.rules.logos import clean_logo  # noqa: PLC0415 (few need it)

        try:
            upload = request.files.get("file")
            cleaned = read_in_sandbox(clean_logo, upload.read() if upload else b"", limits=_LOGO_LIMITS)
        except (FileRefusedError, SandboxBusyError) as error:
            logo_form.file.errors = [str(error)]
        except SandboxError:
            logo_form.file.errors = [
                _("The picture takes more time or memory to read than a logo does. Save it smaller.")
            ]
        else:
            with unit_of_work() as session:
                actions.set_logo(signed_in_context(session), cleaned)
    elif what == "colour" and colour_form.validate():
        colour = colour_form.colour(before)
        if not colour_form.mistakes():
            with unit_of_work() as session:
                actions.set_colour(signed_in_context(session), colour)
    return not (logo_form.mistakes() or colour_form.mistakes())


@pages.get("/logo/<sha256>.png")
@public
def logo(sha256: str) -> Response:
    """Serve a logo by its hash: the content of this address never changes."""
    data = queries.logo(db(), sha256)
    return _immutable_response(data, "image/png") if data is not None else abort(404)


@pages.get("/look/<sheet>.css")
@public
def colour_style_sheet(sheet: str) -> Response:
    """Serve the style sheet of a colour. Its content follows from its name."""
    colour = parse_colour(sheet.partition("-")[0])
    if colour is None or colour_refusal(colour) or sheet != style_sheet_name(colour):
        return abort(404)
    return _immutable_response(style_sheet(colour).encode(), "text/css")


def _immutable_response(data: bytes, kind: str) -> Response:
    response = Response(data, mimetype=kind)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def _stale_contacts() -> list[ContactView]:
    zone = app_state().config.time_zone
    return stale_contacts(current_organisation(), zone, civil_date(now(), zone))


def own_stale_contacts() -> list[tuple[str, str]]:
    """Kind and label of each stale contact that the reader owns or, as an administrator, may change."""
    person, labels = current_user.person, _contact_labels(current_organisation())
    own = [entry for entry in _stale_contacts() if person.administrator or entry.owner_id == person.id]
    return [(entry.kind, labels[entry.kind]) for entry in own]


def _contact_labels(organisation: OrganisationView | None) -> dict[str, str]:
    term = _lead_term(organisation.nation, organisation.pathway) if organisation else None
    return CONTACT_KINDS | {"lead": lead_label(term)}


def _contact_details(organisation: OrganisationView | None, kind: str) -> ContactDetails:
    entry = organisation.contacts.get(kind) if organisation else None
    return ContactDetails(entry.name, entry.phone, entry.email) if entry else ContactDetails()


def _form_values(
    organisation: OrganisationView | None, owners: Mapping[int, ContactOwner], signatory: Signatory
) -> dict[str, str]:
    """The values that the form shows when it is opened."""
    values = {"signatory_name": signatory.name, "signatory_role": signatory.role}
    if organisation:
        values |= {"name": organisation.name, "nation": organisation.nation, "pathway": organisation.pathway}
    for kind in CONTACT_KINDS:
        known = _contact_details(organisation, kind)
        values |= {f"{kind}-name": known.name, f"{kind}-phone": known.phone, f"{kind}-email": known.email}
        entry = organisation.contacts.get(kind) if organisation else None
        owner = owners.get(entry.owner_id or 0) if entry else None
        values[f"{kind}-owner"] = owner.email or "" if owner and owner.is_active else ""
        values[f"{kind}-review"] = str(entry.review_months if entry else 12)
    return values


@pages.get("/concern")
@public
def concern() -> str:
    """Show "Worried about a child?". It needs no sign-in, no set-up and no database, writes nothing, and is not logged."""
    return _help_page("organisation/concern.html")


@pages.get("/first-hour")
@public
def first_hour() -> str:
    """Show the card for the first hour, to be printed: what to do, who to ring, and what to leave.

    Like the page above, it needs no sign-in, no set-up and no database, writes nothing, and is not logged.
    """
    return _help_page("organisation/first_hour.html", course=library().course)


@pages.get("/concern/numbers.vcf")
@public
def address_book() -> Response:
    """The numbers of "Worried about a child?" for the address book of a phone. Public and unlogged like the page."""
    _reader, organisation, _as_of, is_current = _read_contacts()
    name = organisation.name if organisation else library().course.title
    own = [PhoneEntry(f"{c.label}: {c.name}" if c.name else c.label, c.dial, _("Checked %(day)s", day=format_date(c.confirmed_on)))
           for c in _call_entries(organisation) if c.dial]  # fmt: skip
    national = [PhoneEntry(str(route.name), dial, str(route.when)) for route in _routes(organisation)
                if (dial := dial_string(route.phone or ""))]  # fmt: skip
    response = Response(address_book_file([*own, *national], name), mimetype="text/vcard")
    response.headers["Content-Disposition"] = 'attachment; filename="worried-about-a-child.vcf"'
    # What is shown while the database does not answer is not kept as if it were current.
    response.headers["Cache-Control"] = "private, no-cache" if is_current else "no-store"
    return response


def _read_contacts() -> tuple[Viewer | None, OrganisationView | None, datetime | None, bool]:
    """The reader, the organisation, as of when, and whether it was read now: without an answer of the database it is the
    organisation as it was last read."""
    read = read_with_deadline(lambda: (current_user.person, current_organisation(), now()))
    if read is None:
        return None, *last_read_organisation(), False
    remember_organisation(read[1], read[2])
    return *read, True


def _call_entries(organisation: OrganisationView | None) -> list[CallEntry]:
    """The contacts that are filled in, in the order in which they are rung."""
    labels, zone = _contact_labels(organisation), app_state().config.time_zone
    found = [(kind, organisation.contacts.get(kind)) for kind in CONTACT_KINDS] if organisation else []
    return [
        CallEntry(kind, str(labels[kind]), contact.name, contact.phone, dial_string(contact.phone), contact.email,
                  civil_date(contact.confirmed_at, zone))
        for kind, contact in found if contact is not None
    ]  # fmt: skip


def _routes(organisation: OrganisationView | None) -> list[HelpRoute]:
    """The services of the organisation's nation; those of all nations while it is not known."""
    return [route for route in library().help.routes if organisation is None or organisation.nation in route.nations]


def _help_page(template: str, **values: object) -> str:
    """Render a page with the current contacts, or with those last read if the database does not answer."""
    g.here = "concern"
    person, organisation, as_of, is_current = _read_contacts()
    g.site = build_page_frame(person, organisation)
    g.for_one_person = person is not None
    entries, today = _call_entries(organisation), civil_date(now(), app_state().config.time_zone)
    labels = _contact_labels(organisation)
    return render_template(
        template,
        help=library().help,
        ours=organisation,
        entries=[(entry, months_unconfirmed(entry.confirmed_on, today)) for entry in entries],
        missing=[label for kind, label in labels.items() if kind not in {entry.kind for entry in entries}],
        routes=_routes(organisation),
        # Before the nation is known, each route names its nations.
        nations=NATIONS if organisation is None else {},
        read_now=is_current,
        as_of=as_of,
        **values,
    )


def _lead_term(nation: str | None, pathway: str | None) -> str | None:
    """The title of the safeguarding lead; None for a nation or pathway that does not exist, as a forged form may send."""
    if nation not in NATIONS or pathway not in SETTINGS:
        return None
    return library().help.lead_term(nation, pathway)


def page_context() -> dict[str, Any]:
    """The template variable `site`: the frame of the page.

    Error pages are rendered without it, so that they need no query and cannot fail with the database.
    """
    frame = page_frame()
    if "organisation" in g:
        remember_organisation(g.organisation, now())
    return {"site": frame}
