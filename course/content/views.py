"""Public pages about the course (sources, accessibility), and the content status page."""

from __future__ import annotations

from flask import Blueprint, g, render_template

from course.clock import now
from course.content.fact_reviews import next_review, printed_numbers, reviews_by_status
from course.content.loaded_course import library
from course.content.queries import in_force_since
from course.content.rendering import capitalised, english_name, label_html, lang_attribute, spoken_html
from course.content.review_report import coverage, module_coverage, newer_facts_by_point, sources_by_module
from course.content.schema import SECTIONS
from course.dates import civil_date
from course.web.access import Permission, public, requires_permission
from course.web.app_state import app_state
from course.web.unit_of_work import db

pages = Blueprint("content", __name__)
pages.add_app_template_filter(label_html, "lang")
pages.add_app_template_filter(spoken_html, "spoken")
pages.add_app_template_filter(capitalised, "capitalised")
pages.add_app_template_filter(english_name, "english")
pages.add_app_template_filter(lang_attribute, "lang_attribute")


@pages.get("/sources")
@public
def sources() -> str:
    """Show the points of the briefing, where each is taught, and every newer fact with its source."""
    covered = {row["id"]: row for row in coverage(library())}
    return render_template(
        "content/sources.html",
        library=library(),
        covered=covered,
        sections=SECTIONS,
        since=newer_facts_by_point(library()),
        by_module=sources_by_module(library()),
        due={source.id: next_review(source, library().course) for source in library().sources.values()},
    )


@pages.get("/content")
@requires_permission(Permission.MANAGE_ORGANISATION)
def status() -> str:
    """Show what is taught now and since when, which facts must be checked again, and the coverage of each point."""
    g.here = "organisation"
    loaded, today = library(), civil_date(now(), app_state().config.time_zone)
    taught, waiting = reviews_by_status(loaded.sources, loaded.course)
    return render_template(
        "content/status.html",
        library=loaded,
        in_force=in_force_since(db(), loaded),
        facts=[(entry, entry.is_overdue(today)) for entry in taught],
        waiting=waiting,
        late=sum(entry.is_overdue(today) for entry in taught),
        numbers=printed_numbers(loaded.help, loaded.sources),
        covered=module_coverage(loaded),
        points=coverage(loaded),
    )


@pages.get("/further-learning")
@public
def further_learning() -> str:
    """Show the resources that the briefing names, and the current state of each."""
    return render_template("content/further.html", library=library())


@pages.get("/accessibility")
@public
def accessibility() -> str:
    """Show the accessibility statement."""
    return render_template("content/accessibility.html")
