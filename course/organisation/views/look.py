"""The logo and the colour of the pages."""

from __future__ import annotations

from flask import Response, abort, flash, g, make_response, render_template, request, url_for

from course.organisation import actions, queries
from course.organisation.forms import ColourForm, LogoForm
from course.organisation.request_organisation import current_organisation
from course.organisation.rules.colours import (
    DEFAULT_COLOUR,
    colour_refusal,
    parse_colour,
    style_sheet,
    style_sheet_name,
)
from course.organisation.views.blueprint import PageResponse, pages
from course.translation import gettext as _
from course.web.access import Permission, public, requires_permission
from course.web.redirects import redirect_after_post
from course.web.sandbox import FileRefusedError, SandboxBusyError, SandboxError, SandboxLimits, read_in_sandbox
from course.web.unit_of_work import db, signed_in_context, unit_of_work
from course.web.uploads import accepts_upload

_LOGO_LIMITS = SandboxLimits(seconds=10, memory=600, result=1)


@pages.route("/organisation/look", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_ORGANISATION)
@accepts_upload(1)
def appearance() -> PageResponse:
    """Show and save the logo and the colour of the pages: three small forms, distinguished by their buttons."""
    g.here = "organisation"
    organisation = current_organisation()
    before, what = organisation.colour if organisation else None, request.form.get("what")
    shown = {"typed": f"#{before}" if before else "", "picked": f"#{before or DEFAULT_COLOUR}"}
    logo_form, colour_form = LogoForm(), ColourForm(data=shown)
    if request.method == "POST" and _save_appearance(what, logo_form, colour_form, before):
        flash(_("Saved."))
        return redirect_after_post(url_for("organisation.appearance"))
    page = render_template("organisation/look.html", ours=organisation, logo=logo_form, colour=colour_form)
    return make_response(page, 422 if logo_form.mistakes() or colour_form.mistakes() else 200)


def _save_appearance(what: str | None, logo_form: LogoForm, colour_form: ColourForm, before: str | None) -> bool:
    """Save the submitted one of the three forms; False if it has an error."""
    if what == "remove":
        with unit_of_work() as session:
            actions.set_logo(signed_in_context(session), None)
    elif what == "logo":
        from course.organisation.rules.logos import clean_logo  # noqa: PLC0415 (few need it)

        try:
            upload = request.files.get("file")
            cleaned = read_in_sandbox(clean_logo, upload.read() if upload else b"", limits=_LOGO_LIMITS)
        except (FileRefusedError, SandboxBusyError) as error:
            logo_form.file.errors = [str(error)]
        except SandboxError:
            logo_form.file.errors = [
                _("The picture takes more time or memory to read than a logo does. Save it smaller.")
            ]
        else:
            with unit_of_work() as session:
                actions.set_logo(signed_in_context(session), cleaned)
    elif what == "colour" and colour_form.validate():
        colour = colour_form.colour(before)
        if not colour_form.mistakes():
            with unit_of_work() as session:
                actions.set_colour(signed_in_context(session), colour)
    return not (logo_form.mistakes() or colour_form.mistakes())


@pages.get("/logo/<sha256>.png")
@public
def logo(sha256: str) -> Response:
    """Serve a logo by its hash: the content of this address never changes."""
    data = queries.logo(db(), sha256)
    return _immutable_response(data, "image/png") if data is not None else abort(404)


@pages.get("/look/<sheet>.css")
@public
def colour_style_sheet(sheet: str) -> Response:
    """Serve the style sheet of a colour. Its content follows from its name."""
    colour = parse_colour(sheet.partition("-")[0])
    if colour is None or colour_refusal(colour) or sheet != style_sheet_name(colour):
        return abort(404)
    return _immutable_response(style_sheet(colour).encode(), "text/css")


def _immutable_response(data: bytes, kind: str) -> Response:
    response = Response(data, mimetype=kind)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
