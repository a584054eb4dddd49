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
from course.help_requests.rules import Helper
from course.mail.message_templates import letter
from course.mail.rules import Letter
from course.organisation.queries import ContactView
from course.organisation.request_organisation import here_organisation
from course.people.rules import first_name
from course.web.access import signed_in
from course.web.app_state import state
from course.web.template_filters import seen_redirect
from course.web.unit_of_work import db, unit_of_work

pages = Blueprint("help_requests", __name__)
# The pages that offer it.
PAGES = {"assessment": "/assessment", "refresher": "/refresher", "update": "/refresher/update"}


def _me() -> int:
    return int(current_user.person.id)


def _today() -> date:
    return civil_date(now(), state().config.time_zone)


@dataclass(frozen=True)
class Offer:
    """Whether the reader asked for help today, who is told (in words), and the safeguarding lead."""

    asked: bool
    told: str
    lead: ContactView | None
    lead_term: str


def _offer() -> Offer:
    ours = here_organisation()
    term = library().help.terms[ours.nation] if ours else "safeguarding lead"
    lead = ours.contacts.get("lead") if ours else None
    return Offer(queries.asked_on(db(), _me(), _today()), _names(queries.helpers(db(), _me())), lead, term)


def _names(helpers: Sequence[Helper]) -> str:
    """Those who are told, in words; of many only how many."""
    if len(helpers) > 2:
        return f"{len(helpers)} people who look after the course"
    return " and ".join(one.name for one in helpers)


@pages.app_context_processor
def _page() -> dict[str, object]:
    """For the offer of help (help_requests/offer.html), which asks only where it is shown."""
    return {"help_offer": _offer}


@pages.post("/help")
@signed_in
def ask() -> Response:
    """Tell the learner's managers that they ask for help: no result, no answer, and once a day."""
    back = seen_redirect(PAGES.get(request.form.get("from", ""), "/"))
    helpers = queries.helpers(db(), _me())
    if not helpers:
        flash("There is nobody here who can be told. Please speak to your safeguarding lead.")
        return back
    letters = [(one, _letter(one)) for one in helpers]
    with unit_of_work() as session:
        new = actions.ask(session, _me(), letters, _today(), state().config.time_zone, now())
    if new:
        flash(f"{_names(helpers)} will get a mail that says that you ask for help, and nothing else.")
    else:
        flash("You asked for help today already. The mail is on its way, and says nothing else.")
    return back


def _letter(to: Helper) -> Letter:
    ours, name = here_organisation(), str(current_user.person.name)
    return letter(
        "help.txt",
        f"{name} asks for help with the course",
        name=first_name(to.name),
        who=name,
        manager=to.manager,
        course=library().course.title,
        organisation=ours.name if ours else "",
    )
