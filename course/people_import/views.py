"""A list of people: upload it, match its columns, look at what it would do, and apply it."""

from __future__ import annotations

import json
from dataclasses import replace

from flask import Blueprint, Response, abort, flash, g, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as WsgiResponse

from course.audit.actions import record_event
from course.clock import now
from course.jobs.actions import enqueue
from course.jobs.queries import JobView, newest_job_of_key
from course.people.forms import selected_team_id, team_choices
from course.people.queries import people_without_password, teams, teams_without_manager
from course.people.views.invitations import send_invitations
from course.people_import import actions, queries
from course.people_import.forms import ImportUploadForm, columns_form
from course.people_import.jobs import (
    IMPORT,
    MAX_ROWS_AT_ONCE,
    PARSE_LIMITS,
    PREVIEW,
    build_preview,
    import_key,
    preview_key,
)
from course.people_import.rules.columns import FIELDS, guess_columns
from course.people_import.rules.parsing import parse_and_pack
from course.people_import.rules.planning import LINE_KINDS
from course.people_import.rules.preview import ROWS_PER_PAGE, ImportPreview, load_preview
from course.people_import.rules.questions import QUESTIONS, general_decisions, spelling_answer
from course.people_import.rules.table import Table
from course.translation import gettext, lazy_gettext, ngettext
from course.translation import gettext as _
from course.web.access import Permission, requires_permission
from course.web.forms import query_number
from course.web.recent_sign_in import needs_recent_sign_in
from course.web.redirects import redirect_after_post
from course.web.sandbox import FileRefusedError, SandboxError, read_in_sandbox
from course.web.spreadsheet import csv_bytes
from course.web.unit_of_work import db, signed_in_context, unit_of_work
from course.web.uploads import accepts_upload

pages = Blueprint("people_import", __name__)
PageResponse = Response | WsgiResponse
MAX_MEGABYTES = 5  # megabytes
NOTHING_TO_DECIDE = lazy_gettext("This list is being applied or was applied. You can no longer decide about it.")


@pages.before_request
def _set_nav_section() -> None:
    g.here = "people"


@pages.route("", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_PEOPLE)
@accepts_upload(MAX_MEGABYTES)
def upload() -> PageResponse:
    """Upload a list; the page shows the state of the newest lists."""
    form = ImportUploadForm()
    if form.validate_on_submit():
        file = form.file.data
        try:
            packed = read_in_sandbox(parse_and_pack, file.read(), limits=PARSE_LIMITS)
            with unit_of_work() as session:
                import_id = actions.store_upload(signed_in_context(session), file.filename or "", packed)
            return redirect_after_post(url_for("people_import.columns", import_id=import_id))
        except FileRefusedError as error:
            form.file.errors = [str(error)]
        except SandboxError as error:
            form.file.errors = [_("%(error)s Divide the list, or save it as “CSV UTF-8”.", error=error)]
    page = render_template(
        "people_import/upload.html", form=form, newest=queries.newest_imports(db()), largest=MAX_MEGABYTES
    )
    return make_response(page, 422 if form.errors else 200)


@pages.route("/<int(max=2147483647):import_id>/columns", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_PEOPLE)
def columns(import_id: int) -> PageResponse:
    """The mapping of columns: as chosen for this list, else as for an earlier list, else guessed."""
    table = queries.stored_table(db(), import_id) or abort(404)
    chosen = queries.chosen_mapping(db(), import_id)
    before, invited = chosen or (queries.previous_mapping(db(), table.headings), False)
    found = guess_columns(table.headings, before.columns, before.unused, table)
    known = teams(db())
    form = columns_form(
        table.headings,
        base=str(before.base or ""),
        invites=invited,
        **{name: str(index) for name, index in found.items()},
    )
    form.base.choices = team_choices(known, _("None: at the top"))
    if form.validate_on_submit():
        # Whoever matches the columns of a list again decides again: only a list that is new takes earlier decisions.
        remembered = {} if chosen else before.decisions
        choices = queries.ImportChoices(form.chosen(), selected_team_id(form.base.data), remembered)
        invites = bool(form.invites.data)
        if not _preview(import_id, table, choices, invites):
            flash(str(NOTHING_TO_DECIDE))
        return redirect_after_post(url_for("people_import.detail", import_id=import_id))
    page = render_template(
        "people_import/columns.html",
        form=form,
        fields=FIELDS,
        table=table,
        import_id=import_id,
        failure=_preview_failure(import_id),
    )
    return make_response(page, 422 if form.errors else 200)


