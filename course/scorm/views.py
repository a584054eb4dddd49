"""The page on which administrators get the course as a SCORM package."""

from __future__ import annotations

from flask import Blueprint, Response, abort, g, render_template, request

from course.content.library import Library
from course.content.loaded_course import library as whole_library
from course.content.schema import NATIONS, SETTINGS
from course.organisation.request_organisation import current_organisation
from course.scorm import queries
from course.scorm.package import make_package
from course.scorm.rules.manifest import VERSIONS, Version
from course.translation import SOURCE_LANGUAGE, languages
from course.web.access import Permission, requires_permission
from course.web.recent_sign_in import needs_recent_sign_in
from course.web.unit_of_work import db

pages = Blueprint("scorm", __name__)
WHOLE_COURSE = ""  # in the field for the module


@pages.get("")
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def packages() -> str | Response:
    """Show the choice of version, pathway, nation and module; once it is made, its package. That holds the answers to all
    questions, so whoever opens this page has proved lately who they are."""
    g.here = "organisation"
    if "scorm" in request.args:
        return _package()
    return render_template(
        "scorm/packages.html", pathways=SETTINGS, nations=NATIONS, ours=current_organisation(),
        modules=whole_library().modules.values(), course=whole_library().course, languages=languages(),
        has_schemas=queries.has_schemas(db()),
    )  # fmt: skip


def _package() -> Response:
    version, variant = _version_or_404(), _variant_or_404()
    module_id = request.args.get("module", WHOLE_COURSE) or None
    if module_id is not None and module_id not in variant.modules:
        abort(404)
    language = request.args.get("language", SOURCE_LANGUAGE)
    if language not in languages():
        abort(404)
    schemas = queries.installed_schemas(db(), version)
    response = Response(make_package(variant, version, module_id, schemas, language), mimetype="application/zip")
    spoken = "" if language == SOURCE_LANGUAGE else language
    name = "-".join(filter(None, ("scorm", version, variant.pathway, variant.nation, module_id, spoken)))
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.zip"'
    return response


def _version_or_404() -> Version:
    return next((one for one in VERSIONS if one == request.args.get("scorm")), None) or abort(404)


def _variant_or_404() -> Library:
    """The course of the pathway and nation in the address; 404 if there is no such pathway or nation."""
    for pathway in SETTINGS:
        for nation in NATIONS:
            if (pathway, nation) == (request.args.get("pathway"), request.args.get("nation")):
                return whole_library().for_(pathway, nation)
    return abort(404)
