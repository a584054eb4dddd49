"""My certificates: a page and a PDF for each."""

from __future__ import annotations

import logging

from flask import Blueprint, Response, abort, flash, g, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.certificates import queries
from course.certificates.pdf import FontError, pdf
from course.content.current import library
from course.web.access import signed_in
from course.web.html import day, seen_redirect
from course.web.session import db

pages = Blueprint("certificates", __name__)


@pages.get("")
@signed_in
def mine() -> str:
    """The newest certificate, and the earlier ones."""
    g.here = "training"
    found = queries.certificates(db(), current_user.person.id)
    return render_template("certificates/mine.html", certificates=found)


@pages.get("/<number>")
@signed_in
def one(number: str) -> str:
    """One certificate of mine, by its number."""
    g.here = "training"
    found = queries.certificate(db(), current_user.person.id, number) or abort(404)
    return render_template("certificates/one.html", certificate=found)


@pages.get("/<number>.pdf")
@signed_in
def download(number: str) -> WsgiResponse:
    """The same to print and to send."""
    found = queries.certificate(db(), current_user.person.id, number) or abort(404)
    shown = {
        "name": found.name,
        "course": found.course,
        "organisation": found.organisation,
        "edition": found.edition,
        "version": found.content_version,
        "number": found.number,
        "completed": day(found.completed_on),
        "valid": day(found.valid_until),
        "notice": str(library().course.notice),
    }
    try:
        data = pdf(shown)
    except FontError as error:
        logging.getLogger("course").warning("certificate %s as PDF: %s", found.number, error)
        flash("The PDF cannot show all letters of this certificate, because the server has no font for them. "
              "Print this page instead. Whoever runs the server can install more fonts.")  # fmt: skip
        return seen_redirect(url_for("certificates.one", number=number))
    response = Response(data, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="certificate-{found.number}.pdf"'
    return response
