"""The part of `flask content report` on guessers: who passes without having understood the learning points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from course.content.guessers import (
    MAX_RULE_MODULE_SHARE,
    MAX_RULE_SHARE,
    PLAIN_SIGNS,
    ChoiceTask,
    GuesserShare,
    choice_tasks,
    learned_words_scores,
    rule_of_thumb,
    share_right,
    tasks_by_point,
)
from course.content.quality import FAIRNESS_MARGIN
from course.content.schema import Module


def guesser_lines(modules: Sequence[Module]) -> Iterator[str]:
    """The lines of the report: the rule of thumb, learned words, and plain signs, over questions, parts and scenes."""
    tasks = choice_tasks(modules)
    kinds = {
        "questions": [task for task in tasks if task.kind == "question"],
        "parts": [task for task in tasks if task.kind == "part"],
        "critical": [task for task in tasks if task.kind == "scene" and task.critical],
        "scenes": [task for task in tasks if task.kind == "scene"],
    }
    learned = learned_words_scores(tasks)
    yield (
        "Who knows a rule of thumb (tell the lead now; do not look, ask, delete, block, promise or wait), or the words of right "
        "answers elsewhere"
    )
    yield f"{'':<38}" + "".join(f"{kind + ' ' + str(len(of)):>16}" for kind, of in kinds.items())
    yield _row("chance", [share_right(of, rule_of_thumb) for of in kinds.values()], of_chance=True)
    yield _row(
        f"the rule of thumb, at most {MAX_RULE_SHARE:.0%}", [share_right(of, rule_of_thumb) for of in kinds.values()]
    )
    yield _row("words learned from the other modules", [share_right(of, learned.__getitem__) for of in kinds.values()])
    yield f"  by module, at most {MAX_RULE_MODULE_SHARE:.0%} of the questions"
    for module in modules:
        shares = [share_right([t for t in of if t.module == module.id], rule_of_thumb) for of in kinds.values()]
        yield _row("  " + module.id, shares)
    yield from _points_lines(tasks)
    yield f"\nWho goes by plain signs (points above chance; at most {100 * FAIRNESS_MARGIN:.0f} for questions and scenes)"
    for sign, values in PLAIN_SIGNS.items():
        gains = [share_right(of, values) for of in kinds.values()]
        too_good = any(
            gain.right > gain.chance + FAIRNESS_MARGIN
            for kind, gain in zip(kinds, gains, strict=True)
            if kind in ("questions", "scenes")
        )
        cells = "".join(f"{100 * (gain.right - gain.chance):>+16.1f}" for gain in gains)
        yield f"{sign:<38}{cells}{'   too good' if too_good else ''}"


def _row(name: str, shares: Sequence[GuesserShare], of_chance: bool = False) -> str:
    cells = "".join(
        f"{(share.chance if of_chance else share.right):>16.1%}" if share.asked else f"{'.':>16}" for share in shares
    )
    return f"{name:<38}{cells}"


def _points_lines(tasks: Sequence[ChoiceTask]) -> Iterator[str]:
    by_point = {point: share_right(of, rule_of_thumb) for point, of in tasks_by_point(tasks).items()}
    all_right = [f"{point} ({found.asked})" for point, found in by_point.items() if found.right == 1]
    yield f"  points on which the rule of thumb is always right: {', '.join(all_right) or 'none'}"
