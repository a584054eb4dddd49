"""The list of people, and the page of a person."""

from __future__ import annotations

from flask import abort, g, render_template, request
from flask_login import current_user

from course.certificates.views import certificate_link
from course.clock import now
from course.content.schema import SETTINGS
from course.dashboard import queries
from course.dashboard.views.page_context import pages
from course.dates import civil_date
from course.people.rules import grantable_roles, may_change_entry, normalise_line
from course.web.access import Permission, requires_permission
from course.web.app_state import app_state
from course.web.forms import query_number
from course.web.unit_of_work import db


@pages.get("/people")
@requires_permission(Permission.SEE_PEOPLE)
def people() -> str:
    """The people whom the viewer may see, a page at a time; `q` finds some of them."""
    g.here = "people"
    viewer, words = current_user.person, normalise_line(request.args.get("q", ""))
    gives_roles = Permission.GIVE_EVERY_ROLE in viewer.permissions
    overview = queries.people_overview(db(), viewer, gives_roles, words, query_number("page") or 1)
    return render_template("dashboard/people.html", found=overview.found, words=words, settings=SETTINGS, at=now(),
                           only_administrator=overview.only_administrator, asking=overview.join_requests)  # fmt: skip


@pages.get("/people/<int(max=2147483647):person_id>")
@requires_permission(Permission.MANAGE_PEOPLE)
def person(person_id: int) -> str:
    """Somebody's name, teams, roles and stays, as they are and as they were; and certificates in an earlier name."""
    g.here = "people"
    viewer, today = current_user.person, civil_date(now(), app_state().config.time_zone)
    overview = queries.person_page(db(), person_id, today) or abort(404)
    number = overview.certificate_link_number
    return render_template(
        "dashboard/person.html",
        sheet=overview.detail,
        settings=SETTINGS,
        only_administrator=overview.only_administrator and Permission.GIVE_EVERY_ROLE in viewer.permissions,
        may_change=may_change_entry(viewer, overview.detail.held),
        grantable=grantable_roles(viewer),
        outdated_certificates=overview.outdated_certificates,
        certificate_link=certificate_link(person_id, number) if number is not None else None,
        certificate_link_number=number,
    )
