"""Changes of teams, described in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from course.people.rules import team_subtree as team_subtree
from course.translation import lazy_gettext as _


@dataclass(frozen=True)
class TeamChangeView:
    """One change of a team: its name and place before and after, in words."""

    kind: str
    name: str
    place: str
    new_name: str
    new_place: str
    into: str | None
    reason: str
    by: str | None
    at: datetime

    @property
    def words(self) -> str:
        """The change as a sentence."""
        if self.kind == "merged":
            return _("Merged into %(into)s.", into=self.into)
        if self.kind == "closed":
            return _("Closed.")
        renamed = (
            _("Renamed from %(name)s to %(new_name)s.", name=self.name, new_name=self.new_name)
            if self.name != self.new_name
            else ""
        )
        moved = (
            _("Moved from %(place)s to %(new_place)s.", place=self.place, new_place=self.new_place)
            if self.place != self.new_place
            else ""
        )
        return " ".join(part for part in (renamed, moved) if part)
