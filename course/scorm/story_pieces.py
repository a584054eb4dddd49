"""The HTML of stories in pieces: scenes, choices, endings and debriefs, which the player puts together (player/telling.js).

As with questions, the macros of the course's pages render each piece, with names in braces where the path decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from course.content.endings import Condition, Ending, Passage
from course.content.paths import MAX_GAUGE
from course.content.rendering import InlineText, label_html
from course.content.schema import Choice, Gauge, Module, Scenario, Scene
from course.learning.rules.beats import GaugeChange, split_headline
from course.learning.rules.branching import SceneDecision
from course.learning.rules.debrief import GaugeChart, RoadDrawing
from course.scorm.page_html import PackageScope, clean, macros
from course.translation import gettext as _

MOST_DECISIONS = 60  # as in player/state.js; no story has half as many
MOST_REPAIRS = 12


def story_data(scope: PackageScope, module: Module, scenario: Scenario) -> dict[str, object]:
    """A story as the player needs it. Choices are named by their place in their scene, as a kept state names them."""
    pieces = macros("scorm/pieces.html")
    minutes = max(1, round(scope.library.step_minutes[module.id, scenario.id]))
    start = pieces.story_start(scenario, module.motif, minutes, len(scenario.recommended) - 1)
    gauges = list(scenario.gauges)
    return {
        "title": str(label_html(scenario.title)),
        "opening": clean(scope, start),
        "intro": clean(scope, pieces.story_intro(scenario)),
        "before": _so_far(scenario, ()),
        "gauges": [{"label": str(label_html(gauge.label)), "start": gauge.start} for gauge in scenario.gauges.values()],
        "start": scenario.start,
        "scenes": {scene.id: _scene_data(scope, scenario, scene, gauges) for scene in scenario.scenes},
    }


def _scene_data(scope: PackageScope, scenario: Scenario, scene: Scene, gauges: Sequence[str]) -> dict[str, object]:
    if scene.is_ending:
        return {"endings": [_ending_data(scene, ending, gauges) for ending in scene.possible_endings]}
    happened = macros("components/scenario.html").happened
    return {
        "fresh": clean(scope, happened(scene)),
        "again": clean(scope, happened(scene, False)),
        "ask": str(label_html(scene.ask)),
        "time": str(label_html(scene.time)) if scene.time else "",
        "critical": scene.critical,
        "points": [str(label_html(scope.library.points[point].title)) for point in scene.points
                   if point in scope.library.points],
        "choices": [_choice_data(scope, scenario, scene, choice, gauges) for choice in scene.choices],
    }  # fmt: skip


def _choice_data(
    scope: PackageScope, scenario: Scenario, scene: Scene, choice: Choice, gauges: Sequence[str]
) -> dict[str, object]:
    parts, pieces = macros("components/scenario.html"), macros("scorm/pieces.html")
    following = scenario.by_id[choice.to]
    news = split_headline(choice.consequence)
    data: dict[str, object] = {
        "id": choice.id,
        "quality": choice.quality,
        "to": choice.to,
        "effects": [choice.effects.get(gauge, 0) for gauge in gauges],
        "text": _html(choice.text),
        "reason": _html(choice.reason),
        "first": _html(news.first),
        "chose": clean(scope, pieces.chose(choice)),
        "consequence": _html(choice.consequence),
        "news": clean(scope, parts.news(choice, news, (), not following.messages)),
        "told": clean(scope, _so_far(scenario, (SceneDecision(scene, choice),))),
        "other": clean(scope, parts.other_road(scenario, choice)),
    }
    if choice.try_again is not None:
        data["most"] = choice.try_again
    if choice.quality not in ("best", "fair"):
        data["tried"] = clean(scope, pieces.tried(choice, split_headline(choice.reason)))
    return data


def _so_far(scenario: Scenario, path: Sequence[SceneDecision]) -> str:
    """The story so far: without decisions all around them, with one its line."""
    html = str(macros("components/scenario.html").so_far(scenario, path))
    start, end = html.index("<ol>") + len("<ol>"), html.rindex("</ol>")
    return html[start:end].strip() if path else f"{html[:start]}{{items}}{html[end:]}"


def _ending_data(scene: Scene, ending: Ending, gauges: Sequence[str]) -> dict[str, object]:
    parts = macros("components/scenario.html")
    return {
        "id": scene.id if ending.id == scene.id else f"{scene.id}/{ending.id}",
        "when": _condition_data(ending.when, gauges),
        "title": str(label_html(ending.title)),
        "text": _html(ending.text),
        "passages": [_passage_data(passage, gauges) for passage in ending.passages],
        "debrief": _html(ending.debrief),
        "debriefPassages": [_passage_data(passage, gauges) for passage in ending.debrief_passages],
        "turning": str(parts.turning_point(ending)),
        "turned": ending.why is not None,
        "outcome": str(parts.outcome(ending)),
    }


def _passage_data(passage: Passage, gauges: Sequence[str]) -> dict[str, object]:
    return {"when": _condition_data(passage.when, gauges), "text": _html(passage.text)}


def _condition_data(condition: Condition | None, gauges: Sequence[str]) -> dict[str, object] | None:
    """A condition with gauges by their place."""
    if condition is None:
        return None
    return {
        "done": list(condition.done),
        "anyDone": list(condition.any_done),
        "notDone": list(condition.not_done),
        "gauges": [[gauges.index(name), level] for name, level in condition.gauges.items()],
        "gaugesBelow": [[gauges.index(name), level] for name, level in condition.gauges_below.items()],
        "noDangerous": bool(condition.no_dangerous),
        "recommended": condition.recommended or 0,
    }


def _html(text: Any) -> str:
    return str(text.__html__())


def story_words() -> dict[str, object]:
    """What all stories share: their pages, gauges and the rows of a debrief."""
    pieces, parts = macros("scorm/pieces.html"), macros("components/scenario.html")
    return {
        "story": {
            "beat": pieces.story_beat().strip(),
            "repair": pieces.story_repair().strip(),
            "ending": pieces.story_ending().strip(),
            "debrief": pieces.story_debrief().strip(),
            "choice": pieces.story_choice(),
            "choices": pieces.story_choices(),
            "undo": re.sub(r'<input[^>]*>| (?:method|action)="[^"]*"', "", str(pieces.undo())),
            "begin": _("Begin the story"),
            "carryOn": _("Carry on with the story"),
            "again": _("Go through it again"),
            "how": _("See how it went"),
            "stillOpen": [str(pieces.to_repair(count)) for count in range(MOST_REPAIRS)],
            "notEither": _("That does not keep the child safe either"),
            "headings": [str(pieces.decisions_heading(count)) for count in range(MOST_DECISIONS)],
            "noneRight": _("The road you took"),
            "rightOnes": [str(pieces.right_ones(count)) for count in range(MOST_DECISIONS)],
            "points": str(pieces.story_points()),
            "turned": " " + _("Red is where it turned."),
            "place": _("Decision %(number)s of about %(total)s", number="{number}", total="{total}"),
            "ended": _("How it ended"),
            "complete": _("Story complete"),
            "undone": _("Undone. You can choose again."),
        },
        "gauge": [_between(parts.standing(_OneGauge(), {"g": value}), "dl") for value in range(MAX_GAUGE + 1)],
        "changes": _between(parts.changes([GaugeChange("{label}", 1, 2)]), "ul", keep=True),
        "change": {
            f"{before} {after}": _between(parts.changes([GaugeChange("{label}", before, after)]), "ul")
            for before, after in product(range(MAX_GAUGE + 1), repeat=2) if before != after
        },
        "rows": dict(_rows()),
        "chart": _between(parts.charts([_chart()]), "div"),
        "road": _picture(()),
        "stops": [_stop(is_turn) for is_turn in (False, True)],
    }  # fmt: skip


class _OneGauge:
    """A story with one gauge, whose label has a name."""

    gauges: Mapping[str, Gauge] = {"g": Gauge(label="{label}")}


def _between(html: Any, tag: str, keep: bool = False) -> str:
    """What is inside the outermost element of this name; with `keep` the element, with {items} inside."""
    text = str(html)
    start, end = text.index(">", text.index(f"<{tag}")) + 1, text.rindex(f"</{tag}>")
    return f"{text[:start]}{{items}}{text[end:]}".strip() if keep else text[start:end].strip()


@dataclass(frozen=True)
class _Row:
    """A row of a debrief with names for everything that its decision brings."""

    weight: str
    scene: Any
    chosen: Any
    news: Any
    better: Any
    largest_fall: Any
    repaired: bool
    withdrawn: tuple[Any, ...] = ()


def _rows() -> Iterable[tuple[str, str]]:
    """The rows of a debrief by the key that the player makes: weight, quality where it is said, and whether the scene has a
    time, a gauge fell, and the decision was put right."""
    parts = macros("components/scenario.html")
    story = _Story()
    other = str(parts.other_road(story, _BETTER))
    for weight, quality, timed, fell, repaired in product(
        ("turn", "small-turn", "bend", "held", "straight"), ("fair", "poor", "dangerous"), (0, 1), (0, 1), (0, 1)
    ):
        row = _Row(
            weight, {"time": "{time}" if timed else None},
            {"text": InlineText("{text}"), "reason": InlineText("{reason}"), "quality": quality},
            {"first": InlineText("{first}")}, _BETTER,
            {"label": "{label}", "before": "{before}", "after": "{after}"} if fell else None, bool(repaired),
        )  # fmt: skip
        said = quality if weight in ("small-turn", "bend") else "-"
        key = f"{weight} {said} {timed}{fell * (weight == 'small-turn')}{repaired * (weight == 'turn')}"
        yield key, str(parts.road_row(row, "{number}", story)).replace(other, "{other}").strip()


_BETTER: Any = {
    "text": InlineText("{betterText}"), "reason": InlineText("{betterReason}"), "consequence": InlineText("{led}"),
    "messages": None, "to": "end",
}  # fmt: skip


class _Story:
    """A story in which the other road ends."""

    by_id: Mapping[str, Any] = {"end": {"choices": ()}}


def _chart() -> Any:
    return GaugeChart("{label}", ("{values}",), "{points}", "{falls}", ("{x}", "{y}"))  # type: ignore[arg-type]


def _picture(stops: Sequence[Any]) -> str:
    drawing = RoadDrawing(tuple(stops), "{before}", "{after}", "{notTaken}")
    html = str(macros("components/scenario.html").road_picture(drawing))
    return html if stops else html.replace("</svg>", "{stops}</svg>")


class _Middle(str):
    """The height of a stop, and where its number stands below it."""

    __slots__ = ()

    def __add__(self, other: object) -> str:
        return "{below}"


def _stop(is_turn: bool) -> str:
    stop = {"is_turn": is_turn, "x": "{x}", "y": _Middle("{y}"), "number": "{number}"}
    html = _picture([stop])
    return html[html.index("<circle") : html.rindex("</svg>")]
