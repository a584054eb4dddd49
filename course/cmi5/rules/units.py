"""The assignable units: the whole course, the refresher, and each module, with what counts in each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

COURSE, REFRESHER = "course", "refresher"
_MODULE_PREFIX = "module-"


@dataclass(frozen=True)
class Unit:
    """A unit. `module` is the id of a module; empty for the whole course and the refresher."""

    name: str
    module: str = ""

    @property
    def assessments(self) -> tuple[str, ...]:
        """The kinds of attempts by which it is passed or failed. The course is also renewed by a refresher."""
        if self.module:
            return ("check",)
        return ("refresher",) if self.name == REFRESHER else ("final", "refresher")

    def is_completed_by(self, kind: str) -> bool:
        """Whether a completion of this kind (initial or refresher) completes it. No completion of the course does so for a module,
        which is complete with its own steps."""
        return self.name == COURSE or (self.name == REFRESHER and kind == "refresher")


def unit_of(name: str) -> Unit:
    """The unit with a name of module_unit, or of COURSE and REFRESHER."""
    return Unit(name, name.removeprefix(_MODULE_PREFIX) if name.startswith(_MODULE_PREFIX) else "")


def module_unit(module_id: str) -> Unit:
    return Unit(f"{_MODULE_PREFIX}{module_id}", module_id)


def is_unit(name: str, modules: Collection[str]) -> bool:
    """Whether a unit of that name exists in a course with these modules."""
    return name in (COURSE, REFRESHER) or (bool(unit_of(name).module) and unit_of(name).module in modules)
