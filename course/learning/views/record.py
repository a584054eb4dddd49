"""My record: what I did, and the exact words that I saw."""

from __future__ import annotations

from flask import abort, render_template

from course.content.queries import part
from course.content.schema import Page
from course.learning import queries
from course.learning.reader_course import library
from course.learning.views.attempts import NAMES
from course.learning.views.page_context import me, module_of, pages
from course.organisation.request_organisation import here_organisation
from course.web.access import signed_in
from course.web.unit_of_work import db


@pages.get("/record")
@signed_in
def record() -> str:
    """Pages read, questions answered, scenarios walked through: each leads to what was seen."""
    return render_template("learning/record.html", reads=queries.pages_read(db(), me()), attempts=queries.attempts(db(), me()),
                           runs=queries.runs(db(), me()), titles=_title,
                           names=NAMES)  # fmt: skip


def _title(ref: str) -> str:
    """What a reference is called today; the reference itself if it is no longer taught."""
    module = module_of(ref)
    if module is None:
        return ref
    step = module.step(ref.partition("/")[2])
    return f"{module.title}: {step.title}" if step else module.title


@pages.get("/record/page/<int(max=2147483647):read_id>")
@signed_in
def page_as_read(read_id: int) -> str:
    """A page in the version in which it was read, however often it was edited since."""
    read = next((r for r in queries.pages_read(db(), me()) if r.id == read_id), None) or abort(404)
    page = part(db(), library(), Page, read.ref, read.version) or abort(404)
    return render_template("learning/page_as_read.html", page=page, read=read, library=library(), notes={},
                           organisation=here_organisation())  # fmt: skip
