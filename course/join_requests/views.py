"""Join requests by a link, and decisions about them."""

from __future__ import annotations

from datetime import date, timedelta

from babel.lists import format_list
from flask import Blueprint, Response, abort, flash, g, make_response, render_template, request, url_for
from flask_login import current_user
from markupsafe import Markup
from werkzeug.wrappers import Response as WsgiResponse

from course.auth.rate_limits import RateLimiter
from course.auth.rules import LINKS_PER_ADDRESS, LINKS_PER_NETWORK, network_prefix
from course.clock import now
from course.content.loaded_course import library
from course.context import make_context
from course.dates import civil_date
from course.join_requests import actions, queries
from course.join_requests.forms import JoinLinkForm, JoinRequestForm
from course.join_requests.rules import has_allowed_domain, parse_domains
from course.organisation.request_organisation import current_organisation
from course.people.forms import selected_team_id, team_choices
from course.people.queries import teams
from course.people.rules import PersonIdentity, normalise_email
from course.people_import.actions.identity_questions import questions_about_new
from course.translation import current_locale, lazy_gettext
from course.translation import gettext as _
from course.web.access import Permission, public, requires_permission
from course.web.addresses import public_url_for
from course.web.app_state import app_state
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, signed_in_context, unit_of_work

pages = Blueprint("join_requests", __name__)
PageResponse = Response | WsgiResponse
# A whole school may send its requests from one network address on one morning, so the main limit is by e-mail address. The
# limit by network lies far above the requests of a school: only a program that fills the list reaches it.
_by_email = RateLimiter("join by address", LINKS_PER_ADDRESS.count, int(LINKS_PER_ADDRESS.window.total_seconds()))
_by_network = RateLimiter("join by network", LINKS_PER_NETWORK.count, int(LINKS_PER_NETWORK.window.total_seconds()))
_TOO_MANY_ATTEMPTS = lazy_gettext("Too many requests. This one was not saved. Wait 15 minutes, then try again.")
_LINK_FULL = lazy_gettext("Too many people have used this link, so it cannot take further requests. Tell your manager.")


def _today() -> date:
    return civil_date(now(), app_state().config.time_zone)


@pages.route("/join/<token>", methods=["GET", "POST"])
@public
def join(token: str) -> PageResponse:
    """The form of a join request. The answer does not depend on whether the person is known."""
    link = queries.working_link(db(), token, _today())
    if link is None:
        title, text = _("This link no longer works"), _("It has ended or was revoked. Ask your manager for a new link.")
        return make_response(render_template("auth/gone.html", title=title, text=text), 410)
    form = JoinRequestForm()
    if form.validate_on_submit():
        name, email = form.name.data or "", form.email.data or ""
        if not has_allowed_domain(email, link.domains):
            form.email.errors = [
                _(
                    "Use your work address. It ends with %(domains)s.",
                    domains=format_list(["@" + one for one in link.domains], "or", current_locale()),
                )
            ]
        elif not _within_rate_limit(email):
            form.email.errors = [_TOO_MANY_ATTEMPTS]
            return make_response(
                render_template("join_requests/join.html", form=form, link=link, place=_place(link)), 429
            )
        else:
            with unit_of_work() as session:
                taken = actions.request_to_join(make_context(session, None, now()), link, name, email)
                if not taken:
                    session.rollback()  # nothing was changed, so the same form may be sent again
            if taken:
                return make_response(render_template("join_requests/asked.html", email=email, place=_place(link)))
            form.email.errors = [_LINK_FULL]
    page = render_template("join_requests/join.html", form=form, link=link, place=_place(link))
    return make_response(page, 422 if form.errors else 200)


def _place(link: queries.JoinLinkView) -> str:
    """The name of the site that people join with this link, or of the organisation."""
    ours = current_organisation()
    return ours.for_teams([link.team_id]).name if ours else ""


def _within_rate_limit(email: str) -> bool:
    """Whether the rate limits by e-mail address and by network allow one more request."""
    return _by_email.is_allowed(normalise_email(email)) and _by_network.is_allowed(network_prefix(request.remote_addr))


@pages.get("/registrations")
@requires_permission(Permission.SEE_JOIN_REQUESTS)
def overview() -> str:
    """The open join requests and the join links."""
    g.here = "people"
    viewer = current_user.person
    links = queries.join_links(db(), _today()) if Permission.MANAGE_PEOPLE in viewer.permissions else []
    found = queries.open_requests(db(), viewer)
    decides = {one.id for one in found if queries.may_decide(db(), viewer, one)}
    others = [] if all(one.team_is_open for one in found) else queries.approvable_teams(db(), viewer)
    asked = [one for one in found if one.id in decides]
    questions = questions_about_new(
        db(), [PersonIdentity(one.name, one.email) for one in asked], app_state().config.time_zone, viewer.sees_everyone
    )
    return render_template(
        "join_requests/overview.html", requests=found, links=links, decides=decides, teams=others,
        questions={one.id: words for one, words in zip(asked, questions, strict=True)},
    )  # fmt: skip


