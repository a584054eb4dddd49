"""Who is told that a learner asks for help."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class HelpRecipient:
    """Somebody who is told, as a manager of the learner or, where there is none, as an administrator."""

    id: int
    name: str
    email: str
    manager: bool


def choose_recipients(
    person_id: int,
    teams: Iterable[int],
    parents: Mapping[int, int | None],
    managers: Mapping[int, Sequence[HelpRecipient]],
    administrators: Sequence[HelpRecipient],
) -> tuple[HelpRecipient, ...]:
    """The managers who are nearest to a learner: those of their teams or, where a team has none but the learner, of the
    next team above it that has. Without any, the administrators. Nobody is told of themselves."""
    found: dict[int, HelpRecipient] = {}
    for team in teams:
        above: int | None = team
        # A tree has no ring in it; should there be one, it ends all the same.
        seen: set[int] = set()
        while above is not None and above not in seen:
            seen.add(above)
            here = [one for one in managers.get(above, ()) if one.id != person_id]
            if here:
                found |= {one.id: one for one in here}
                break
            above = parents.get(above)
    return tuple(found.values()) or tuple(one for one in administrators if one.id != person_id)
