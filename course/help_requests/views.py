"""The button with which a learner asks for help from a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, flash, request
from flask_login import current_user
from werkzeug.wrappers import Response

from course.clock import now
from course.content.loaded_course import library
from course.dates import civil_date
from course.help_requests import actions, queries
from course.help_requests.rules import HelpRecipient
from course.mail.message_templates import render_message
from course.mail.rules import MailMessage
from course.organisation.queries import ContactView
from course.organisation.request_organisation import current_organisation
from course.people.rules import first_name
from course.web.access import sign_in_required
from course.web.app_state import app_state
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, unit_of_work

pages = Blueprint("help_requests", __name__)
# The pages that offer it.
RETURN_PATHS = {"assessment": "/assessment", "refresher": "/refresher", "update": "/refresher/update"}


def _person_id() -> int:
    return int(current_user.person.id)


def _today() -> date:
    return civil_date(now(), app_state().config.time_zone)


@dataclass(frozen=True)
class HelpOffer:
    """Whether the reader asked for help today, who is told (in words), and the safeguarding lead."""

    asked: bool
    told: str
    lead: ContactView | None
    lead_term: str


def _help_offer() -> HelpOffer:
    ours = current_organisation()
    term = library().help.terms[ours.nation] if ours else "safeguarding lead"
    lead = ours.contacts.get("lead") if ours else None
    return HelpOffer(
        queries.has_asked_on(db(), _person_id(), _today()),
        _recipient_names(queries.help_recipients(db(), _person_id())),
        lead,
        term,
    )


def _recipient_names(helpers: Sequence[HelpRecipient]) -> str:
    """Those who are told, in words; of many only how many."""
    if len(helpers) > 2:
        return f"{len(helpers)} people who look after the course"
    return " and ".join(one.name for one in helpers)


@pages.app_context_processor
def _template_context() -> dict[str, object]:
    """For the offer of help (help_requests/offer.html), which asks only where it is shown."""
    return {"help_offer": _help_offer}


@pages.post("/help")
@sign_in_required
def request_help() -> Response:
    """Tell the learner's managers that they ask for help: no result, no answer, and once a day."""
    back = redirect_after_post(RETURN_PATHS.get(request.form.get("from", ""), "/"))
    helpers = queries.help_recipients(db(), _person_id())
    if not helpers:
        flash("There is nobody here who can be told. Please speak to your safeguarding lead.")
        return back
    letters = [(one, _help_mail(one)) for one in helpers]
    with unit_of_work() as session:
        new = actions.request_help(session, _person_id(), letters, _today(), app_state().config.time_zone, now())
    if new:
        flash(f"{_recipient_names(helpers)} will get a mail that says that you ask for help, and nothing else.")
    else:
        flash("You asked for help today already. The mail is on its way, and says nothing else.")
    return back


def _help_mail(to: HelpRecipient) -> MailMessage:
    ours, name = current_organisation(), str(current_user.person.name)
    return render_message(
        "help.txt",
        f"{name} asks for help with the course",
        name=first_name(to.name),
        who=name,
        manager=to.manager,
        course=library().course.title,
        organisation=ours.name if ours else "",
    )
