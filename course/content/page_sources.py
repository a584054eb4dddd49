"""The sources of a lesson page, numbered in the order in which its blocks rest on them, so that one list can stand at its end."""

from __future__ import annotations

from dataclasses import dataclass

from course.content.schema import Block, Page, Source


@dataclass(frozen=True)
class NumberedSource:
    """A source of a page: lines of the briefing, or a newer source."""

    number: int
    lines: str | None = None
    source: Source | None = None


@dataclass(frozen=True)
class PageSources:
    """All sources of a page. `numbers` gives those of a block."""

    entries: tuple[NumberedSource, ...]

    @property
    def cited(self) -> tuple[Source, ...]:
        """The newer sources, which have a day of their last check."""
        return tuple(entry.source for entry in self.entries if entry.source)

    def numbers(self, block: Block) -> tuple[int, ...]:
        """The numbers of the sources on which the block rests."""
        ids = {source.id for source in block.cited}
        return tuple(
            entry.number
            for entry in self.entries
            if (entry.source and entry.source.id in ids) or (entry.lines and entry.lines == block.lines)
        )


def page_sources(page: Page) -> PageSources:
    """The sources of a page as one of its readers sees it."""
    found: dict[str, tuple[str | None, Source | None]] = {}
    for block in page.blocks:
        if block.lines:
            found.setdefault(f"lines {block.lines}", (block.lines, None))
        for source in block.cited:
            found.setdefault(source.id, (None, source))
    return PageSources(tuple(NumberedSource(number, *pair) for number, pair in enumerate(found.values(), 1)))
