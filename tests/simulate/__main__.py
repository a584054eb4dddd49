"""Print what each way costs and leaves, and say plainly where ours is not better."""

from __future__ import annotations

import sys
from pathlib import Path

from course.content.library import load_library
from tests.simulate.learners import KINDS, Kind
from tests.simulate.years import WAYS, Measured, course_of, year

PEOPLE = 40
SEED = 2026
OURS = "ours"
MEASURES = {"average": "on average", "worst": "on the worst day", "critical": "of the safety-critical points"}


def table(kind: Kind, found: dict[str, Measured]) -> list[str]:
    """The rows for one kind of learners."""
    lines = [f"\n{kind.name} (decay {kind.decay}, threshold {kind.threshold})"]
    lines += [
        f"  {name:<22} {m.minutes:6.0f} min   {m.average:6.1%} on average   {m.worst:6.1%} on the worst day   "
        f"{m.critical:6.1%} of critical points"
        for name, m in found.items()
    ]
    return lines


def not_better(kind: str, found: dict[str, Measured]) -> list[str]:
    """Each measure in which another way leaves as much as ours, or more."""
    ours = found[OURS]
    lines = []
    for name, other in found.items():
        for measure, words in MEASURES.items():
            mine, theirs = getattr(ours, measure), getattr(other, measure)
            if name != OURS and theirs >= mine:
                share = f"{theirs:.1%} against our {mine:.1%}"
                lines.append(
                    f"  {kind}: {name} leaves {share} {words}, in {other.minutes:.0f} minutes, not {ours.minutes:.0f}"
                )
    return lines


def main() -> None:
    library = load_library(Path(__file__).resolve().parents[2] / "modules").for_("school", "england")
    course = course_of(library)
    print(f"{PEOPLE} learners of each kind, {len(course.points)} points, the second year (the first leads up to it).")
    print("They forget by another model than the one that schedules; see tests/simulate/learners.py.")
    worse: list[str] = []
    for kind in KINDS:
        found = {way.name: year(course, kind, way, PEOPLE, SEED) for way in WAYS}
        print("\n".join(table(kind, found)))
        sys.stdout.flush()
        worse += not_better(kind.name, found)
    print("\nWhere ours is not better:" if worse else "\nOurs is better than each other way in all of them.")
    print("\n".join(worse))


if __name__ == "__main__":
    main()
