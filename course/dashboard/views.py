"""The reader's home "My training", the list of people, and the page of a person.

Each view reads what its page shows and gives it to the template as plain data: a template runs no query.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, abort, g, render_template, request, url_for
from flask_login import current_user
from markupsafe import Markup

from course.certificates.views import certificate_link
from course.clock import now
from course.content.rendering import label_html
from course.content.schema import SETTINGS
from course.dashboard import queries
from course.learning.actions import final_result
from course.learning.reader_course import reader_library
from course.learning.rules.drawing import AssessmentResult
from course.learning.rules.progress import CourseProgress
from course.learning.views.modules import assessment_minutes
from course.learning.views.page_context import course_progress, reader_id, step_address, today
from course.mail.views import reader_mail_alert
from course.organisation.views import own_stale_contacts
from course.people.queries import chosen_pathway
from course.people.rules import normalise_line
from course.refreshers.views.page_context import reader_update, refresher_status
from course.translation import gettext as _
from course.web.access import Permission, requires_permission, sign_in_required
from course.web.app_state import app_state
from course.web.forms import query_number
from course.web.unit_of_work import db

pages = Blueprint("dashboard", __name__)


@dataclass(frozen=True)
class NextAction:
    """The one button of the page "My training": its label, its address, and the minutes that the page announces."""

    label: str
    address: str
    minutes: float


@pages.get("/")
@sign_in_required
def home() -> str:
    """Show progress, the next step with the time that it takes, and one button."""
    state = course_progress()
    verdict = final_result(db(), reader_library(), reader_id()) if state.modules_done else None
    following = next_action(state, verdict)
    # Refresher and update are for people who completed the course; their status comes with the certification status.
    refresher = refresher_status() if following is None else None
    zone = app_state().config.time_zone
    return render_template(
        "dashboard/home.html",
        state=state,
        next=following,
        verdict=verdict,
        course=reader_library().course,
        pathway=chosen_pathway(db(), reader_id()),
        standing=refresher.certification_status
        if refresher
        else queries.certification_status_of(db(), reader_id(), zone, today()),
        mine=refresher,
        update=reader_update() if refresher else None,
        stale_contacts=own_stale_contacts(),
        mail_alert=reader_mail_alert(),
    )


def next_action(state: CourseProgress, verdict: AssessmentResult | None = None) -> NextAction | None:
    """The next thing to do; None when the course is complete."""
    if state.completed_at is not None:
        return None
    if state.current is not None and state.current.next is not None:
        step = state.current.next
        verb = _("Carry on") if state.current.started else _("Start")
        return NextAction(
            Markup("{}: {}").format(verb, label_html(step.title)), step_address(step), state.current.minutes_left
        )
    return NextAction(_("Go to the final assessment"), url_for("learning.assessment"), assessment_minutes(verdict))


@pages.get("/people")
@requires_permission(Permission.SEE_PEOPLE)
def people() -> str:
    """The people whom the viewer may see, a page at a time; `q` finds some of them."""
    g.here = "people"
    viewer, words = current_user.person, normalise_line(request.args.get("q", ""))
    manages = Permission.MANAGE_PEOPLE in viewer.permissions
    overview = queries.people_overview(db(), viewer, manages, words, query_number("page") or 1)
    return render_template("dashboard/people.html", found=overview.found, words=words, settings=SETTINGS, at=now(),
                           only_administrator=overview.only_administrator, asking=overview.join_requests)  # fmt: skip


@pages.get("/people/<int(max=2147483647):person_id>")
@requires_permission(Permission.MANAGE_PEOPLE)
def person(person_id: int) -> str:
    """Somebody's name, teams, roles and stays, as they are and as they were; and certificates in an earlier name."""
    g.here = "people"
    overview = queries.person_page(db(), person_id) or abort(404)
    number = overview.certificate_link_number
    return render_template(
        "dashboard/person.html",
        sheet=overview.detail,
        settings=SETTINGS,
        only_administrator=overview.only_administrator,
        outdated_certificates=overview.outdated_certificates,
        certificate_link=certificate_link(person_id, number) if number is not None else None,
        certificate_link_number=number,
    )
