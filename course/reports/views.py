"""The team report, on a page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from flask import Blueprint, abort, flash, g, make_response, render_template, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.clock import now
from course.content.loaded_course import library
from course.content.schema import SETTINGS
from course.dates import civil_date
from course.exports.actions import ask
from course.exports.queries import DownloadView, content, download, unfinished
from course.exports.views import handed_out, make_beside
from course.organisation.request_organisation import here_organisation
from course.people.queries import ids_recordable_by, ids_visible_to
from course.people.views import ONLY_READS
from course.recertification.rules.explanations import GROUPS
from course.reports.app_status_cache import KEY, ledger_here
from course.reports.jobs import Asked, make, note, produce
from course.reports.report_files import KINDS
from course.reports.report_view import Sight, sight, told
from course.reports.rules import SORTS, Wanted, asked
from course.reports.status_cache import Ledger
from course.training_records.actions import Plan, plans, take_back
from course.training_records.forms import RemindForm
from course.training_records.queries import Reminded, newest_asked, together
from course.training_records.remind_now import remind_all
from course.web.access import Permission, may
from course.web.app_state import state
from course.web.forms import number_in_address
from course.web.template_filters import plural, seen_redirect
from course.web.unit_of_work import db, unit_of_work

pages = Blueprint("reports", __name__)
OPEN = {"overdue", "due-soon", "in-progress", "not-started"}  # groups of people who have something to do
MOST_REMINDED = 500  # people at once; each gets a letter of their own


@pages.record
def _make_ledger(setup: object) -> None:
    """Each application has a ledger of its own database."""
    setup.app.extensions[KEY] = Ledger()  # type: ignore[attr-defined]


@pages.before_request
def _here() -> None:
    g.here = "report"


@pages.get("")
@may(Permission.SEE_PEOPLE)
def show() -> Response:
    """Counts, a bar, and people, worst first. The address holds the filter."""
    wanted, wrong = asked(request.args, GROUPS, SETTINGS, today())
    seen = sight_of(wanted)
    number = min(number_in_address("page") or 1, seen.report.pages)
    shown = seen.report.page(number)
    # Somebody on a past day's page may have left since, or be in a team that the viewer does not see.
    open_to = {line.id for line in shown}
    if wanted.on is not None:
        open_to = set(ids_visible_to(db(), current_user.person, open_to))
    page = render_template(
        "reports/report.html",
        seen=seen,
        report=seen.report,
        wanted=wanted,
        wrong=wrong,
        entered=request.args,
        rows=told(db(), library(), seen, shown),
        open_to=open_to,
        to_remind=_reminds() and wanted.on is None and any(line.group in OPEN for line in seen.report.lines),
        page=number,
        groups=GROUPS,
        sorts=SORTS,
        today=today(),
        kinds=KINDS,
    )
    return make_response(page, 422 if wrong else 200)


@pages.post("/file/<kind>")
@may(Permission.SEE_PEOPLE)
def file(kind: str) -> Response | WsgiResponse:
    """Exactly what the page shows, all pages of it, as a file; of many people it is made in the background. It stands
    in the log, and in what each person can see about who looked at their record."""
    if kind not in KINDS:
        abort(404)
    wanted, wrong = asked(request.form, GROUPS, SETTINGS, today())
    if wrong:
        abort(400)
    seen, book = sight_of(wanted), ledger_here()
    # As on the page: a team that the viewer does not see is as if it was not asked for.
    wish = Asked(kind, replace(wanted, team=seen.team), current_user.person, now())
    if len(seen.report.lines) <= KINDS[kind].at_once:
        made = make(db(), book, wish, lambda *_: None)
        with unit_of_work() as session:
            note(session, wish, made)
        return handed_out(made.data, KINDS[kind].media, f"report-{made.on}.{kind}")
    with unit_of_work() as session:
        file_id = ask(session, kind, seen.team, seen.on, wish.wanted.address()[:1000], 1, wish.viewer.id, wish.at)
        if file_id is None:
            session.rollback()  # nothing was done, so the same form may come again
    if file_id is None:
        flash("Such a file is being made for you already. Ask for another when it is ready.")
        known = unfinished(db(), wish.viewer.id, kind)
        return seen_redirect(url_for("reports.made", file_id=known) if known else url_for("reports.show"))
    make_beside(file_id, lambda tell: produce(wish, book, tell, now, file_id), now, (LookupError,))
    return seen_redirect(url_for("reports.made", file_id=file_id))


@pages.get("/made/<int(max=2147483647):file_id>")
@may(Permission.SEE_PEOPLE)
def made(file_id: int) -> str:
    """How far a file has come, or where it is downloaded."""
    found = _own(file_id)
    return render_template("reports/made.html", file=found, state=found.state(now()), kind=KINDS[found.kind].name)


@pages.post("/made/<int(max=2147483647):file_id>/download")
@may(Permission.SEE_PEOPLE)
def take(file_id: int) -> Response:
    """The file. That it was made is in the log already."""
    found = _own(file_id)
    data = content(db(), file_id) or abort(404)
    return handed_out(data, KINDS[found.kind].media, f"report-{found.day}.{found.kind}")


def _own(file_id: int) -> DownloadView:
    """A file of the report that the viewer asked for."""
    found = download(db(), current_user.person.id, file_id)
    return found if found is not None and found.kind in KINDS else abort(404)


@pages.route("/remind", methods=["GET", "POST"])
@may(Permission.SEE_PEOPLE)
def remind() -> Response | WsgiResponse:
    """Remind everybody of today's list who has something to do, with one reason. The address holds the filter."""
    wanted, wrong = asked(request.args, GROUPS, SETTINGS, today())
    if wrong or wanted.on is not None:
        abort(404)
    seen, form, at, viewer = sight_of(wanted), RemindForm(), now(), current_user.person
    if not _reminds():
        abort(403, ONLY_READS)
    late = [line.id for line in seen.report.lines if line.group in OPEN and line.id != viewer.id]
    may = set(ids_recordable_by(db(), viewer, late))
    late = [one for one in late if one in may]
    ids, zone = late[:MOST_REMINDED], state().config.time_zone
    if form.validate_on_submit():
        made = [one for one in remind_all(db(), ids, form.reason.data or "", viewer.id, at) if one.leaves]
        if not made:
            flash("Nobody was reminded. The page says why.")
            return seen_redirect(f"{url_for('reports.remind')}?{wanted.address()}")
        flash(f"{plural(len(made), 'reminder')} made. Until they leave you can take them back.")
        return seen_redirect(url_for("reports.reminded", reminder_id=newest_asked(db(), viewer.id)))
    planned = list(plans(db(), ids, "", zone, at))
    page = render_template(
        "reports/remind.html", form=form, seen=seen, wanted=wanted, left=len(late) - len(ids),
        will=[plan for plan in planned if plan.wanted], not_now=_by_reason(planned, seen),
    )  # fmt: skip
    return make_response(page, 422 if form.errors else 200)


