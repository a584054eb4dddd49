"""The course structure of this installation: with its address, its title and its pass mark."""

from __future__ import annotations

from course.cmi5.rules.course_structure import CourseDescription, course_structure
from course.web.addresses import public_url_for
from course.web.app_state import app_state


def structure_file() -> bytes:
    """cmi5.xml, in UTF-8."""
    state = app_state()
    library, base = state.library, state.config.public_url
    modules = "; ".join(library.module_titles)
    description = CourseDescription(
        f"{base}/xapi/activities/course", f"{base}/cmi5/units/course", str(library.course.title), f"Modules: {modules}",
        public_url_for("cmi5.launch", unit="course"), library.course.pass_mark / 100,
    )  # fmt: skip
    return course_structure(description)
