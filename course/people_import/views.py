"""A list of people: upload it, match its columns, look at what it would do, and apply it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from threading import Lock

from flask import Blueprint, Response, abort, flash, g, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.audit.actions import record
from course.clock import now
from course.people.forms import chosen, team_choices
from course.people.queries import not_signed_in, teams
from course.people.views import invite_all
from course.people_import import actions, queries
from course.people_import.forms import UploadForm, columns_form
from course.people_import.jobs import LIMITS, applied, mail_invitations, preview
from course.people_import.rules.columns import FIELDS, guess
from course.people_import.rules.parsing import read_and_pack
from course.people_import.rules.planning import KINDS
from course.people_import.rules.preview import PAGE, Report, report
from course.people_import.rules.questions import QUESTIONS
from course.web.access import Permission, may
from course.web.app_state import state
from course.web.background_threads import in_background
from course.web.forms import number_in_address
from course.web.sandbox import IsolatedError, RefusedError, read_in_process
from course.web.spreadsheet import as_csv
from course.web.template_filters import plural, seen_redirect
from course.web.unit_of_work import db, unit_of_work
from course.web.uploads import accepts

pages = Blueprint("people_import", __name__)
Answer = Response | WsgiResponse
LARGEST = 5  # megabytes


class Progress:
    """How far the lists have come that this process is applying. Nobody else can see it before the transaction ends:
    that is what makes a list all or nothing."""

    def __init__(self) -> None:
        self._far: dict[int, tuple[int, int]] = {}
        self._lock = Lock()

    def tell(self, import_id: int, done: int, of: int) -> None:
        with self._lock:
            self._far[import_id] = (done, of)

    def get(self, import_id: int) -> tuple[int, int] | None:
        with self._lock:
            return self._far.get(import_id)

    def end(self, import_id: int) -> None:
        with self._lock:
            self._far.pop(import_id, None)


_progress = Progress()


@pages.before_request
def _here() -> None:
    g.here = "people"


@pages.route("", methods=["GET", "POST"])
@may(Permission.MANAGE_PEOPLE)
@accepts(LARGEST)
def upload() -> Answer:
    """Where a list is uploaded; shows what became of the newest ones."""
    form = UploadForm()
    if form.validate_on_submit():
        file = form.file.data
        try:
            kept = read_in_process(read_and_pack, file.read(), limits=LIMITS)
            with unit_of_work() as session:
                import_id = actions.upload(session, file.filename or "", kept, current_user.person.id, now())
            return seen_redirect(url_for("people_import.columns", import_id=import_id))
        except RefusedError as error:
            form.file.errors = [str(error)]
        except IsolatedError as error:
            form.file.errors = [f"{error} Divide the list, or save it as “CSV UTF-8”."]
    page = render_template("people_import/upload.html", form=form, newest=queries.newest(db()), largest=LARGEST)
    return make_response(page, 422 if form.errors else 200)


@pages.route("/<int(max=2147483647):import_id>/columns", methods=["GET", "POST"])
@may(Permission.MANAGE_PEOPLE)
def columns(import_id: int) -> Answer:
    """Which column is what: guessed from the headings and what stands below them, and as it was last time."""
    table = queries.table(db(), import_id) or abort(404)
    before = queries.remembered(db(), table.headings)
    found = guess(table.headings, before.columns, before.unused, table)
    known = teams(db())
    form = columns_form(
        table.headings, base=str(before.base or ""), **{name: str(index) for name, index in found.items()}
    )
    form.base.choices = team_choices(known, "At the top of the tree")
    if form.validate_on_submit():
        made = queries.Choices(form.chosen(), chosen(form.base.data))
        preview(db(), import_id, table, made, state().config.time_zone, now(), bool(form.invites.data))
        return seen_redirect(url_for("people_import.one", import_id=import_id))
    page = render_template("people_import/columns.html", form=form, fields=FIELDS, table=table, import_id=import_id)
    return make_response(page, 422 if form.errors else 200)


@pages.get("/<int(max=2147483647):import_id>")
@may(Permission.MANAGE_PEOPLE)
def one(import_id: int) -> Answer:
    """What each row would do, how far it has come, or what it has done."""
    job = queries.import_(db(), import_id) or abort(404)
    if job.preview is None:
        return seen_redirect(
            url_for("people_import.columns" if job.applied_at is None else "people_import.upload", import_id=import_id)
        )
    whole, kind = report(job.preview), request.args.get("kind", "")
    kind = kind if kind in KINDS else ""
    rows, page = whole.of(kind), number_in_address("page") or 1
    # What was begun and not finished for so long was cut off, and is offered again.
    running = job.begun_at is not None and job.applied_at is None and now() - job.begun_at < actions.CUT_OFF
    waiting = not_signed_in(db(), queries.people_of(db(), whole)) if job.applied_at else []
    return make_response(
        render_template(
            "people_import/one.html",
            job=job,
            report=whole,
            kinds=KINDS,
            questions=QUESTIONS,
            kind=kind,
            asked=whole.asked(),
            rows=rows[(page - 1) * PAGE : page * PAGE],
            page=page,
            pages=max(1, -(-len(rows) // PAGE)),
            running=running,
            progress=_progress.get(import_id) if running else None,
            waiting=waiting,
            at=now(),
        )
    )


@pages.post("/<int(max=2147483647):import_id>/again")
@may(Permission.MANAGE_PEOPLE)
def again(import_id: int) -> Answer:
    """Work the preview out once more, with people and teams as they are now."""
    job = queries.import_(db(), import_id) or abort(404)
    table = queries.table(db(), import_id) or abort(404)
    if job.preview is None:  # nobody has said yet which column is what
        return seen_redirect(url_for("people_import.columns", import_id=import_id))
    preview(db(), import_id, table, queries.choices(db(), import_id, table), state().config.time_zone, now())
    return seen_redirect(url_for("people_import.one", import_id=import_id))


@pages.post("/<int(max=2147483647):import_id>/decide")
@may(Permission.MANAGE_PEOPLE)
def decide(import_id: int) -> Answer:
    """Say what is to become of a row about which there is a question, or of all about which there is the same one."""
    job = queries.import_(db(), import_id) or abort(404)
    table = queries.table(db(), import_id) or abort(404)
    if job.preview is None or job.begun_at is not None:
        flash("This list is being applied, or has been. Nothing can be decided about it any more.")
        return seen_redirect(url_for("people_import.one", import_id=import_id))
    answered = report(job.preview).answered(request.form.get("question", ""), request.form.get("answer", ""))
    if answered:
        made = queries.choices(db(), import_id, table)
        decided = replace(made, decisions={**made.decisions, **answered})
        preview(db(), import_id, table, decided, state().config.time_zone, now())
        flash(f"Decided about {plural(len(answered), 'row')}. Nothing is done yet.")
    else:
        flash("This was decided already, or the list has changed. Look at it again.")
    return seen_redirect(url_for("people_import.one", import_id=import_id))


@pages.post("/<int(max=2147483647):import_id>/apply")
@may(Permission.MANAGE_PEOPLE)
def apply(import_id: int) -> Answer:
    """Begin to do what was previewed; it goes on when the page is left."""
    job = queries.import_(db(), import_id) or abort(404)
    person, at, zone = current_user.person, now(), state().config.time_zone
    if job.preview is not None and report(job.preview).asked():
        flash("Decide about all rows first. Nothing has been done.")
        return seen_redirect(url_for("people_import.one", import_id=import_id))
    with unit_of_work() as session:
        begun = actions.begin(session, import_id, request.form.get("mark", ""), person.id, at)
    if begun:
        in_background(lambda: _apply(import_id, person.name, zone, person.id, at), f"list {import_id}")
    else:
        flash("This list is being applied, has been applied, or is not the one that you looked at.")
    return seen_redirect(url_for("people_import.one", import_id=import_id))


def _apply(import_id: int, sender: str, zone: str, by: int, at: datetime) -> None:
    """All of a list or nothing; why it was nothing is written down. Then the invitations."""
    failure = "Something went wrong on our side, so nothing was done. Try again."
    try:
        invitees = applied(import_id, zone, by, at, lambda done, of: _progress.tell(import_id, done, of))
        failure = ""
    except (actions.StaleError, LookupError) as error:
        failure = str(error)
        return
    finally:
        _progress.end(import_id)
        if failure:
            with unit_of_work() as session:
                actions.give_up(session, import_id, failure)
    mail_invitations(invitees, sender, by, at)


@pages.post("/<int(max=2147483647):import_id>/invite")
@may(Permission.MANAGE_PEOPLE)
def invite(import_id: int) -> Answer:
    """Invite all whom the list brought and who have not signed in."""
    job = queries.import_(db(), import_id)
    if job is None or job.applied_at is None or job.preview is None:
        abort(404)
    ids = queries.people_of(db(), report(job.preview))
    return invite_all(not_signed_in(db(), ids), url_for("people_import.one", import_id=import_id))


@pages.post("/<int(max=2147483647):import_id>/result")
@may(Permission.MANAGE_PEOPLE)
def result(import_id: int) -> Answer:
    """What each row does or did, as a file."""
    job = queries.import_(db(), import_id)
    if job is None or job.preview is None:
        abort(404)
    whole: Report = report(job.preview)
    data = as_csv(whole.table())
    with unit_of_work() as session:
        record(session, "person.list_downloaded", None, {"rows": len(whole.rows)}, current_user.person.id, now())
    response = Response(data, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="list-{import_id}-result.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response
