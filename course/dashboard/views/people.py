"""The list of people, and the page of a person."""

from __future__ import annotations

from flask import Response, abort, g, make_response, render_template, request
from flask_login import current_user

from course.bulk_changes.rules.people_filter import (
    INVITATION_FILTERS,
    PEOPLE_ORDERS,
    ROLE_FILTERS,
    SIGNED_IN_FILTERS,
    parse_people_filter,
)
from course.bulk_changes.views import allowed_kinds
from course.certificates.views import certificate_link
from course.clock import now
from course.content.schema import SETTINGS
from course.dashboard import queries
from course.dashboard.views.page_context import pages
from course.dates import civil_date
from course.people.queries import only_manager_of
from course.people.rules import grantable_roles, may_change_entry
from course.recertification.rules.explanations import STATUS_GROUPS
from course.standings.jobs import refresh_standings
from course.standings.rules import CURRENT
from course.web.access import Permission, requires_permission
from course.web.app_state import app_state, is_mail_printed
from course.web.forms import query_number
from course.web.redirects import list_address
from course.web.unit_of_work import db


@pages.get("/people")
@requires_permission(Permission.SEE_PEOPLE)
def people() -> Response:
    """The people whom the viewer may see, a page at a time; the query string narrows the list, and stays with what is done
    from it."""
    g.here = "people"
    viewer = current_user.person
    wanted, mistakes = parse_people_filter(request.args, STATUS_GROUPS, SETTINGS)
    freshness = refresh_standings(now()) if wanted.needs_standings else CURRENT
    overview = queries.people_overview(db(), viewer, wanted, query_number("page") or 1)
    page = render_template(
        "dashboard/people.html",
        found=overview.found,
        wanted=wanted,
        wrong=mistakes,
        freshness=freshness,
        teams=overview.teams,
        changes=allowed_kinds(),
        filters={"role": ROLE_FILTERS, "invited": INVITATION_FILTERS, "signed-in": SIGNED_IN_FILTERS},
        groups=STATUS_GROUPS,
        orders=PEOPLE_ORDERS,
        settings=SETTINGS,
        at=now(),
        mailed=not is_mail_printed(),
        only_administrator=overview.only_administrator,
        asking=overview.join_requests,
    )
    return make_response(page, 422 if mistakes else 200)


@pages.get("/people/<int(max=2147483647):person_id>")
@requires_permission(Permission.MANAGE_PEOPLE)
def person(person_id: int) -> str:
    """Somebody's name, teams, roles and stays, as they are and as they were; and certificates in an earlier name."""
    g.here = "people"
    viewer, today = current_user.person, civil_date(now(), app_state().config.time_zone)
    overview = queries.person_page(db(), person_id, today) or abort(404)
    number = overview.certificate_link_number
    from_report = request.args.get("from") == "report"
    return render_template(
        "dashboard/person.html",
        sheet=overview.detail,
        back=list_address("reports.show" if from_report else "dashboard.people", f"p{person_id}"),
        from_report=from_report,
        unmanaged=only_manager_of(db(), [person_id]) if overview.detail.person.last_day else [],
        settings=SETTINGS,
        only_administrator=overview.only_administrator and Permission.GIVE_EVERY_ROLE in viewer.permissions,
        may_change=may_change_entry(viewer, overview.detail.held),
        grantable=grantable_roles(viewer),
        outdated_certificates=overview.outdated_certificates,
        certificate_link=certificate_link(person_id, number) if number is not None else None,
        certificate_link_number=number,
        owned=overview.detail.owned,
    )
