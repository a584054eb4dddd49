"""Changes that authors marked as material: refreshers show them, and they may open an update."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from course.content.schema import Change, Module
from course.content.schema_base import content_digest


@dataclass(frozen=True)
class MarkedChange:
    """A marked change of a page (`ref` is module/page) or of a question (`ref` is its id), with the points that are asked
    because of it. `version` identifies the mark: an author who marks the change again opens it again."""

    kind: str
    ref: str
    title: str
    points: tuple[str, ...]
    change: Change

    @property
    def version(self) -> str:
        return content_digest({"ref": self.ref, **self.change.original.visible_content()})

    @property
    def key(self) -> tuple[str, str]:
        """The key of the change in the archive: reference and version."""
        return f"{self.kind}:{self.ref}", self.version


def marked_changes(modules: Iterable[Module]) -> Iterator[MarkedChange]:
    """All marked changes in the order of the course."""
    for module in modules:
        for step in module.steps:
            if step.kind == "page":
                page = module.pages[step.id]
                # A page may teach a point that another module asks about.
                points = tuple(point for point in page.teaches if point in module.points) or page.teaches
                for change in page.changes:
                    yield MarkedChange("page", f"{module.id}/{page.id}", page.title, points, change)
        for question in module.questions:
            for change in question.changes:
                yield MarkedChange("question", question.id, question.stem, question.points, change)
