"""Requesting an evidence pack, its progress, the download, and the public page that checks a pack."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Blueprint, Response, abort, flash, g, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.auth.rate_limits import RateLimiter
from course.auth.rules import network_prefix
from course.clock import now
from course.content.loaded_course import library
from course.content.schema import NATIONS
from course.credentials.rules.keys import encode_multikey
from course.dates import start_of_day
from course.evidence import actions, queries
from course.evidence.forms import PackForm, PackUploadForm
from course.evidence.jobs import PACK
from course.evidence.rules.frameworks import modules_of_heading
from course.evidence.rules.upload_check import UNREADABLE, UploadResult, check_as_data, result_from_data
from course.exports.actions import request_file
from course.exports.queries import DownloadView, downloads, file_content, unfinished_id
from course.exports.queries import download as download_of
from course.exports.rules import RETENTION_PERIODS, FileRequest
from course.exports.views import file_response
from course.external_certificates.queries import trusted_issuers
from course.organisation.queries import organisation
from course.people.forms import team_choices
from course.people.queries import TeamView
from course.reports.views import today
from course.translation import gettext as _
from course.web.access import Permission, public, requires_permission
from course.web.app_state import app_state
from course.web.recent_sign_in import needs_recent_sign_in_if, sees_everyone
from course.web.redirects import redirect_after_post
from course.web.sandbox import SandboxBusyError, SandboxError, SandboxLimitError, SandboxLimits, read_in_sandbox
from course.web.unit_of_work import db, read_only_session, signed_in_context, unit_of_work
from course.web.uploads import accepts_upload

pages = Blueprint("evidence", __name__)
checks = Blueprint("evidence_check", __name__)
PageResponse = Response | WsgiResponse
_PACK_ID = "int(max=2147483647)"
# Each check unpacks a file in a process of its own. An inspector checks a few packs.
_check_throttle = RateLimiter("pack checks", 20, 600)
MAX_UPLOAD_MEGABYTES = 32  # a pack of 5,000 people has a few megabytes
_CHECK_LIMITS = SandboxLimits(seconds=10, memory=768, result=1)


@pages.before_request
def _set_nav_section() -> None:
    g.here = "report"


@pages.get("")
@requires_permission(Permission.MAKE_PACKS)
def list_packs() -> Response:
    """The form to request a pack, prefilled from `team` and `on` in the query string, and the viewer's newest packs."""
    return _render_page(_pack_form(_requested_day() or today(), team=request.args.get("team", "")))


@pages.post("")
@requires_permission(Permission.MAKE_PACKS)
def make_pack() -> PageResponse:
    """Put the job that makes a pack into the queue; it goes on when the page is left."""
    form = _pack_form(today())
    if not form.validate():
        return _render_page(form)
    day, at, viewer = form.on.day, now(), current_user.person
    if form.team_id is not None and form.team_id not in _team_ids(_selectable_teams(day)):
        form.team.errors = [_("This team did not exist on that day. Choose another team or day.")]
        return _render_page(form)
    with unit_of_work() as session:
        pack_id = request_file(signed_in_context(session, at), PACK, FileRequest("evidence", form.team_id, day, ""))
        if pack_id is None:
            session.rollback()  # nothing was written, so the same form may be sent again
    if pack_id is None:
        flash(_("This pack is already being made for you. Ask for another one when it is ready."))
        return redirect_after_post(_unfinished_pack_url(viewer.id))
    return redirect_after_post(url_for("evidence.pack_progress", pack_id=pack_id))


def _unfinished_pack_url(person_id: int) -> str:
    """The page of the viewer's unfinished pack; the list of packs if that pack has just been finished."""
    pack_id = unfinished_id(db(), person_id, "evidence")
    return url_for("evidence.list_packs") if pack_id is None else url_for("evidence.pack_progress", pack_id=pack_id)


@pages.get("/frameworks")
@requires_permission(Permission.SEE_PEOPLE)
def frameworks() -> str:
    """What the course covers under the headings of inspection frameworks: of the organisation's nation first."""
    taught, ours = library(), organisation(db())
    rows = sorted(taught.frameworks, key=lambda framework: ours is None or framework.nation != ours.nation)
    return render_template(
        "evidence/frameworks.html", frameworks=rows, sources=taught.sources, nations=NATIONS,
        modules={
            (framework.id, heading.title): modules_of_heading(heading, taught.modules.values())
            for framework in rows
            for heading in framework.headings
        },
    )  # fmt: skip


@pages.get(f"/<{_PACK_ID}:pack_id>")
@requires_permission(Permission.MAKE_PACKS)
def pack_progress(pack_id: int) -> str:
    """The progress of a pack, or the link to download it."""
    pack = _own_pack(pack_id)
    return render_template(
        "evidence/one.html", pack=pack, name=_team_names(pack.day).get(pack.team_id, ""), state=pack.state(now())
    )  # fmt: skip


