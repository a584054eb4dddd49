"""Launches by learning platforms, the way back to them, and the pages on which they are allowed."""

from __future__ import annotations

import logging
from datetime import timedelta
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    flash,
    g,
    make_response,
    render_template,
    request,
    session,
    url_for,
)
from flask_login import current_user
from markupsafe import Markup
from werkzeug.wrappers import Response as WsgiResponse

from course.auth.rate_limits import PageRateLimiter
from course.auth.rules import network_prefix
from course.auth.sign_in_session import sign_out_browser
from course.auth.views.finish import finish_sign_in
from course.auth.views.page_context import too_many_attempts_page
from course.clock import now
from course.cmi5 import actions, queries
from course.cmi5.actions import Cmi5PlatformSettings, NewLaunch
from course.cmi5.forms import Cmi5PlatformForm
from course.cmi5.lms_client import LmsClient
from course.cmi5.queries import AccountPerson, PlatformView
from course.cmi5.rules.delivery import statement_outcome
from course.cmi5.rules.launch import LaunchRequest, read_launch
from course.cmi5.rules.problems import LaunchError, LaunchProblem, problem_words
from course.cmi5.rules.statements import (
    COMPLETED,
    FAILED,
    INITIALIZED,
    PASSED,
    TERMINATED,
    SessionFacts,
    SessionStatement,
    build_session_statement,
)
from course.cmi5.rules.units import COURSE, REFRESHER, Unit, is_unit, unit_of
from course.cmi5.structure import MODULES, PARTS, structure_file
from course.content.loaded_course import library as whole_library
from course.context import make_context
from course.dates import civil_date
from course.people.forms import team_choices
from course.people.queries import teams
from course.translation import gettext as _
from course.web.access import Permission, public, requires_permission, sign_in_required
from course.web.app_state import app_state
from course.web.forms import is_outdated, query_number, shown_fingerprint
from course.web.recent_sign_in import needs_recent_sign_in
from course.web.redirects import redirect_after_post
from course.web.request_language import forget_launch_language, offered_language, speak_as_elsewhere
from course.web.security_headers import let_platform_in
from course.web.unit_of_work import db, discard_request_state, signed_in_context, unit_of_work

pages = Blueprint("cmi5", __name__)
ViewResponse = Response | WsgiResponse
PAGE_SIZE = 30
_LOG = logging.getLogger("course")
# In the cookie: the session of a platform in which this browser is, its name, and the mark of its launch.
_HERE = "cmi5"
# Nothing is wrong here, but with another server (RFC 4918, 11.4).
_STATUS = {
    LaunchProblem.UNREACHABLE: 424,
    LaunchProblem.LEFT: 403,
    LaunchProblem.STAFF: 403,
    LaunchProblem.NOT_KNOWN: 403,
    LaunchProblem.NOT_ALLOWED: 403,
}
# Each may make this server ask a platform. A whole school comes from one network.
_throttle = PageRateLimiter("cmi5", 300, 60)
_PLATFORM = "<int(max=2147483647):platform_id>"


def init(app: Flask) -> None:
    """Let every page show the way back to the platform."""
    app.jinja_env.globals["platform_bar"] = platform_bar


def platform_bar() -> Markup:
    """The bar at the top of every page in a browser that came from a platform; nothing anywhere else. It reads the cookie
    alone."""
    here = session.get(_HERE)
    if not here or not current_user.is_authenticated:
        return Markup("")
    html = current_app.jinja_env.get_template("cmi5/bar.html").render(
        name=here["name"], mode=here["mode"], unit=unit_of(here.get("unit", COURSE))
    )
    return Markup(html)  # noqa: S704 (a template made it)


