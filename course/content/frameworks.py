"""Inspection frameworks: what the course covers under the headings that inspectors use, and which sources may be shown to
them as an authority."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field

from course.content.rendering import InlineText
from course.content.schema import Nation, Source
from course.content.schema_base import FrozenModel, Id, Label

SourceKind = Literal["law", "official", "research", "history"]
_YEAR = re.compile(r"\b(19|20)\d\d\b")
_WITHOUT_DATE = re.compile(r"undated|about|before|around", re.IGNORECASE)


class FrameworkHeading(FrozenModel):
    """A heading of a framework in its own words, what the course covers of it, and the learning points that do."""

    title: Label
    covers: InlineText
    points: tuple[Id, ...] = Field(min_length=1)


class Framework(FrozenModel):
    """frameworks.yaml: a framework of an inspectorate, or the guidance that it inspects against.

    `source` is where the headings were seen: on a page of the body itself, or in a copy that somebody else shows (`seen`);
    then a `note` says what is uncertain. `applies_to` are the organisations that it is for. `not_covered` are headings of
    which the course teaches nothing.
    """

    id: Id
    nation: Nation
    name: Label
    body: Label
    applies_to: Label
    source: Id
    seen: Literal["own-page", "copy"]
    note: InlineText | None = None
    headings: tuple[FrameworkHeading, ...] = Field(min_length=1)
    not_covered: tuple[Label, ...] = ()


class SourceKinds(FrozenModel):
    """source-kinds.yaml: the sources that may be shown as an authority, by kind. All others may not."""

    law: tuple[Id, ...] = ()
    official: tuple[Id, ...] = ()
    research: tuple[Id, ...] = ()
    history: tuple[Id, ...] = ()

    def by_kind(self) -> dict[SourceKind, tuple[Id, ...]]:
        """The ids of the sources of each kind, in the order in which they are shown."""
        return {"law": self.law, "official": self.official, "research": self.research, "history": self.history}

    def kind_of(self, source_id: str) -> SourceKind | None:
        """The kind of a source; None for one that is no authority."""
        return next((kind for kind, ids in self.by_kind().items() if source_id in ids), None)


def is_dated(source: Source) -> bool:
    """Whether a source says of which year it is, and not only about when."""
    return bool(_YEAR.search(source.date)) and not _WITHOUT_DATE.match(source.date)
