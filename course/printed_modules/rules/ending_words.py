"""Which ending of a story is the reader's, in words: what they wrote down takes the place of what the course would know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from babel.lists import format_list

from course.content.endings import Condition
from course.content.schema import Scenario, Scene
from course.printed_modules.rules.sections import StorySections
from course.translation import current_locale
from course.translation import gettext as _


def listed(numbers: Iterable[int | str], *, either: bool = False) -> str:
    """Numbers of sections, or clauses, as a list in words; with `either` joined by "or"."""
    words = [str(number) for number in numbers]
    return str(format_list(words, style="or" if either else "standard", locale=current_locale()))


def condition_words(sections: StorySections, scene: Scene, condition: Condition) -> str:
    """The condition of a passage of an ending as the end of a sentence that begins with "If"."""
    return listed(condition_clauses(sections, scene, condition))


def condition_clauses(sections: StorySections, scene: Scene, condition: Condition) -> list[str]:
    """What a condition asks, all of which has to be true: each as the end of a sentence that begins with "If"."""
    scenario, number_of = sections.scenario, sections.by_choice
    clauses = []
    if condition.done:
        clauses.append(_("you turned to %(numbers)s", numbers=listed(_numbers(number_of, condition.done))))
    if condition.any_done:
        numbers = listed(_numbers(number_of, condition.any_done), either=True)
        clauses.append(_("you turned to %(numbers)s", numbers=numbers))
    if condition.not_done:
        numbers = listed(_numbers(number_of, condition.not_done), either=True)
        clauses.append(_("you did not turn to %(numbers)s", numbers=numbers))
    for name, level in condition.gauges.items():
        clauses.append(_("“%(gauge)s” is at %(level)s or more", gauge=scenario.gauges[name].label, level=level))
    for name, level in condition.gauges_below.items():
        clauses.append(_("“%(gauge)s” is below %(level)s", gauge=scenario.gauges[name].label, level=level))
    if condition.no_dangerous:
        clauses.append(
            _("you did not turn to %(numbers)s", numbers=listed(_of_quality(sections, "dangerous"), either=True))
        )
    if condition.recommended is not None:
        clauses.append(_recommended_words(sections, scene, condition.recommended))
    return clauses


def _numbers(number_of: Mapping[str, int], decided: Iterable[str]) -> list[int]:
    return sorted(number_of[name] for name in decided)


def _of_quality(sections: StorySections, quality: str) -> list[int]:
    return sorted(
        number
        for number, (scene, choice) in sections.decisions.items()
        if (found := sections.scenario.by_id[scene].choice(choice)) is not None and found.quality == quality
    )


def _recommended_words(sections: StorySections, scene: Scene, percent: int) -> str:
    """How many of the numbers have to be among those of recommended decisions, for each length of the road."""
    needed = [
        _("%(need)s of %(count)s", need=-(-percent * count // 100), count=count)
        for count in decision_counts(sections.scenario, scene)
    ]
    return _(
        "of the numbers that you wrote down, at least %(needed)s are among %(numbers)s",
        needed=listed(needed, either=True),
        numbers=listed(_of_quality(sections, "best")),
    )


def decision_counts(scenario: Scenario, last: Scene) -> list[int]:
    """After how many decisions a story can end in this scene, from the fewest to the most. A way back is open as often as its
    limit says."""
    counts: set[int] = set()
    seen: set[tuple[str, int, tuple[tuple[str, int], ...]]] = set()
    waiting: list[tuple[str, int, tuple[tuple[str, int], ...]]] = [(scenario.start, 0, ())]
    while waiting:
        state = waiting.pop()
        if state in seen:
            continue
        seen.add(state)
        name, count, used = state
        if name == last.id:
            counts.add(count)
        for choice in scenario.by_id[name].choices:
            after = dict(used)
            if choice.try_again is not None:
                back = f"{name}/{choice.id}"
                after[back] = after.get(back, 0) + 1
                if after[back] > choice.try_again:
                    continue
            waiting.append((choice.to, count + 1, tuple(sorted(after.items()))))
    return sorted(counts)
