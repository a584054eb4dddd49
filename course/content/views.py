"""Pages about the course itself, open to anyone: sources and accessibility."""

from __future__ import annotations

from flask import Blueprint, render_template

from course.content.current import library
from course.content.facts import due
from course.content.report import coverage, since
from course.content.shapes import SECTIONS
from course.web.access import public

pages = Blueprint("content", __name__)


@pages.get("/sources")
@public
def sources() -> str:
    """The points of the briefing, where each is taught, and every newer fact with its source."""
    covered = {row["id"]: row for row in coverage(library())}
    return render_template(
        "content/sources.html",
        library=library(),
        covered=covered,
        sections=SECTIONS,
        since=since(library()),
        due={source.id: due(source, library().course) for source in library().sources.values()},
    )


@pages.get("/further-learning")
@public
def further() -> str:
    """What the briefing pointed to, and what has become of it."""
    return render_template("content/further.html", library=library())


@pages.get("/accessibility")
@public
def accessibility() -> str:
    """What we do for everyone to be able to use the course, and what to do if something stands in the way."""
    return render_template("content/accessibility.html")
