"""Changes of teams, described in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from course.people.rules import team_subtree as team_subtree


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
            return f"Merged into {self.into}."
        if self.kind == "closed":
            return "Closed."
        renamed = f"Renamed from {self.name} to {self.new_name}." if self.name != self.new_name else ""
        moved = f"Moved from {self.place} to {self.new_place}." if self.place != self.new_place else ""
        return " ".join(part for part in (renamed, moved) if part)