def _reminds() -> bool:
    """Whether the viewer may remind anybody: not if they see all of them only as a deputy."""
    return not current_user.person.only_reads


def _by_reason(planned: Iterable[Plan], seen: Sight) -> dict[str, list[str]]:
    """The names of those who would get no reminder, by the reason."""
    names = seen.report.called
    found: dict[str, list[str]] = {}
    for plan in planned:
        if plan.why_not:
            found.setdefault(plan.why_not, []).append(names[plan.person_id])
    return found


@pages.get("/reminded/<int(max=2147483647):reminder_id>")
@may(Permission.SEE_PEOPLE)
def reminded(reminder_id: int) -> str:
    """The reminders that the viewer asked for in one go, and what became of them."""
    return render_template("reports/reminded.html", every=_together(reminder_id), reminder_id=reminder_id)


@pages.post("/reminded/<int(max=2147483647):reminder_id>/end")
@may(Permission.SEE_PEOPLE)
def take_back_all(reminder_id: int) -> WsgiResponse:
    """Take all of them back that have not left."""
    viewer, at = current_user.person, now()
    every = _together(reminder_id)
    with unit_of_work() as session:
        count = sum(take_back(session, one.person_id, one.reminder_id, viewer.id, viewer.name, at) for one in every)
    flash(f"{count} taken back." if count else "None could be taken back: they have left, or were taken back before.")
    return seen_redirect(url_for("reports.reminded", reminder_id=reminder_id))


def _together(reminder_id: int) -> list[Reminded]:
    """Those of people whom the viewer still may see."""
    every = together(db(), current_user.person.id, reminder_id)
    seen = set(ids_visible_to(db(), current_user.person, [one.person_id for one in every]))
    return [one for one in every if one.person_id in seen] or abort(404)


def sight_of(wanted: Wanted) -> Sight:
    """What the person who is signed in may see of that."""
    ours = here_organisation()
    whole = ours.name if ours else "Everybody"
    return sight(db(), ledger_here(), current_user.person, wanted, today(), str(state().config.time_zone), whole)


def today() -> date:
    """The day of the organisation's calendar."""
    return civil_date(now(), state().config.time_zone)
