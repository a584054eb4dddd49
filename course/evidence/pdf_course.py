"""The pages of a pack's document that are about the course: how it is kept up to date, what it covers, and its sources."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from html import unescape
from typing import Any

from course.content.fact_reviews import reviews_by_status
from course.content.frameworks import Framework
from course.content.library import Library
from course.content.schema import Source
from course.dates import civil_date
from course.evidence.rules import tables
from course.evidence.rules.frameworks import SOURCE_KINDS, modules_of_heading, sighting_text
from course.evidence.rules.pack import PackDescription
from course.evidence.rules.tables import PackContentVersion, PackPoint
from course.web.template_filters import format_date


def strip_markup(html: str) -> str:
    """A text of the course without its HTML markup."""
    return unescape(re.sub("<[^>]+>", "", html))


def course_data(
    about: PackDescription, zone: str, points: Sequence[PackPoint], versions: Sequence[PackContentVersion],
    library: Library, nation: str | None,
) -> dict[str, Any]:  # fmt: skip
    """The values about the course. Of the frameworks those of the organisation's nation; all of them if it has none."""
    course = library.course
    used, unconfirmed = reviews_by_status(library.sources, course)
    made_on = civil_date(about.made_at, zone)
    return {
        "course": about.course,
        "edition": about.edition,
        "version": about.content_version,
        "points": len(points),
        "critical": sum(entry.point.safety_critical for entry in points),
        "reviewed": format_date(course.reviewed),
        "months": course.facts_months,
        "owner": course.facts_owner,
        "late": sum(review.is_overdue(made_on) for review in used),
        "unconfirmed": len(unconfirmed),
        "steps": [_change_row(on, counts) for on, counts in tables.changes_by_day(versions)],
        "changes": [
            [format_date(version.day), version.ref, _strip_emphasis(version.reason)]
            for version in versions
            if version.kind == "change"
        ],
        "frameworks": [
            _framework_data(framework, library)
            for framework in library.frameworks
            if nation is None or framework.nation == nation
        ],
        **_source_data(points, library),
    }


def _framework_data(framework: Framework, library: Library) -> dict[str, Any]:
    source = library.sources[framework.source]
    return {
        "name": framework.name,
        "body": framework.body,
        "for": framework.applies_to,
        "headings": [
            [
                heading.title,
                strip_markup(heading.covers),
                "; ".join(module.title for module in modules_of_heading(heading, library.modules.values())),
            ]
            for heading in framework.headings
        ],
        "rest": list(framework.not_covered),
        "seen": sighting_text(framework, source),
        "address": source.address or "",
        "note": strip_markup(framework.note or ""),
    }


def _source_data(points: Iterable[PackPoint], library: Library) -> dict[str, Any]:
    """The sources of the learning points that may be shown as an authority, by kind, and how many others there are."""
    sources = {source.id: source for entry in points for source in entry.sources}
    groups, listed = [], set[str]()
    for kind, ids in library.source_kinds.by_kind().items():
        found = sources.keys() & set(ids)
        listed |= found
        # Two facts may have been seen on one page.
        rows = {tuple(_source_row(sources[source_id])) for source_id in found}
        if rows:
            groups.append([SOURCE_KINDS[kind], sorted(rows)])
    return {"sources": groups, "other_sources": len(sources.keys() - listed)}


def _source_row(source: Source) -> list[str]:
    return [source.publisher, source.title, str(source.date), format_date(source.checked)]


def _strip_emphasis(source: str) -> str:
    """A short text of the course as its author wrote it, without the characters for emphasis."""
    return re.sub(r"[*_`]", "", source)


def _change_row(on: date, counts: dict[str, int]) -> list[Any]:
    return [format_date(on), *(counts.get(kind, 0) for kind in tables.CONTENT_KINDS)]
