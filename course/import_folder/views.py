"""The page of the import folder: which lists wait for a person, and what became of each file."""

from __future__ import annotations

from flask import Blueprint, g, render_template

from course.import_folder import queries
from course.import_folder.jobs import import_folder, import_folder_fault
from course.import_folder.rules import FILE_RETENTION
from course.web.access import Permission, requires_permission
from course.web.unit_of_work import db

pages = Blueprint("import_folder", __name__)


@pages.before_request
def _set_nav_section() -> None:
    g.here = "people"


@pages.get("")
@requires_permission(Permission.MANAGE_PEOPLE)
def overview() -> str:
    """Which lists wait, and what became of the newest files."""
    files = queries.newest_files(db())
    return render_template(
        "import_folder/overview.html",
        is_set=import_folder() is not None,
        fault=import_folder_fault(),
        waiting=[one for one in files if one.is_open],
        files=[one for one in files if not one.is_open],
        days=FILE_RETENTION.days,
    )