@pages.post(f"/<{_PACK_ID}:pack_id>/download")
@requires_permission(Permission.MAKE_PACKS)
@needs_recent_sign_in_if(sees_everyone)
def download(pack_id: int) -> Response:
    """The pack as a file."""
    pack = _own_pack(pack_id)
    data = file_content(db(), pack_id) or abort(404)
    with unit_of_work() as session:
        actions.record_pack_download(signed_in_context(session), pack.team_id, pack.day, pack.people)
    return file_response(data, "application/zip", f"evidence-{pack.day.isoformat()}.zip")


@checks.route("", methods=["GET", "POST"])
@public
@accepts_upload(MAX_UPLOAD_MEGABYTES)
def check_pack() -> Response:
    """Whether a pack is whole, and whose it is, for anyone who has the file. Nothing of it is stored."""
    g.here = "verify"
    form, result, refusal, status = PackUploadForm(), None, "", 200
    if form.validate_on_submit():
        if _check_throttle.is_allowed(network_prefix(request.remote_addr)):
            result, refusal = _check_upload(form.file.data.read())
            status = 422 if result is None or result.outcome in UNREADABLE else 200
        else:
            refusal = _("There were many checks from your network. Wait 10 minutes, then try again.")
            status = 429
    issuers = {} if result is None or result.outcome != "known" else _issuer_names()
    page = render_template(
        "evidence/check.html", form=form, result=result, refusal=refusal, issuers=issuers, limit=MAX_UPLOAD_MEGABYTES
    )
    return make_response(page, 422 if form.errors else status)


def _check_upload(data: bytes) -> tuple[UploadResult | None, str]:
    """What the check of a file found; or None, and the reason why it was not read."""
    # The session ends before the file is read: else a connection would be held meanwhile.
    with read_only_session() as session:
        own_keys = queries.installation_keys(session)
        known_keys = [key for trusted in trusted_issuers(session) for key in trusted.issuer.keys]
    try:
        return result_from_data(read_in_sandbox(check_as_data, data, own_keys, known_keys, limits=_CHECK_LIMITS)), ""
    except SandboxBusyError as error:
        return None, str(error)
    except SandboxLimitError:
        return UploadResult("too-large"), ""
    except SandboxError:
        return UploadResult("no-pack"), ""


def _issuer_names() -> dict[str, str]:
    """The names of the issuers that are trusted here, by public key (z6Mk…)."""
    return {
        encode_multikey(key.public_bytes): trusted.issuer.name
        for trusted in trusted_issuers(db())
        for key in trusted.issuer.keys
    }


def _own_pack(pack_id: int) -> DownloadView:
    """A pack that the viewer requested, about people whom the viewer may still see; else 404."""
    viewer = current_user.person
    pack = download_of(db(), viewer.id, pack_id)
    if (
        pack is None
        or pack.kind != "evidence"
        or not (viewer.scope(Permission.MAKE_PACKS).everyone or pack.team_id in _team_ids(_selectable_teams(pack.day)))
    ):
        abort(404)
    return pack


def _render_page(form: PackForm) -> Response:
    at = now()
    newest = [(pack, pack.state(at)) for pack in downloads(db(), current_user.person.id, "evidence")]
    page = render_template(
        "evidence/choose.html", form=form, newest=newest, names=_team_names(today()), today=today(),
        days=RETENTION_PERIODS["evidence"].days,
    )  # fmt: skip
    return make_response(page, 422 if form.errors else 200)


def _pack_form(day: date, team: str = "") -> PackForm:
    """The form with the teams of today and, after them, those of the chosen day that have been closed since.

    A request for any other team gets 404: the viewer may not see that team.
    """
    form = PackForm(on=day, team=team)
    form.today = today()
    chosen_day = form.on.data or day
    past_teams = _selectable_teams(chosen_day) if chosen_day <= form.today else []
    current_teams = _selectable_teams(form.today)
    teams = [*current_teams, *(team_view for team_view in past_teams if team_view.id not in _team_ids(current_teams))]
    form.team.choices = (
        team_choices(teams, _("Everyone"))
        if current_user.person.scope(Permission.MAKE_PACKS).everyone
        else {str(team_view.id): "– " * team_view.depth + team_view.name for team_view in teams}
    )
    if request.method == "POST" and form.team.data not in form.team.choices:
        abort(404)
    return form


def _selectable_teams(day: date) -> list[TeamView]:
    """The teams of a day for which the viewer may request a pack."""
    end = start_of_day(day + timedelta(days=1), app_state().config.time_zone)
    return queries.selectable_teams(db(), current_user.person, min(now(), end - timedelta(microseconds=1)))


def _team_ids(teams: list[TeamView]) -> set[int]:
    return {team.id for team in teams}


def _team_names(day: date) -> dict[int | None, str]:
    return {None: _("Everyone")} | {team.id: team.name for team in _selectable_teams(day)}


def _requested_day() -> date | None:
    try:
        day = date.fromisoformat(request.args.get("on", ""))
    except ValueError:
        return None
    return day if date(1990, 1, 1) <= day <= today() else None
