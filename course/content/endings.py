"""Earned endings: the endings of a scene, the conditions under which each is shown, and which of them a path has earned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from course.content.rendering import InlineText, Prose
from course.content.schema_base import FrozenModel, Id, Label

Outcome = Literal["good", "mixed", "poor"]
GaugeLevels = dict[str, Annotated[int, Field(ge=1, le=5)]]
# The length of the column in which the ending of a run is stored (see learning.models.RunOutcome).
MAX_ENDING_NAME = 60


@dataclass(frozen=True)
class PathFacts:
    """What conditions ask of a path from the start of a scenario to an ending.

    `decided` names every decision on the way as scene/choice: where a way back leads to a scene a second time, both
    decisions in it were taken, and both count. `decisions` and `best` count the decisions, and those of quality best, in
    the same way. `gauges` are those at the ending. Repairs come after the ending and change nothing here.
    """

    decided: frozenset[str]
    gauges: Mapping[str, int]
    has_dangerous: bool
    decisions: int
    best: int


class Condition(FrozenModel):
    """When an ending or a passage is shown: everything that is given must hold.

    Decisions are named scene/choice. `done`: all of these were taken on the way; `any_done`: at least one of them;
    `not_done`: none of them. `gauges`: each has at least this value, `gauges_below`: each is below it. `recommended`: at
    least so many per cent of the decisions were of quality best.
    """

    done: tuple[str, ...] = ()
    any_done: tuple[str, ...] = ()
    not_done: tuple[str, ...] = ()
    gauges: GaugeLevels = Field(default_factory=dict)
    gauges_below: GaugeLevels = Field(default_factory=dict)
    no_dangerous: Literal[True] | None = None
    recommended: int | None = Field(default=None, ge=1, le=100)

    @property
    def decision_names(self) -> tuple[str, ...]:
        """Every decision that the condition names."""
        return (*self.done, *self.any_done, *self.not_done)

    def holds(self, path: PathFacts) -> bool:
        return (
            path.decided.issuperset(self.done)
            and (not self.any_done or not path.decided.isdisjoint(self.any_done))
            and path.decided.isdisjoint(self.not_done)
            and all(path.gauges[name] >= level for name, level in self.gauges.items())
            and all(path.gauges[name] < level for name, level in self.gauges_below.items())
            and not (self.no_dangerous and path.has_dangerous)
            and (self.recommended is None or 100 * path.best >= self.recommended * path.decisions)
        )


class Passage(FrozenModel):
    """A paragraph that is added to an ending or its debrief where its condition holds."""

    id: Id
    when: Condition
    text: Prose


class Ending(FrozenModel):
    """An ending of a scenario. The first ending of a scene whose condition holds is shown; the last one has none.

    `why` says in one sentence what turned it, for readers who did most things well.
    """

    id: Id
    end: Outcome
    title: Label
    text: Prose
    debrief: Prose
    when: Condition | None = None
    passages: tuple[Passage, ...] = ()
    debrief_passages: tuple[Passage, ...] = ()
    why: InlineText | None = None

    @property
    def all_passages(self) -> tuple[Passage, ...]:
        return (*self.passages, *self.debrief_passages)


@dataclass(frozen=True)
class ShownEnding:
    """The ending that a path has earned, with the passages that hold on it.

    `id` is that of the scene, or scene/ending where the scene has several: a run keeps it.
    """

    id: str
    end: Outcome
    title: str
    text: Prose
    debrief: Prose
    passages: tuple[Passage, ...] = ()
    debrief_passages: tuple[Passage, ...] = ()
    why: InlineText | None = None


def ending_name(scene_id: str, ending: Ending) -> str:
    """The name under which a run keeps an ending: the scene's id, or scene/ending where the scene has several."""
    return scene_id if ending.id == scene_id else f"{scene_id}/{ending.id}"


def earned_ending(scene_id: str, endings: tuple[Ending, ...], path: PathFacts) -> ShownEnding:
    """The first of a scene's endings whose condition holds on this path; the last one if none does."""
    found = next((one for one in endings if one.when is None or one.when.holds(path)), endings[-1])
    return ShownEnding(
        id=ending_name(scene_id, found),
        end=found.end,
        title=found.title,
        text=found.text,
        debrief=found.debrief,
        passages=tuple(passage for passage in found.passages if passage.when.holds(path)),
        debrief_passages=tuple(passage for passage in found.debrief_passages if passage.when.holds(path)),
        why=found.why,
    )
