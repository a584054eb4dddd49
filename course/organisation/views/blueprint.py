"""The blueprint of the organisation's pages, and what several of them show."""

from __future__ import annotations

from flask import Blueprint, Response
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response as WsgiResponse

from course.clock import now
from course.content.loaded_course import library
from course.content.schema import NATIONS, SETTINGS
from course.dates import civil_date
from course.organisation.queries import OrganisationView, stale_contacts
from course.organisation.request_organisation import current_organisation, first_language
from course.organisation.rules.contacts import CONTACT_KINDS, ContactView, lead_label
from course.organisation.rules.sites import Site
from course.web.app_state import app_state
from course.web.request_language import FIRST_LANGUAGE

pages = Blueprint("organisation", __name__)
PageResponse = Response | WsgiResponse


@pages.record
def _tell_first_language(state: BlueprintSetupState) -> None:
    state.app.extensions[FIRST_LANGUAGE] = first_language


def lead_term(nation: str | None, pathway: str | None) -> str | None:
    """The title of the safeguarding lead; None for a nation or pathway that does not exist, as a forged form may send."""
    if nation not in NATIONS or pathway not in SETTINGS:
        return None
    return library().help.lead_term(nation, pathway)


def contact_labels(place: OrganisationView | Site | None) -> dict[str, str]:
    """The kinds of contact as they are called at a place: the title of the lead depends on nation and pathway."""
    term = lead_term(place.nation, place.pathway) if place else None
    return CONTACT_KINDS | {"lead": lead_label(term)}


def stale_now() -> list[ContactView]:
    """The contacts of the organisation and of its teams whose review is overdue today."""
    zone = app_state().config.time_zone
    return stale_contacts(current_organisation(), zone, civil_date(now(), zone))
