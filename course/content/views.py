"""Pages about the course itself, open to anyone (sources, accessibility), and how the content stands."""

from __future__ import annotations

from flask import Blueprint, g, render_template

from course.clock import now
from course.content.fact_reviews import next_review, reviews_by_status
from course.content.loaded_course import library
from course.content.queries import in_force_since
from course.content.review_report import coverage, module_coverage, newer_facts_by_point
from course.content.schema import SECTIONS
from course.dates import civil_date
from course.web.access import Permission, public, requires_permission
from course.web.app_state import app_state
from course.web.unit_of_work import db

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
        since=newer_facts_by_point(library()),
        due={source.id: next_review(source, library().course) for source in library().sources.values()},
    )


@pages.get("/content")
@requires_permission(Permission.MANAGE_ORGANISATION)
def status() -> str:
    """What is taught now and since when, what is to be checked again, and where each point is covered."""
    g.here = "organisation"
    found, today = library(), civil_date(now(), app_state().config.time_zone)
    taught, waiting = reviews_by_status(found.sources, found.course)
    return render_template(
        "content/status.html",
        library=found,
        in_force=in_force_since(db(), found),
        facts=[(entry, entry.late(today)) for entry in taught],
        waiting=waiting,
        late=sum(entry.late(today) for entry in taught),
        covered=module_coverage(found),
        points=coverage(found),
    )


@pages.get("/further-learning")
@public
def further_learning() -> str:
    """What the briefing pointed to, and what has become of it."""
    return render_template("content/further.html", library=library())


@pages.get("/accessibility")
@public
def accessibility() -> str:
    """What we do for everyone to be able to use the course, and what to do if something stands in the way."""
    return render_template("content/accessibility.html")