@pages.get("/cmi5/launch/<unit>")
@public
def launch(unit: str) -> ViewResponse:
    """Where a platform sends the browser to open the course (cmi5, section 8.1)."""
    if not is_unit(unit, whole_library().modules.keys()):
        abort(404)
    try:
        asked = read_launch(request.args)
    except LaunchError as error:
        return _problem_page(None, error)
    platform = queries.platform_of_hosts(db(), asked.hosts)
    if platform is None:
        return _problem_page(None, LaunchError(LaunchProblem.NOT_ALLOWED))
    if request.headers.get("Sec-Fetch-Dest") in ("iframe", "frame", "embed", "object"):
        return _framed_page(platform, asked)
    here = session.get(_HERE)
    if here and here["mark"] == asked.mark and current_user.is_authenticated:
        return redirect_after_post(_page_of(unit_of(unit)))  # the page was loaded again
    if not _throttle.is_allowed(network_prefix(request.remote_addr)):
        return too_many_attempts_page(now() + timedelta(minutes=1))
    me = current_user.person
    if me is not None and ((known := _known_person(platform, asked)) is None or known.person_id != me.id):
        # Before the token is fetched: a link on any site can be a launch, and must not have one person answer as another.
        return make_response(render_template("cmi5/someone_else.html", me=me, address=request.full_path))
    discard_request_state()  # no connection is held while the platform is asked
    try:
        opened = _open_at_platform(platform, asked, unit_of(unit))
    except LaunchError as error:
        return _refuse(platform, error)
    speak_as_elsewhere(next(filter(offered_language, opened.data.languages), None), keep=True)
    return _begin(platform, opened)


@pages.post("/cmi5/launch/<unit>")
@sign_in_required
def launch_as_someone_else(unit: str) -> ViewResponse:
    """Somebody else is signed in in this browser: sign them out, and open the launch of this address."""
    try:
        asked = read_launch(request.args)
    except LaunchError as error:
        return _problem_page(None, error)
    if queries.platform_of_hosts(db(), asked.hosts) is None:
        return _problem_page(None, LaunchError(LaunchProblem.NOT_ALLOWED))
    sign_out_browser(now())
    return redirect_after_post(f"{url_for('cmi5.launch', unit=unit)}?{request.query_string.decode('ascii', 'replace')}")


def _page_of(unit: Unit) -> str:
    """The page with which a unit begins."""
    if unit.module:
        return url_for("learning.module", module_id=unit.module)
    return url_for("refreshers.refresher") if unit.name == REFRESHER else url_for("dashboard.home")


def _known_person(platform: PlatformView, asked: LaunchRequest) -> AccountPerson | None:
    today = civil_date(now(), app_state().config.time_zone)
    return queries.account_person(db(), platform.id, asked.actor, today)


def _refusal(platform: PlatformView, asked: LaunchRequest) -> LaunchProblem | None:
    known = _known_person(platform, asked)
    if known is not None:
        return actions.refusal_of(known)
    return None if platform.makes_accounts else LaunchProblem.NOT_KNOWN


def _open_at_platform(platform: PlatformView, asked: LaunchRequest, unit: Unit) -> NewLaunch:
    """Fetch the token and the launch data, and say that the course is open. The platform takes that only for the learner to
    whom it gave the token: until then nobody is signed in, and nothing is said about anybody. Raises LaunchError."""
    client = LmsClient(app_state().config.webhook_test_ca)
    token = client.token(asked)
    data = client.launch_data(asked, token)
    if (refusal := _refusal(platform, asked)) is not None:
        raise LaunchError(refusal)
    discard_request_state()
    facts = SessionFacts(
        asked.endpoint, asked.registration, data.session, asked.activity_id, asked.actor.agent, data.context, data.mode,
        data.mastery_score,
    )  # fmt: skip
    first = build_session_statement(facts, SessionStatement(INITIALIZED, now(), None))
    answer = client.put(asked.endpoint, token, first)
    if statement_outcome(answer.status) != "arrived":
        problem = LaunchProblem.UNREACHABLE if answer.status is None else LaunchProblem.NOT_ACCEPTED
        raise LaunchError(problem, answer.failure)
    return NewLaunch(asked, data, token, unit)


def _begin(platform: PlatformView, opened: NewLaunch) -> ViewResponse:
    with unit_of_work() as unit:
        begun = actions.begin_launch(
            make_context(unit, None, now()), platform, opened, app_state().config.secret_key, whole_library(),
        )  # fmt: skip
    if isinstance(begun, LaunchProblem):
        return _problem_page(platform, LaunchError(begun))
    # A second step that somebody has is asked for here as at any sign-in.
    here = url_for("cmi5.arrive", session_id=begun.session_id, mark=opened.request.mark)
    return finish_sign_in(begun.granted, "provider", here)


