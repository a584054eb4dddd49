"""What stands beside the lessons: help, further reading, and the sheets for team meetings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from course.content.rendering import Inline
from course.content.schema import Id, Nation, Shape, Words


class HelpStep(Shape):
    title: str
    text: Inline


class Route(Shape):
    id: Id
    name: str
    when: str
    source: Id
    phone: Words | None = None
    address: str | None = Field(default=None, pattern=r"^https://")
    note: Inline | None = None
    nations: tuple[Nation, ...] = ("england", "wales", "scotland", "northern-ireland")


class Support(Shape):
    name: str
    phone: Words
    when: str
    source: Id


class Help(Shape):
    """help.yaml: the page "Worried about a child?"."""

    steps: tuple[HelpStep, ...] = Field(min_length=1)
    never: tuple[Inline, ...] = Field(min_length=1)
    routes: tuple[Route, ...] = Field(min_length=1)
    terms: dict[Nation, str]
    support: tuple[Support, ...] = Field(min_length=1)


class Further(Shape):
    """further-learning.yaml: something that the briefing points to, and what has become of it."""

    id: Id
    title: str
    lines: Words
    kind: str
    what: Inline
    whom: Inline
    state: Literal["still there", "replaced", "historic", "not known"]
    today: Inline
    source: Id | None = None


class Talk(Shape):
    ask: Inline
    learning: Inline


class Discussion(Shape):
    """discussion.yaml: ten minutes for a team, from the first scene of a scenario."""

    scenario: Id
    questions: tuple[Talk, ...] = Field(min_length=3, max_length=3)
