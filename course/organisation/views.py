"""The organisation's settings, the page "Worried about a child?", and the frame of every page."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, g, make_response, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.clock import now
from course.content.current import library
from course.content.shapes import NATIONS
from course.organisation import actions
from course.organisation.current import here_organisation
from course.organisation.forms import OrganisationForm
from course.organisation.frame import site
from course.organisation.queries import OrganisationView
from course.organisation.rules import KINDS, Details, confirms, lead_label
from course.web.access import Permission, may, public
from course.web.html import seen_redirect
from course.web.session import db

pages = Blueprint("organisation", __name__)


@pages.route("/organisation", methods=["GET", "POST"])
@may(Permission.MANAGE_ORGANISATION)
def settings() -> Response | WsgiResponse:
    """Name, nation and contacts, in one form."""
    g.here = "organisation"
    ours = here_organisation()
    form = OrganisationForm(data=_filled_in(ours))
    if form.validate_on_submit():
        at = now()
        actions.change(db(), form.name.data or "", form.nation.data, form.pathway.data, current_user.person.id, at)
        for kind in KINDS:
            typed = form.details(kind)
            if confirms(_details(ours, kind), typed, form.still_right(kind)):
                actions.confirm_contact(db(), kind, typed.name, typed.phone, typed.email, current_user.person.id, at)
        flash("Saved.")
        return seen_redirect(url_for("organisation.settings"))
    labels = KINDS | {"lead": lead_label(_terms(), form.nation.data)}
    page = render_template("organisation/settings.html", form=form, labels=labels, ours=ours)
    return make_response(page, 422 if form.errors else 200)


def _details(ours: OrganisationView | None, kind: str) -> Details:
    entry = ours.contacts.get(kind) if ours else None
    return Details(entry.name, entry.phone, entry.email) if entry else Details()


def _filled_in(ours: OrganisationView | None) -> dict[str, str]:
    """What the form shows before anything is typed."""
    values = {"name": ours.name, "nation": ours.nation, "pathway": ours.pathway} if ours else {}
    for kind in KINDS:
        known = _details(ours, kind)
        values |= {f"{kind}-name": known.name, f"{kind}-phone": known.phone, f"{kind}-email": known.email}
    return values


@pages.get("/concern")
@public
def concern() -> str:
    """Worried about a child? It needs no sign-in and no set-up, writes nothing, and is not logged."""
    g.here = "concern"
    ours = here_organisation()
    help_ = library().help
    nation = ours.nation if ours else None
    return render_template(
        "organisation/concern.html",
        help=help_,
        ours=ours,
        labels=KINDS | {"lead": lead_label(_terms(), nation)},
        routes=[route for route in help_.routes if nation is None or nation in route.nations],
        # Before the set-up nobody knows the nation, so each route says where it holds.
        nations=NATIONS if nation is None else {},
    )


@pages.get("/first-hour")
@public
def first_hour() -> str:
    """A card to print: what to do, whom to ring, and what to leave. Like the page above, it asks for nothing."""
    g.here = "concern"
    ours = here_organisation()
    nation = ours.nation if ours else None
    dates = [entry.confirmed_at for entry in ours.contacts.values()] if ours else []
    return render_template(
        "organisation/first_hour.html",
        help=library().help,
        ours=ours,
        course=library().course,
        confirmed=min(dates, default=None),
        labels=KINDS | {"lead": lead_label(_terms(), nation)},
        routes=[route for route in library().help.routes if nation is None or nation in route.nations],
    )


def _terms() -> dict[str, str]:
    return {str(nation): term for nation, term in library().help.terms.items()}


def on_every_page() -> dict[str, Any]:
    """The template variable `site`: the frame of the page.

    Error pages are rendered without it, so they ask the database for nothing and cannot fail with it.
    """
    return {"site": site()}
