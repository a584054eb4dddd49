"""A learner's progress in the course, derived from facts on reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from course.content.library import Library
from course.content.schema import Module, Step
from course.translation import lazy_gettext as _


@dataclass(frozen=True)
class ProgressFacts:
    """The facts of one enrolment on which progress rests.

    References are module/step. `shown` are the points of a module's check, as (module, point), whose questions were
    all right in one attempt; `proven` are those of them that were answered without a guess. `touched` is the
    moment of the newest fact of each module, and of "course" and the like.
    """

    pages: frozenset[str] = frozenset()
    scenarios: frozenset[str] = frozenset()
    timelines: frozenset[str] = frozenset()
    shown: frozenset[tuple[str, str]] = frozenset()
    proven: frozenset[tuple[str, str]] = frozenset()
    final_passed: bool = False
    completed_at: datetime | None = None
    last_module: str | None = None
    touched: Mapping[str, datetime] = field(default_factory=dict)


CHECK = "check"


@dataclass(frozen=True)
class StepProgress:
    """The progress of a step of a module: `state` is done, skipped (a page whose points the check proved) or open."""

    module_id: str
    id: str
    kind: str
    title: str
    state: str

    @property
    def done(self) -> bool:
        return self.state != "open"


@dataclass(frozen=True)
class ModuleProgress:
    """The progress of a module: its steps with the check as the last one, how many minutes are left, and the points
    that its check has not shown yet."""

    module: Module
    number: int
    steps: tuple[StepProgress, ...]
    minutes_left: float
    missed_points: tuple[str, ...] = ()

    @property
    def done(self) -> bool:
        return all(step.done for step in self.steps)

    @property
    def started(self) -> bool:
        return any(step.done for step in self.steps)

    @property
    def percent_done(self) -> int:
        """The share of the steps that are done, in per cent."""
        return round(100 * sum(step.done for step in self.steps) / len(self.steps))

    @property
    def next(self) -> StepProgress | None:
        return next((step for step in self.steps if not step.done), None)


@dataclass(frozen=True)
class CourseProgress:
    """The progress of one person in the whole course; `current` is the module in which to carry on."""

    modules: tuple[ModuleProgress, ...]
    final_passed: bool
    completed_at: datetime | None
    current: ModuleProgress | None = field(default=None)

    @property
    def modules_done(self) -> bool:
        return all(module.done for module in self.modules)

    @property
    def complete(self) -> bool:
        """Whether all modules and the final assessment are done, which a completion requires."""
        return self.modules_done and self.final_passed

    @property
    def started(self) -> bool:
        return any(module.started for module in self.modules)

    @property
    def minutes_left(self) -> float:
        return sum(module.minutes_left for module in self.modules)


def module_progress(library: Library, module: Module, facts: ProgressFacts) -> ModuleProgress:
    """The progress of one module. Its check is done when each of the module's points was shown, over all attempts."""
    steps = [StepProgress(module.id, s.id, s.kind, s.title, _step_state(module, s, facts)) for s in module.steps]
    missed_points = tuple(point for point in module.points if (module.id, point) not in facts.shown)
    steps.append(StepProgress(module.id, CHECK, CHECK, _("Check what you know"), "open" if missed_points else "done"))
    left = sum(library.step_minutes[module.id, step.id] for step in steps if not step.done and step.kind != CHECK)
    left += library.check_minutes(missed_points)
    number = list(library.modules).index(module.id) + 1
    return ModuleProgress(module, number, tuple(steps), left, missed_points)


def _step_state(module: Module, step: Step, facts: ProgressFacts) -> str:
    ref = f"{module.id}/{step.id}"
    if step.kind == "page":
        if ref in facts.pages:
            return "done"
        teaches = module.pages[step.id].teaches
        return "skipped" if all((module.id, point) in facts.proven for point in teaches) else "open"
    if step.kind == "timeline":
        return "done" if ref in facts.timelines else "open"
    # Any of the scenarios counts, so that a change of pathway takes nothing back.
    done = {f"{module.id}/{name}" for name in (step.id, *step.others)} & facts.scenarios
    return "done" if done else "open"


def progress(library: Library, facts: ProgressFacts) -> CourseProgress:
    """The progress of the whole course. `current` is the module last worked on, or else the first that is not done."""
    modules = tuple(module_progress(library, module, facts) for module in library.modules.values())
    unfinished = [module for module in modules if not module.done]
    current = next((m for m in unfinished if m.module.id == facts.last_module), unfinished[0] if unfinished else None)
    return CourseProgress(modules, facts.final_passed, facts.completed_at, current)
