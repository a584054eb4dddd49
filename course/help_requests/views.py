"""The button with which a learner asks for help from a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, flash, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from course.clock import now
from course.content.loaded_course import library
from course.dates import civil_date
from course.help_requests import actions, queries
from course.help_requests.rules import HelpRecipient, HelpRequestMessage
from course.learning.views.help_offer import HELP_OFFER_SOURCES
from course.organisation.request_organisation import reader_organisation
from course.organisation.rules.contacts import ContactView
from course.people.queries import names_told_apart
from course.people.rules import first_name
from course.translation import gettext as _
from course.translation import ngettext
from course.web.access import sign_in_required
from course.web.app_state import app_state
from course.web.redirects import redirect_after_post
from course.web.template_filters import format_names
from course.web.unit_of_work import db, signed_in_context, unit_of_work

pages = Blueprint("help_requests", __name__)
# The endpoints of the pages that show the button, by the value of the form field `from`.
RETURN_ENDPOINTS = {
    "assessment": "learning.assessment",
    "refresher": "refreshers.refresher",
    "update": "refreshers.update",
}


def _person_id() -> int:
    return int(current_user.person.id)


def _today() -> date:
    return civil_date(now(), app_state().config.time_zone)


@dataclass(frozen=True)
class HelpOffer:
    """The help offer of a page: whether the reader asked today, the recipients (in words), and the safeguarding lead."""

    has_asked: bool
    recipients: str
    safeguarding_lead: ContactView | None
    lead_term: str


def help_offer() -> HelpOffer:
    """The help offer of the reader, for a page that includes help_requests/offer.html. Four queries."""
    organisation = reader_organisation()
    term = (
        library().help.lead_term(organisation.nation, organisation.pathway) if organisation else _("safeguarding lead")
    )
    lead = organisation.contacts.get("lead") if organisation else None
    return HelpOffer(
        queries.has_asked_on(db(), _person_id(), _today()),
        _recipient_names(queries.help_recipients(db(), _person_id())),
        lead,
        term,
    )


def _recipient_names(recipients: Sequence[HelpRecipient]) -> str:
    """The names of the recipients; only their number if there are more than two."""
    if len(recipients) > 2:
        return ngettext(
            "%(num)s person who looks after the course", "%(num)s people who look after the course", len(recipients)
        )
    return format_names(recipient.name for recipient in recipients)


HELP_OFFER_SOURCES.append(help_offer)


@pages.post("/help")
@sign_in_required
def request_help() -> Response:
    """Mail the learner's managers that the learner asks for help: no result, no answer, and once a day."""
    back = redirect_after_post(url_for(RETURN_ENDPOINTS.get(request.form.get("from", ""), "dashboard.home")))
    recipients = queries.help_recipients(db(), _person_id())
    if not recipients:
        flash(_("There is no one to e-mail here. Speak to your safeguarding lead."))
        return back
    messages = [(recipient, _help_message(recipient)) for recipient in recipients]
    with unit_of_work() as session:
        is_new = actions.request_help(signed_in_context(session), messages)
    if is_new:
        flash(
            _(
                "%(recipients)s will get an e-mail that says only that you asked for help.",
                recipients=_recipient_names(recipients),
            )
        )
    else:
        flash(_("You already asked for help today. The e-mail says only that."))
    return back


def _help_message(recipient: HelpRecipient) -> HelpRequestMessage:
    organisation = reader_organisation()
    return HelpRequestMessage(
        name=first_name(recipient.name),
        learner=names_told_apart(db(), [current_user.person.id])[current_user.person.id],
        manager=recipient.is_manager,
        organisation=organisation.name if organisation else "",
    )