@pages.get("/cmi5/sessions/<int(max=2147483647):session_id>")
@sign_in_required
def arrive(session_id: int) -> ViewResponse:
    """The first page after the sign-in: remember in the cookie where this browser came from, and go on to the course."""
    found = queries.open_session(db(), current_user.person.id, session_id) or abort(404)
    mark = request.args.get("mark", "")[:32]
    here = {"id": found.id, "name": found.platform, "mode": found.facts.mode, "mark": mark, "unit": found.unit.name}
    session[_HERE] = here
    return redirect_after_post(_page_of(found.unit))


@pages.post("/cmi5/leave")
@sign_in_required
def leave() -> ViewResponse:
    """End the session, and show the way back to the platform."""
    here = session.pop(_HERE, None)
    forget_launch_language()
    if not here:
        return redirect_after_post(url_for("dashboard.home"))
    found = queries.open_session(db(), current_user.person.id, int(here["id"]))
    if found is not None:
        with unit_of_work() as unit:
            actions.end_launch(signed_in_context(unit), found, whole_library())
    address = found.return_address if found else ""
    page = make_response(render_template("cmi5/left.html", name=here["name"], address=address))
    if address:
        # A form of this course may redirect to no other site.
        page.headers["Refresh"] = f"0; url={address}"
    return page


def _framed_page(platform: PlatformView, asked: LaunchRequest) -> ViewResponse:
    """No page of the course is shown in a frame, except this one, with a link that opens the course. The token is not fetched
    yet, so the same address works there."""
    response = make_response(render_template("cmi5/framed.html", name=platform.name, address=request.full_path), 200)
    response.headers["Cache-Control"] = "no-store"
    let_platform_in(f"https://{host}" for host in sorted({*platform.hosts, urlsplit(asked.endpoint).netloc}))
    return response


def _refuse(platform: PlatformView, error: LaunchError) -> ViewResponse:
    """Write into the log that a launch was refused, and say so."""
    with unit_of_work() as unit:
        actions.record_launch_refusal(make_context(unit, None, now()), platform.name, error.problem, error.detail)
    return _problem_page(platform, error)


def _problem_page(platform: PlatformView | None, error: LaunchError) -> ViewResponse:
    if platform is None:
        # Not into the log of the course: anyone can open this address as often as they like.
        _LOG.warning("cmi5 launch: %s", error)
    what, advice = problem_words(error.problem, platform.name if platform else _("your learning platform"))
    page = render_template("cmi5/problem.html", what=what, advice=advice)
    return make_response(page, _STATUS.get(error.problem, 400))


def part_words() -> dict[str, str]:
    """What cmi5.xml can have, for administrators."""
    return {
        COURSE: _("The whole course"), MODULES: _("Each module, to be given alone"), REFRESHER: _("The refresher"),
    }  # fmt: skip


def verb_words() -> dict[str, str]:
    """What the statements of a session say, for administrators."""
    return {
        INITIALIZED: _("Opened"), COMPLETED: _("Completed"), PASSED: _("Passed"), FAILED: _("Failed"),
        TERMINATED: _("Finished"),
    }  # fmt: skip


@pages.get("/system/cmi5")
@requires_permission(Permission.RUN_SYSTEM)
def overview() -> str:
    """The platforms that may launch the course, and the newest sessions."""
    g.here = "organisation"
    before = query_number("before")
    rows = queries.latest_sessions(db(), PAGE_SIZE + 1, before)
    return render_template(
        "cmi5/overview.html",
        platforms=queries.platforms(db()),
        counts=queries.account_counts(db()),
        sessions=rows[:PAGE_SIZE],
        older=rows[PAGE_SIZE - 1].id if len(rows) > PAGE_SIZE else None,
        before=before,
        verb_words=verb_words(),
        modules=whole_library().modules,
        parts=part_words(),
    )


