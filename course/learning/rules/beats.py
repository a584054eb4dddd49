"""One beat of a story: what was chosen, what it led to, and which gauges it moved."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from course.content.paths import moved_gauge
from course.content.rendering import InlineText
from course.content.schema import Choice, Scenario
from course.learning.rules.branching import SceneDecision

# The end of a sentence, closing quotation marks included, before the beginning of another one.
_SENTENCE_END = re.compile(r"[.!?…][”’\"»*_]*(?=\s+[“‘«\"*_]*[^\W\d_a-zß-öø-ÿ])")
TITLE_LENGTH = 60  # characters of what happened in the title of a page


@dataclass(frozen=True)
class GaugeChange:
    """A gauge before and after a decision, from 0 to 5."""

    label: str
    before: int
    after: int

    @property
    def is_fall(self) -> bool:
        return self.after < self.before


@dataclass(frozen=True)
class Headline:
    """What a decision led to: the first sentence, and the rest (None: there is no more)."""

    first: InlineText
    rest: InlineText | None


@dataclass(frozen=True)
class Beat:
    """The newest decision of a run with what came of it."""

    choice: Choice
    news: Headline
    changes: tuple[GaugeChange, ...]


def split_headline(text: InlineText) -> Headline:
    """The first sentence of a text, and the rest. What is emphasised or said in several sentences stays whole."""
    source = str.__str__(text)
    for end in _SENTENCE_END.finditer(source):
        first = source[: end.end()]
        if first.count("*") % 2 == 0 and first.count("_") % 2 == 0 and first.count("“") == first.count("”"):
            return Headline(InlineText(first, text.language), InlineText(source[end.end() :], text.language))
    return Headline(text, None)


def short_title(text: InlineText) -> str:
    """A text without markup for the title of a page: at most TITLE_LENGTH characters, cut between words."""
    words = Markup(text.html).striptags().rstrip(".")  # noqa: S704 (rendered at loading)
    if len(words) <= TITLE_LENGTH:
        return words
    return words[:TITLE_LENGTH].rpartition(" ")[0].rstrip(",;:.") + "…"


def gauge_history(scenario: Scenario, path: Sequence[SceneDecision]) -> dict[str, tuple[int, ...]]:
    """The value of each gauge at the start and after each decision of the path."""
    values = {name: [gauge.start] for name, gauge in scenario.gauges.items()}
    for decision in path:
        for name, past in values.items():
            past.append(moved_gauge(past[-1], decision.choice.effects.get(name, 0)))
    return {name: tuple(past) for name, past in values.items()}


def gauge_changes(scenario: Scenario, path: Sequence[SceneDecision]) -> tuple[tuple[GaugeChange, ...], ...]:
    """For each decision of the path the gauges that it moved. A gauge at its end that cannot move on is not among them."""
    history = gauge_history(scenario, path)
    return tuple(
        tuple(
            GaugeChange(scenario.gauges[name].label, past[place], past[place + 1])
            for name, past in history.items()
            if past[place] != past[place + 1]
        )
        for place in range(len(path))
    )


def latest_beat(scenario: Scenario, path: Sequence[SceneDecision]) -> Beat | None:
    """What the newest decision on the way led to; None before the first."""
    if not path:
        return None
    choice = path[-1].choice
    return Beat(choice, split_headline(choice.consequence), gauge_changes(scenario, path)[-1])
