"""Asking for an evidence pack, seeing how far it has come, and downloading it."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Blueprint, Response, abort, flash, g, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.clock import now
from course.dates import start_of_day
from course.evidence import actions, queries
from course.evidence.forms import PackForm
from course.evidence.jobs import PACK
from course.exports.actions import ask
from course.exports.queries import DownloadView, content, downloads, unfinished
from course.exports.queries import download as download_of
from course.exports.rules import KEPT
from course.exports.views import handed_out
from course.people.forms import team_choices
from course.people.queries import TeamView
from course.reports.views import today
from course.web.access import Permission, requires_permission
from course.web.app_state import app_state
from course.web.template_filters import redirect_after_post
from course.web.unit_of_work import db, unit_of_work

pages = Blueprint("evidence", __name__)
Answer = Response | WsgiResponse
_PACK = "int(max=2147483647)"


@pages.before_request
def _here() -> None:
    g.here = "report"


@pages.get("")
@requires_permission(Permission.SEE_PEOPLE)
def choose() -> Response:
    """Where a pack is asked for; `team` and `on` stand in the address. Shows one's newest packs."""
    return _page(_form(_day_in_address() or today(), team=request.args.get("team", "")))


@pages.post("")
@requires_permission(Permission.SEE_PEOPLE)
def make() -> Answer:
    """Put the job that makes a pack into the queue; it goes on when the page is left."""
    form = _form(today())
    if not form.validate():
        return _page(form)
    day, at, viewer = form.on.day, now(), current_user.person
    if form.wanted is not None and form.wanted not in _ids(_teams(day)):
        form.team.errors = ["This team was not there on that day. Choose another one, or another day."]
        return _page(form)
    with unit_of_work() as session:
        pack_id = ask(session, PACK, "evidence", form.wanted, day, "", viewer.id, at)
        if pack_id is None:
            session.rollback()  # nothing was done, so the same form may come again
    if pack_id is None:
        flash("A pack is being made for you already: it is the one on this page. Ask for another when it is ready.")
        return redirect_after_post(_unfinished(viewer.id))
    return redirect_after_post(url_for("evidence.one", pack_id=pack_id))


def _unfinished(person_id: int) -> str:
    """Where the pack is that is being made; if it has ended just now, where all are."""
    pack_id = unfinished(db(), person_id, "evidence")
    return url_for("evidence.choose") if pack_id is None else url_for("evidence.one", pack_id=pack_id)


@pages.get(f"/<{_PACK}:pack_id>")
@requires_permission(Permission.SEE_PEOPLE)
def one(pack_id: int) -> str:
    """How far a pack has come, or where it is downloaded."""
    pack = _own(pack_id)
    return render_template(
        "evidence/one.html", pack=pack, name=_names(pack.day).get(pack.team_id, ""), state=pack.state(now())
    )  # fmt: skip


@pages.post(f"/<{_PACK}:pack_id>/download")
@requires_permission(Permission.SEE_PEOPLE)
def download(pack_id: int) -> Response:
    """The pack as a file."""
    pack = _own(pack_id)
    data = content(db(), pack_id) or abort(404)
    with unit_of_work() as session:
        actions.downloaded(session, pack.team_id, pack.day, pack.people, current_user.person.id, now())
    return handed_out(data, "application/zip", f"evidence-{pack.day.isoformat()}.zip")


def _own(pack_id: int) -> DownloadView:
    """A pack that the viewer asked for, of people whom they may still see."""
    viewer = current_user.person
    pack = download_of(db(), viewer.id, pack_id)
    if pack is None or pack.kind != "evidence" or not (viewer.administrator or pack.team_id in _ids(_teams(pack.day))):
        abort(404)
    return pack


def _page(form: PackForm) -> Response:
    at = now()
    newest = [(pack, pack.state(at)) for pack in downloads(db(), current_user.person.id, "evidence")]
    page = render_template(
        "evidence/choose.html", form=form, newest=newest, names=_names(today()), today=today(),
        days=KEPT["evidence"].days,
    )  # fmt: skip
    return make_response(page, 422 if form.errors else 200)


def _form(day: date, team: str = "") -> PackForm:
    """The form with the teams of today and, after them, those of that day which are not there any more. Whoever sends
    another team asks for something that they cannot see."""
    form = PackForm(on=day, team=team)
    form.today = today()
    asked = form.on.data or day
    then = _teams(asked) if asked <= form.today else []
    now_there = _teams(form.today)
    every = [*now_there, *(one for one in then if one.id not in _ids(now_there))]
    form.team.choices = (
        team_choices(every, "Everybody")
        if current_user.person.administrator
        else {str(one.id): "– " * one.depth + one.name for one in every}
    )
    if request.method == "POST" and form.team.data not in form.team.choices:
        abort(404)
    return form


def _teams(day: date) -> list[TeamView]:
    """The teams of that day for which the viewer may ask."""
    end = start_of_day(day + timedelta(days=1), app_state().config.time_zone)
    return queries.choice(db(), current_user.person, min(now(), end - timedelta(microseconds=1)))


def _ids(teams: list[TeamView]) -> set[int]:
    return {team.id for team in teams}


def _names(day: date) -> dict[int | None, str]:
    return {None: "Everybody"} | {team.id: team.name for team in _teams(day)}


def _day_in_address() -> date | None:
    try:
        found = date.fromisoformat(request.args.get("on", ""))
    except ValueError:
        return None
    return found if date(1990, 1, 1) <= found <= today() else None
