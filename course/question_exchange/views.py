"""The pages for administrators: questions as a file for another system, and a look at what a file of one would become."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from flask import Blueprint, Response, g, make_response, render_template, url_for
from werkzeug.wrappers import Response as WsgiResponse

from course.audit.actions import record_event
from course.content.loaded_course import library
from course.question_exchange.forms import FORMAT_NAMES, QuestionExportForm, QuestionUploadForm
from course.question_exchange.queries import FormSupport, course_export, form_support, import_target
from course.question_exchange.rules.bank_question import FILE_ENDINGS
from course.question_exchange.rules.file_reading import MAX_MEGABYTES, file_from_data, read_question_file
from course.question_exchange.rules.planning import QuestionPlan, plan_import
from course.question_exchange.rules.question_files import draft_file, file_slug, ready_file
from course.web.access import Permission, requires_permission
from course.web.recent_sign_in import needs_recent_sign_in
from course.web.redirects import redirect_after_post
from course.web.sandbox import SandboxError, read_in_sandbox
from course.web.unit_of_work import signed_in_context, unit_of_work
from course.web.uploads import accepts_upload

pages = Blueprint("question_exchange", __name__)
PageResponse = Response | WsgiResponse


@dataclass(frozen=True)
class OfferedFile:
    """A file that the page offers: its place in the folder of content, its text, and the text as an address."""

    folder: str
    name: str
    text: str

    @property
    def address(self) -> str:
        return f"data:text/yaml;charset=utf-8;base64,{base64.b64encode(self.text.encode()).decode()}"


@pages.before_request
def _set_section() -> None:
    g.here = "organisation"


@pages.get("")
@requires_permission(Permission.RUN_SYSTEM)
def overview() -> str:
    """Choose questions to download; what each format holds of them."""
    rows: list[FormSupport] = form_support(library())
    return render_template("question_exchange/overview.html", form=QuestionExportForm(library()), rows=rows)


@pages.post("/download")
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def download() -> PageResponse:
    """The questions with their answers as a file. The download is an audit event."""
    form = QuestionExportForm(library())
    if not form.validate():
        return redirect_after_post(url_for("question_exchange.overview"))
    file_format, module = form.file_format.data, form.module.data
    export, text = course_export(library(), file_format, module or None, form.pathway.data or None)
    details = {"questions": len(export.questions), "format": str.__str__(FORMAT_NAMES[file_format]), "module": module,
               "pathway": form.pathway.data}  # fmt: skip
    with unit_of_work() as session:
        record_event(signed_in_context(session), "content.questions_exported", None, details)
    name = f"questions-{module or 'course'}.{FILE_ENDINGS[file_format]}"
    response = Response(text, mimetype="application/xml" if file_format == "moodle-xml" else "text/plain")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


@pages.route("/look", methods=["GET", "POST"])
@requires_permission(Permission.RUN_SYSTEM)
@accepts_upload(MAX_MEGABYTES)
def look() -> PageResponse:
    """What the questions of a file would become in the course. Nothing of it is stored: the page offers the files for the
    folder of content."""
    form = QuestionUploadForm(library())
    if form.validate_on_submit():
        upload = form.file.data
        try:
            read = file_from_data(read_in_sandbox(read_question_file, upload.read()))
        except SandboxError as error:
            form.file.errors = [str(error)]
        else:
            points = [form.point.data] if form.point.data else []
            plan = plan_import(read, import_target(library(), form.module.data, points))
            return make_response(
                render_template("question_exchange/plan.html", plan=plan, name=upload.filename or "", read=read,
                                module=library().modules[form.module.data], formats=FORMAT_NAMES, points=library().points,
                                files=_offered_files(plan, upload.filename or "", form.module.data))
            )  # fmt: skip
    page = render_template("question_exchange/look.html", form=form, largest=MAX_MEGABYTES)
    return make_response(page, 422 if form.errors else 200)


def _offered_files(plan: QuestionPlan, source: str, module_id: str) -> list[OfferedFile]:
    folder, name = f"{module_id}/questions", f"{file_slug(source)}.yaml"
    texts = ((name, ready_file(plan, source)), (f"{name}.draft", draft_file(plan, source)))
    return [OfferedFile(folder, one, text) for one, text in texts if text]
