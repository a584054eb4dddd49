"""Printing a module for people without devices: of a supervised session, or for any group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import cast

from flask import Response, abort, g, make_response, render_template
from flask_login import current_user

from course.clock import now
from course.content.library import Library
from course.content.loaded_course import library
from course.content.schema import NATIONS, SETTINGS, Module, Nation, Setting
from course.dates import civil_date
from course.organisation.queries import OrganisationView
from course.organisation.request_organisation import current_organisation, reader_organisation
from course.organisation.rules.contacts import CONTACT_KINDS
from course.organisation.views.blueprint import contact_labels
from course.printed_modules import actions
from course.printed_modules.forms import PrintForm
from course.printed_modules.pdf import LARGE_SIZE, USUAL_SIZE, PrintedModule, module_pdf
from course.printed_modules.rules.edition import (
    AttendanceSheet,
    EditionOptions,
    PrintedContact,
    PrintedPlace,
    edition_blocks,
    proof_lines,
)
from course.printed_modules.views.page_context import pages
from course.supervised_sessions.queries import AttendeeView, SupervisedSessionView, attendees
from course.supervised_sessions.views.manage import session_or_404
from course.supervised_sessions.views.page_context import library_of
from course.translation import current_language
from course.web.access import Permission, requires_permission
from course.web.app_state import app_state
from course.web.forms import query_number
from course.web.sandbox import SandboxBusyError, SandboxLimitError
from course.web.unit_of_work import db, signed_in_context, unit_of_work


@pages.route("/paper/<module_id>", methods=["GET", "POST"])
@requires_permission(Permission.RUN_SESSIONS)
def print_module(module_id: str) -> Response:
    """Choose for whom a module is printed, and print it."""
    g.here = "people"
    if module_id not in library().modules:
        abort(404)
    supervised = _session_of(module_id)
    people = attendees(db(), current_user.person, supervised.id) if supervised else []
    form = PrintForm(data=_usual_choices(people))
    may_print_bank = Permission.RUN_SYSTEM in current_user.person.permissions
    if not may_print_bank:
        del form.bank
    busy = False
    if form.validate_on_submit():
        course = _chosen_course(form)
        with_bank = bool(may_print_bank and form.bank.data)
        try:
            return _print(course, course.modules[module_id], form, (supervised, people), with_bank)
        except (SandboxBusyError, SandboxLimitError):
            busy = True
    page = render_template(
        "printed_modules/print.html", form=form, module=library().in_language(current_language()).modules[module_id],
        supervised=supervised, groups=_pathways_of(people), setting_names=SETTINGS, proof=proof_lines(), busy=busy,
    )  # fmt: skip
    return make_response(page, 503 if busy else 422 if form.errors else 200)


def _session_of(module_id: str) -> SupervisedSessionView | None:
    """The supervised session that the address names; None if it names none. It has to be about this module."""
    number = query_number("session")
    if number is None:
        return None
    found = session_or_404(number)
    return found if (found.kind, found.ref) == ("module", module_id) else abort(404)


def _usual_choices(people: Sequence[AttendeeView]) -> dict[str, str]:
    """The pathway and the nation of most of the people, or those of the organisation."""
    ours = current_organisation()
    usual = ours.pathway if ours else next(iter(SETTINGS))
    counted = Counter(one.pathway or usual for one in people).most_common(1)
    whole = ours.nation if ours else next(iter(NATIONS))
    nations = Counter(library_of(one).nation or whole for one in people).most_common(1)
    return {"pathway": counted[0][0] if counted else usual, "nation": nations[0][0] if nations else whole}


def _pathways_of(people: Sequence[AttendeeView]) -> list[tuple[Setting, int]]:
    """How many of the people are on each pathway, if they are on more than one."""
    ours = current_organisation()
    usual = ours.pathway if ours else next(iter(SETTINGS))
    counted = Counter(one.pathway or usual for one in people).most_common()
    return counted if len(counted) > 1 else []


def _chosen_course(form: PrintForm) -> Library:
    pathway, nation = cast("Setting", form.pathway.data), cast("Nation", form.nation.data)
    return library().in_language(current_language()).for_(pathway, nation)


def _print(
    course: Library, module: Module, form: PrintForm,
    group: tuple[SupervisedSessionView | None, Sequence[AttendeeView]], with_bank: bool,
) -> Response:  # fmt: skip
    """The PDF, which is typeset before the log is written, so that nothing slow happens in a unit of work."""
    at, (supervised, people) = now(), group
    ours = reader_organisation()
    organisation = ours.name if ours else str(course.course.title)
    sheet = None
    if supervised is not None:
        sheet = AttendanceSheet(supervised.id, supervised.held_on, supervised.place, tuple(one.name for one in people))
    options = EditionOptions(
        organisation, civil_date(at, app_state().config.time_zone), printed_places(ours), sheet, with_bank=with_bank
    )
    printed = PrintedModule(
        title=str.__str__(module.title), organisation=organisation, version=course.version, motif=module.motif,
        blocks=edition_blocks(course, module, options), printed_at=at, size=LARGE_SIZE if form.large.data else USUAL_SIZE,
        language=current_language(),
    )  # fmt: skip
    response = Response(module_pdf(printed), mimetype="application/pdf")
    with unit_of_work() as session:
        actions.record_printing(signed_in_context(session), module.id, with_bank=with_bank)
    response.headers["Content-Disposition"] = f'attachment; filename="{module.id}-{form.pathway.data}.pdf"'
    response.headers["Cache-Control"] = "no-store"
    return response


def printed_places(ours: OrganisationView | None) -> tuple[PrintedPlace, ...]:
    """Who to tell, as on the page "Worried about a child?" of somebody who has the organisation so: of whoever prints for a
    group, or of the one person for whom it is printed."""
    if ours is None:
        return (PrintedPlace("", tuple(PrintedContact(str(label)) for label in CONTACT_KINDS.values())),)
    sites = ours.sites or (ours.as_site,)
    found = []
    for site in sites:
        contacts = [
            PrintedContact(str(label), entry.name, entry.phone, entry.email)
            if (entry := site.contacts.get(kind))
            else PrintedContact(str(label))
            for kind, label in contact_labels(site).items()
        ]
        found.append(PrintedPlace(site.name if len(sites) > 1 else "", tuple(contacts)))
    return tuple(found)