@pages.get("/system/cmi5/cmi5.xml")
@requires_permission(Permission.RUN_SYSTEM)
def structure() -> Response:
    """The course structure with the parts that were chosen, to be imported in a platform; without a choice the whole course."""
    chosen = [one for one in PARTS if one in request.args.getlist("part")]
    response = make_response(structure_file(chosen or [COURSE]))
    response.headers["Content-Type"] = "application/xml"
    response.headers["Content-Disposition"] = 'attachment; filename="cmi5.xml"'
    return response


@pages.route("/system/cmi5/platforms/add", methods=["GET", "POST"])
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def add() -> ViewResponse:
    """Allow a platform."""
    return _edit(None)


@pages.route(f"/system/cmi5/platforms/{_PLATFORM}", methods=["GET", "POST"])
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def change(platform_id: int) -> ViewResponse:
    """Change a platform."""
    return _edit(queries.platform(db(), platform_id) or abort(404))


def _edit(found: PlatformView | None) -> ViewResponse:
    g.here = "organisation"
    shown: dict[str, object] = {} if found is None else {
        "name": found.name, "hosts": "\n".join(found.hosts), "makes_accounts": found.makes_accounts,
        "team": str(found.team_id or ""), "active": found.active,
    }  # fmt: skip
    form = Cmi5PlatformForm(data=(shown or {"active": True}) | {"was": shown_fingerprint(shown)})
    form.team.choices = team_choices(teams(db()), _("No team"))
    if form.validate_on_submit() and not is_outdated(form, shown, with_entered=True):
        settings = Cmi5PlatformSettings(
            form.name.data or "", form.host_names, form.makes_accounts.data, form.team_id, form.active.data
        )
        with unit_of_work() as unit:
            context = signed_in_context(unit)
            if found is None:
                done = bool(actions.add_platform(context, settings))
            else:
                done = actions.change_platform(context, found.id, settings)
        flash(_("The platform is saved.") if done else _("Nothing has changed."))
        return redirect_after_post(url_for("cmi5.overview"))
    return make_response(render_template("cmi5/edit.html", form=form, platform=found), 422 if form.errors else 200)


@pages.get(f"/system/cmi5/platforms/{_PLATFORM}/accounts")
@requires_permission(Permission.RUN_SYSTEM)
def accounts(platform_id: int) -> ViewResponse:
    """The accounts at a platform that are linked to people here."""
    g.here = "organisation"
    platform = queries.platform(db(), platform_id) or abort(404)
    before = query_number("before")
    rows = queries.accounts(db(), platform_id, PAGE_SIZE + 1, before)
    older = rows[PAGE_SIZE - 1].id if len(rows) > PAGE_SIZE else None
    return make_response(
        render_template("cmi5/accounts.html", platform=platform, accounts=rows[:PAGE_SIZE], older=older, before=before)
    )


@pages.post(f"/system/cmi5/platforms/{_PLATFORM}/accounts/<int(max=2147483647):account_id>/unlink")
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def unlink(platform_id: int, account_id: int) -> ViewResponse:
    """End the link of an account. The sign-in sessions of the person end."""
    platform = queries.platform(db(), platform_id) or abort(404)
    with unit_of_work() as unit:
        ended = actions.unlink_account(signed_in_context(unit), platform, whole_library(), account_id)
    flash(
        _("The account is no longer linked. They have been signed out everywhere.")
        if ended
        else _("This account is not linked any more.")
    )
    return redirect_after_post(url_for("cmi5.accounts", platform_id=platform_id))


@pages.post("/system/cmi5/statements/<int(max=2147483647):statement_id>/repeat")
@requires_permission(Permission.RUN_SYSTEM)
def repeat(statement_id: int) -> WsgiResponse:
    """Send a statement again that was refused or given up."""
    with unit_of_work() as unit:
        done = actions.repeat_session_statement(signed_in_context(unit), statement_id)
    flash(_("It is sent again within a minute.") if done else _("There is nothing that can be sent again."))
    return redirect_after_post(url_for("cmi5.overview", _anchor="sessions"))