@pages.route("/registrations/links/add", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_PEOPLE)
def add_link() -> PageResponse:
    """Create a join link for a team."""
    g.here = "people"
    today = _today()
    form = JoinLinkForm(data={"ends_on": today + timedelta(days=30)})
    form.team.choices = team_choices(teams(db()), _("Choose a team"))
    if form.validate_on_submit() and form.fits(today):
        team, last = selected_team_id(form.team.data), form.ends_on.data
        if team is not None and last is not None:
            allowed_domains = parse_domains(form.domains.data or "")
            with unit_of_work() as session:
                actions.make_link(signed_in_context(session), team, allowed_domains, last)
            flash(_("The link is ready. Share it with the team in a message or on a notice."))
            return redirect_after_post(url_for("join_requests.overview"))
    page = render_template("join_requests/add_link.html", form=form)
    return make_response(page, 422 if form.errors else 200)


@pages.get("/registrations/links/<int(max=2147483647):link_id>/poster")
@requires_permission(Permission.MANAGE_PEOPLE)
def poster(link_id: int) -> PageResponse:
    """A join link as a poster to print: the address in words and as a QR code. A link that works no more has none."""
    g.here = "people"
    link = queries.link_by_id(db(), link_id, _today())
    if link is None or not link.works:
        return abort(404)
    address = public_url_for("join_requests.join", token=link.token)
    # With the quiet zone that scanners need; "m" is read even if a part of it is dirty.
    import segno  # noqa: PLC0415 (few processes draw a code)

    code = Markup(segno.make(address, error="m", micro=False).svg_inline(border=4, omitsize=True))  # noqa: S704 (an SVG of modules)
    minutes = library().usual_length.minutes
    return make_response(
        render_template(
            "join_requests/poster.html", link=link, place=_place(link), address=address, code=code, minutes=minutes
        )
    )


@pages.post("/registrations/links/<int(max=2147483647):link_id>/revoke")
@requires_permission(Permission.MANAGE_PEOPLE)
def revoke_link(link_id: int) -> PageResponse:
    """Revoke a join link."""
    with unit_of_work() as session:
        done = actions.revoke_link(signed_in_context(session), link_id)
    flash(
        _("The link no longer works. You can still approve requests made with it.")
        if done
        else _("It was already revoked.")
    )
    return redirect_after_post(url_for("join_requests.overview"))


@pages.post("/registrations/<int(max=2147483647):request_id>/approve")
@requires_permission(Permission.DECIDE_JOIN_REQUESTS)
def approve(request_id: int) -> PageResponse:
    """Approve a join request: the person is added and invited."""
    candidate = queries.decidable_request(db(), current_user.person, request_id) or abort(404)
    chosen = None
    if not candidate.team_is_open:
        others = {str(one.id): one.id for one in queries.approvable_teams(db(), current_user.person)}
        chosen = others.get(request.form.get("team", ""))
        if chosen is None:
            flash(_("Choose a team."))
            return redirect_after_post(url_for("join_requests.overview"))
    with unit_of_work() as session:
        refused = actions.approve_request(signed_in_context(session), candidate, current_user.person.name, chosen)
        if refused is not None:
            session.rollback()  # nothing was changed, so the same form may be sent again
    flash(
        refused.message
        if refused
        else _(
            "%(name)s was added. We are sending an invitation to %(email)s.",
            name=candidate.name,
            email=candidate.email,
        )
    )
    return redirect_after_post(url_for("join_requests.overview"))


@pages.post("/registrations/<int(max=2147483647):request_id>/refuse")
@requires_permission(Permission.DECIDE_JOIN_REQUESTS)
def refuse(request_id: int) -> PageResponse:
    """Refuse a join request."""
    candidate = queries.decidable_request(db(), current_user.person, request_id) or abort(404)
    with unit_of_work() as session:
        done = actions.refuse_request(signed_in_context(session), candidate)
    flash(
        _("You declined the request from %(name)s. They do not get an e-mail.", name=candidate.name)
        if done
        else _("This request has already been decided.")
    )
    return redirect_after_post(url_for("join_requests.overview"))