def _preview(import_id: int, table: Table, choices: queries.ImportChoices, invites: bool | None = None) -> bool:
    """Preview a list: at once, or by a job if it is long. What was chosen is stored either way. False if the list is being
    applied, or has been."""
    if table.length <= MAX_ROWS_AT_ONCE:
        return build_preview(signed_in_context(db()), import_id, table, choices, invites)
    with unit_of_work() as session:
        stored = actions.store_choices(session, import_id, table, choices, invites)
        if stored:
            # While the job of an earlier press waits or runs there is no second one: it takes the newest choices.
            enqueue(signed_in_context(session), PREVIEW, {"import_id": import_id}, preview_key(import_id))
    return stored


def _preview_job(import_id: int) -> JobView | None:
    """The newest job that made or makes the preview of a list; None if it was never made by a job."""
    return newest_job_of_key(db(), PREVIEW.name, preview_key(import_id))


def _preview_failure(import_id: int) -> str | None:
    """Why the newest preview by a job was not made; None if it was, or is being made."""
    job = _preview_job(import_id)
    return None if job is None or job.is_open or job.failure is None else gettext(job.failure)


@pages.get("/<int(max=2147483647):import_id>")
@requires_permission(Permission.MANAGE_PEOPLE)
def detail(import_id: int) -> PageResponse:
    """The preview of a list, its progress while it is applied, or its result."""
    job = queries.get_import(db(), import_id) or abort(404)
    making = _preview_job(import_id) if job.applied_at is None else None
    if making is not None and making.is_open:
        return make_response(render_template("people_import/previewing.html", job=job))
    if job.preview is None:
        return redirect_after_post(
            url_for("people_import.columns" if job.applied_at is None else "people_import.upload", import_id=import_id)
        )
    whole, kind = load_preview(job.preview), request.args.get("kind", "")
    kind = kind if kind in LINE_KINDS else ""
    rows, page = whole.of(kind), query_number("page") or 1
    # A list that was cut off before anything was written is offered again; one that is being written goes on by itself.
    run = queries.import_run(db(), import_id) if job.applied_at is None else None
    leased = run is not None and run.lease_until is not None and run.lease_until > now()
    running = run is not None and (leased or run.lines_total is not None)
    waiting = people_without_password(db(), queries.people_in_preview(db(), whole)) if job.applied_at else []
    return make_response(
        render_template(
            "people_import/one.html",
            job=job,
            report=whole,
            kinds=LINE_KINDS,
            questions=QUESTIONS,
            kind=kind,
            asked=whole.asked(),
            spelling=spelling_answer(json.loads(job.decisions or "{}")),
            rows=rows[(page - 1) * ROWS_PER_PAGE : page * ROWS_PER_PAGE],
            page=page,
            pages=max(1, -(-len(rows) // ROWS_PER_PAGE)),
            running=running,
            progress=(run.lines_done, run.lines_total) if run and running and run.lines_total else None,
            interrupted=running and not leased,
            failure=gettext(job.failure) if job.failure else None,
            preview_failure=gettext(making.failure) if making is not None and making.failure else None,
            waiting=waiting,
            unmanaged=teams_without_manager(db()) if job.applied_at else [],
            at=now(),
        )
    )


@pages.post("/<int(max=2147483647):import_id>/again")
@requires_permission(Permission.MANAGE_PEOPLE)
def refresh_preview(import_id: int) -> PageResponse:
    """Make the preview again, with the present people and teams."""
    job = queries.get_import(db(), import_id) or abort(404)
    table = queries.stored_table(db(), import_id) or abort(404)
    if job.preview is None:  # nobody has said yet which column is what
        return redirect_after_post(url_for("people_import.columns", import_id=import_id))
    choices = queries.import_choices(db(), import_id, table)
    if not _preview(import_id, table, choices):
        flash(str(NOTHING_TO_DECIDE))
    return redirect_after_post(url_for("people_import.detail", import_id=import_id))


@pages.post("/<int(max=2147483647):import_id>/decide")
@requires_permission(Permission.MANAGE_PEOPLE)
def decide(import_id: int) -> PageResponse:
    """Decide the question about one row, or about all rows with the same kind of question."""
    job = queries.get_import(db(), import_id) or abort(404)
    table = queries.stored_table(db(), import_id) or abort(404)
    if job.preview is None or job.begun_at is not None:
        flash(str(NOTHING_TO_DECIDE))
        return redirect_after_post(url_for("people_import.detail", import_id=import_id))
    question, answer = request.form.get("question", ""), request.form.get("answer", "")
    answered = load_preview(job.preview).answered(question, answer)
    if answered:
        choices = queries.import_choices(db(), import_id, table)
        decided = replace(choices, decisions={**choices.decisions, **answered, **general_decisions(question, answer)})
        stored = _preview(import_id, table, decided)
        flash(
            str(NOTHING_TO_DECIDE)
            if not stored
            else ngettext(
                "Decided about %(num)s row. Nothing has changed yet.",
                "Decided about %(num)s rows. Nothing has changed yet.",
                len(answered),
            )
        )
    else:
        flash(_("This was already decided, or the list has changed. Check it again."))
    return redirect_after_post(url_for("people_import.detail", import_id=import_id))


@pages.post("/<int(max=2147483647):import_id>/apply")
@requires_permission(Permission.MANAGE_PEOPLE)
@needs_recent_sign_in
def apply(import_id: int) -> PageResponse:
    """Put the job that applies the list into the queue."""
    job = queries.get_import(db(), import_id) or abort(404)
    if job.preview is not None and load_preview(job.preview).asked():
        flash(_("Decide about all rows first. Nothing has changed."))
        return redirect_after_post(url_for("people_import.detail", import_id=import_id))
    with unit_of_work() as session:
        context = signed_in_context(session)
        begun = actions.begin_apply(context, import_id, request.form.get("mark", ""))
        if begun:
            enqueue(context, IMPORT, {"import_id": import_id}, import_key(import_id))
    if not begun:
        flash(_("This list is being applied, was applied, or has changed since you saw it."))
    return redirect_after_post(url_for("people_import.detail", import_id=import_id))


@pages.post("/<int(max=2147483647):import_id>/invite")
@requires_permission(Permission.MANAGE_PEOPLE)
def invite(import_id: int) -> PageResponse:
    """Invite the people of the list who have not chosen a password."""
    job = queries.get_import(db(), import_id)
    if job is None or job.applied_at is None or job.preview is None:
        abort(404)
    ids = queries.people_in_preview(db(), load_preview(job.preview))
    return send_invitations(people_without_password(db(), ids), url_for("people_import.detail", import_id=import_id))


@pages.post("/<int(max=2147483647):import_id>/result")
@requires_permission(Permission.MANAGE_PEOPLE)
def result(import_id: int) -> PageResponse:
    """The preview or the result of each row as a CSV file."""
    job = queries.get_import(db(), import_id)
    if job is None or job.preview is None:
        abort(404)
    whole: ImportPreview = load_preview(job.preview)
    data = csv_bytes(whole.table())
    with unit_of_work() as session:
        record_event(signed_in_context(session), "person.list_downloaded", None, {"rows": len(whole.rows)})
    response = Response(data, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="list-{import_id}-result.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response
