"""Whether inspection frameworks name what exists and was seen, and whether sources shown as an authority are one."""

from __future__ import annotations

from collections.abc import Iterator

from course.content.frameworks import is_dated
from course.content.reading_context import ReadingContext
from course.content.yaml_source import Problem


def framework_problems(reading: ReadingContext) -> Iterator[Problem]:
    """What is wrong with the frameworks: unknown points and sources, a source that nobody could confirm or that has no
    address, a point or a heading that stands twice, a copy without a note."""
    points = {point.id for point in reading.points}
    sources = {source.id: source for source in reading.sources}
    for framework in reading.frameworks:
        place = reading.place("framework", framework.id)
        source = sources.get(framework.source)
        if source is None:
            yield place.problem(f"unknown source '{framework.source}'", "source")
        elif source.status != "confirmed" or source.address is None:
            message = f"the source '{framework.source}' is not confirmed with an address: its headings were not seen"
            yield place.problem(message, "source")
        if framework.note is None and (framework.seen == "copy" or (source and not is_dated(source))):
            yield place.problem("a 'note' says what is uncertain about a copy, or about a page without a date", "seen")
        titles = [*(heading.title for heading in framework.headings), *framework.not_covered]
        for title in {title for title in titles if titles.count(title) > 1}:
            yield place.problem(f"the heading '{title}' stands here twice", "headings")
        for number, heading in enumerate(framework.headings):
            for point in heading.points:
                if point not in points:
                    yield place.problem(f"unknown learning point '{point}'", "headings", number, "points")
            if len(set(heading.points)) < len(heading.points):
                yield place.problem("a learning point stands here twice", "headings", number, "points")


def source_kind_problems(reading: ReadingContext) -> Iterator[Problem]:
    """Sources in source-kinds.yaml that are unknown, stand there twice, or are no authority: not confirmed, without a
    date, or (unless it is history) without an address."""
    sources = {source.id: source for source in reading.sources}
    place, seen = reading.place("source-kinds"), set[str]()
    for kind, ids in reading.source_kinds.by_kind().items():
        for number, source_id in enumerate(ids):
            source = sources.get(source_id)
            if source is None:
                yield place.problem(f"unknown source '{source_id}'", kind, number)
            elif source_id in seen:
                yield place.problem(f"the source '{source_id}' stands here twice", kind, number)
            elif source.status != "confirmed" or not is_dated(source) or (source.address is None and kind != "history"):
                message = f"the source '{source_id}' is no authority: it is not confirmed, or has no date or no address"
                yield place.problem(message, kind, number)
            seen.add(source_id)
