"""Pages for administrators: the grades that a platform was sent, and the people of a course there."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, g, make_response, render_template, url_for
from werkzeug.wrappers import Response as WsgiResponse

from course.clock import now
from course.lti.platform_client import PlatformConnection, PlatformNetwork
from course.lti.queries import contexts, linked_people, platform, platform_connection
from course.lti.rules.registration import PlatformSettings
from course.lti_services import actions, queries
from course.lti_services.forms import MembersForm
from course.lti_services.members_fetch import MembersError, fetch_members
from course.lti_services.rules.members import people_list
from course.lti_services.rules.problems import GRADE_PROBLEM_WORDS
from course.people.queries import teams
from course.people_import.actions import store_upload
from course.people_import.rules.parsing import parse_and_pack
from course.translation import gettext as _
from course.translation import ngettext
from course.web.access import Permission, requires_permission
from course.web.app_state import app_state, runs_locally
from course.web.forms import sent_numbers
from course.web.recent_sign_in import needs_recent_sign_in
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, signed_in_context, unit_of_work

pages = Blueprint("lti_services", __name__)
_PLATFORM = "/<int(max=2147483647):registration_id>"
_CONTEXT = f"{_PLATFORM}/courses/<int(max=2147483647):context_id>/people"
# Nothing is wrong here, but with another server (RFC 4918, 11.4).
_UNREACHABLE_STATUS = 424


def _platform(registration_id: int) -> PlatformSettings:
    g.here = "organisation"
    return platform(db(), registration_id) or abort(404)


@pages.get(f"{_PLATFORM}/grades")
@requires_permission(Permission.RUN_SYSTEM)
def grades(registration_id: int) -> str:
    """What a platform was told of whom: sent, waiting or failed, and why."""
    settings = _platform(registration_id)
    return render_template(
        "lti_services/grades.html",
        platform=settings,
        grades=queries.grades(db(), registration_id),
        counts=queries.grade_counts(db(), registration_id),
        words=GRADE_PROBLEM_WORDS,
        contexts=[one for one in contexts(db(), registration_id) if one.members_address],
    )


@pages.post(f"{_PLATFORM}/grades/repeat")
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def repeat(registration_id: int) -> WsgiResponse:
    """Send a grade again, or all that failed."""
    settings = _platform(registration_id)
    chosen = sent_numbers("grade") or None
    with unit_of_work() as session:
        count = actions.repeat_grades(signed_in_context(session), settings, chosen)
    flash(
        ngettext("%(num)s grade is sent again.", "%(num)s grades are sent again.", count)
        if count
        else _("No grade was to be sent again.")
    )
    return redirect_after_post(url_for("lti_services.grades", registration_id=registration_id))


@pages.route(_CONTEXT, methods=["GET", "POST"])
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def members(registration_id: int, context_id: int) -> Response | WsgiResponse:
    """Fetch the people of a course at a platform as a list, which is looked at before anything changes."""
    settings = _platform(registration_id)
    context = queries.members_context(db(), registration_id, context_id) or abort(404)
    form = MembersForm(teams(db()), str(context.team_id or settings.team_id or ""))
    problem = ""
    if form.validate_on_submit():
        connection = _connection(settings)
        try:
            found = fetch_members(connection, context.members_address)
        except MembersError as error:
            problem = str(error)
        else:
            made = people_list(found, form.choice(), linked_people(db(), registration_id))
            if made.listed:
                packed = parse_and_pack(made.csv)
                with unit_of_work() as session:
                    signed_in = signed_in_context(session)
                    import_id = store_upload(signed_in, f"{settings.name}, {context.title}.csv", packed)
                    actions.record_members_fetched(signed_in, settings, context.title, len(found))
                _say_who_is_missing(made.left_out, made.without_address)
                return redirect_after_post(url_for("people_import.columns", import_id=import_id))
            problem = _("There is no one in this course with such a role, a name and an e-mail address.")
    page = render_template("lti_services/members.html", platform=settings, context=context, form=form, problem=problem)
    return make_response(page, 422 if form.errors else _UNREACHABLE_STATUS if problem else 200)


def _connection(settings: PlatformSettings) -> PlatformConnection:
    config = app_state().config
    network = PlatformNetwork(runs_locally(), config.private_provider_hosts)
    return platform_connection(db(), settings.id, config.secret_key, network, now()) or abort(404)


def _say_who_is_missing(left_out: int, without_address: int) -> None:
    if without_address:
        flash(
            ngettext(
                "%(num)s person is not in the list, because the platform did not give their name and e-mail address. They come "
                "in when they open the course there.",
                "%(num)s people are not in the list, because the platform did not give their name and e-mail address. They come "
                "in when they open the course there.",
                without_address,
            )
        )
    if left_out:
        flash(
            ngettext(
                "%(num)s person is left out because of their role there.",
                "%(num)s people are left out because of their role there.",
                left_out,
            )
        )
