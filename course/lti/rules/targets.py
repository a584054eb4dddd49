"""What a link at a platform opens, by its custom parameters: the whole course, a module or the refresher, and for whom."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from course.content.schema import NATIONS, SETTINGS
from course.lti.rules.problems import LtiError, LtiProblem

OPEN, PATHWAY, NATION = "course_open", "course_pathway", "course_nation"  # names of custom parameters
COURSE, REFRESHER, MODULE = "course", "refresher", "module"
_MODULE_PREFIX = "module:"


@dataclass(frozen=True)
class LinkTarget:
    """What a link opens: "course", "module" (then `module` is its id) or "refresher". `pathway` and `nation` are those of people
    whom it adds; empty: the usual ones."""

    opens: str = COURSE
    module: str = ""
    pathway: str = ""
    nation: str = ""

    @property
    def choice(self) -> str:
        """What is opened as one word: "course", "refresher" or "module:" with the id."""
        return f"{_MODULE_PREFIX}{self.module}" if self.opens == MODULE else self.opens

    def parameters(self) -> dict[str, str]:
        """The custom parameters of a link to it."""
        found = {OPEN: self.choice, PATHWAY: self.pathway, NATION: self.nation}
        return {name: value for name, value in found.items() if value}


def read_target(custom: Mapping[str, Any], modules: Collection[str]) -> LinkTarget:
    """The target that custom parameters name; the whole course without any. Others than ours are left alone.

    Raises LtiError (TARGET) for a module, a pathway or a nation that does not exist: somebody who read the wrong one would not
    notice.
    """
    pathway, nation = _value(custom, PATHWAY), _value(custom, NATION)
    if (pathway and pathway not in SETTINGS) or (nation and nation not in NATIONS):
        raise LtiError(LtiProblem.TARGET, f"{pathway} {nation}".strip()[:200])
    choice = _value(custom, OPEN) or COURSE
    if choice in (COURSE, REFRESHER):
        return LinkTarget(choice, "", pathway, nation)
    module = choice.removeprefix(_MODULE_PREFIX)
    if module == choice or module not in modules:
        raise LtiError(LtiProblem.TARGET, choice[:200])
    return LinkTarget(MODULE, module, pathway, nation)


def _value(custom: Mapping[str, Any], name: str) -> str:
    value = custom.get(name)
    if value is None or value == "" or (isinstance(value, str) and value.startswith("$")):
        return ""  # a variable that the platform did not replace
    return str(value).strip()
