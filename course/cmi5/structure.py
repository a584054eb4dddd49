"""The course structure of this installation: with its address, its titles and its pass mark."""

from __future__ import annotations

from collections.abc import Collection

from course.cmi5.rules.course_structure import CourseDescription, StructureEntry, StructureUnit, course_structure
from course.cmi5.rules.units import COURSE, REFRESHER, Unit, module_unit, unit_of
from course.web.addresses import public_url_for
from course.web.app_state import app_state

MODULES = "modules"
PARTS = (COURSE, MODULES, REFRESHER)  # what a structure can have, in its order


def structure_file(parts: Collection[str] = (COURSE,)) -> bytes:
    """cmi5.xml with these of PARTS, in UTF-8."""
    state = app_state()
    library, base = state.library, state.config.public_url
    title, passed_from = str(library.course.title), library.course.pass_mark / 100
    about = f"Modules: {'; '.join(library.module_titles)}"

    def unit(found: Unit, title: str, description: str) -> StructureUnit:
        name, address = f"{base}/cmi5/units/{found.name}", public_url_for("cmi5.launch", unit=found.name)
        if found.module:
            # It is complete once each of its points was answered correctly, over all attempts at its check: no score says that.
            return StructureUnit(name, title, description, address, "Completed", None, "module")
        return StructureUnit(name, title, description, address, "CompletedAndPassed", passed_from)

    units = []
    if COURSE in parts:
        units.append(unit(unit_of(COURSE), title, about))
    if REFRESHER in parts:
        words = "For people who hold a certificate of this course."
        units.append(unit(unit_of(REFRESHER), f"{title}: refresher", words))
    modules = [unit(module_unit(one.id), str(one.title), f"A module of {title}") for one in library.modules.values()]
    block = StructureEntry(f"{base}/cmi5/units/modules", f"{title}: modules", "Each can be taken alone.")
    return course_structure(
        CourseDescription(
            f"{base}/xapi/activities/course",
            title,
            about,
            units,
            block if MODULES in parts else None,
            modules if MODULES in parts else (),
        )
    )
