"""Supplements to the lessons: help, further learning, and the discussion sheets for team meetings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from course.content.rendering import InlineText
from course.content.schema import Nation, Setting
from course.content.schema_base import CoercedText, FrozenModel, Id, Label


class HelpStep(FrozenModel):
    """A step of what to do with a concern."""

    title: Label
    text: InlineText


class HelpRoute(FrozenModel):
    """A service to turn to, with its source and the nations in which it works."""

    id: Id
    name: Label
    when: Label
    source: Id
    phone: CoercedText | None = None
    address: str | None = Field(default=None, pattern=r"^https://")
    note: InlineText | None = None
    nations: tuple[Nation, ...] = ("england", "wales", "scotland", "northern-ireland")


class SupportService(FrozenModel):
    """A service that supports the person with the concern. With a `language` (BCP 47) it answers in that language, and only
    pages in it name the service."""

    name: Label
    phone: CoercedText
    when: Label
    source: Id
    language: str | None = Field(default=None, pattern=r"^[a-z]{2,3}$")


class Help(FrozenModel):
    """help.yaml: the page "Worried about a child?". `do` is in short what `steps` say at length.

    `terms` are the titles of the safeguarding lead by nation. `school_terms` replace them in schools and colleges,
    where a nation has a title that other organisations do not use.
    """

    steps: tuple[HelpStep, ...] = Field(min_length=1)
    do: tuple[InlineText, ...] = ()
    never: tuple[InlineText, ...] = Field(min_length=1)
    routes: tuple[HelpRoute, ...] = Field(min_length=1)
    terms: dict[Nation, Label]
    school_terms: dict[Nation, Label] = Field(default_factory=dict)
    support: tuple[SupportService, ...] = Field(min_length=1)

    def lead_term(self, nation: Nation, pathway: Setting) -> str:
        """The title of the safeguarding lead in an organisation of `nation` whose default pathway is `pathway`."""
        if pathway == "school" and nation in self.school_terms:
            return self.school_terms[nation]
        return self.terms[nation]

    def support_in(self, language: str) -> tuple[SupportService, ...]:
        """The services that a page in this language (BCP 47) names: first those that answer in it."""
        named = [entry for entry in self.support if entry.language in (None, language)]
        return tuple(sorted(named, key=lambda entry: entry.language is None))


class FurtherLearning(FrozenModel):
    """further-learning.yaml: a resource that the briefing names, and its current state. `whom` is its audience."""

    id: Id
    title: Label
    lines: CoercedText
    kind: Label
    what: InlineText
    whom: InlineText
    state: Literal["still there", "replaced", "historic", "not known"]
    today: InlineText
    source: Id | None = None


class DiscussionPrompt(FrozenModel):
    """A question to the team, and the learning that it leads to."""

    ask: InlineText
    learning: InlineText


class Discussion(FrozenModel):
    """discussion.yaml: ten minutes for a team, from the first scene of a scenario."""

    scenario: Id
    questions: tuple[DiscussionPrompt, ...] = Field(min_length=3, max_length=3)
