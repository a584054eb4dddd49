"""Who may do what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from course.content.schema import Setting
from course.text import normalise_line as normalise_line
from course.text import search_key
from course.translation import lazy_gettext as _

ROLES = ("learner", "manager", "administrator")
_ROLE_LABELS = {"learner": _("Learner"), "manager": _("Manager"), "administrator": _("Administrator")}
# Everyone is a learner; these are the permissions that the other roles add.
PERMISSIONS: dict[str, frozenset[str]] = {
    "manager": frozenset({"see people"}),
    "administrator": frozenset(
        {"see people", "manage people", "manage the organisation", "see the audit log", "run the system"}
    ),
}


def role_label(role: str) -> str:
    """The name of a role on pages."""
    return _ROLE_LABELS[role]


@dataclass(frozen=True)
class Viewer:
    """The person who is signed in, as far as access depends on it.

    `manages` are the teams that they see; `lent` are those among them that they see only as a deputy. To see is not to
    record: a view that was lent reads. `appointed_by` are the managers whose deputy they are. `language` is the one
    that they chose, if any.
    """

    id: int
    name: str
    email: str
    administrator: bool = False
    manages: tuple[int, ...] = ()
    pathway: Setting | None = None
    lent: tuple[int, ...] = ()
    appointed_by: tuple[int, ...] = ()
    language: str | None = None

    @cached_property
    def leads(self) -> tuple[int, ...]:
        """The teams that they manage themselves: about the people in these they may record something."""
        return tuple(team for team in self.manages if team not in self.lent)

    @property
    def only_reads(self) -> bool:
        """Whether they see people beside themselves, and may record something about none of them."""
        return not self.administrator and not self.leads

    @cached_property
    def permissions(self) -> frozenset[str]:
        """Names of permissions (course.web.access.Permission)."""
        names: frozenset[str] = frozenset()
        if self.administrator:
            names |= PERMISSIONS["administrator"]
        if self.manages:
            names |= PERMISSIONS["manager"]
        return names


def with_teams(viewer: Viewer, leads: Collection[int], lent: Collection[tuple[int, int]]) -> Viewer:
    """The viewer as somebody who manages the teams `leads`; `lent` are those that they see as a deputy, each with its
    manager."""
    seen_only = {team for team, _ in lent} - set(leads)
    return replace(
        viewer, manages=tuple(sorted({*leads, *seen_only})), lent=tuple(sorted(seen_only)),
        appointed_by=tuple(sorted({manager for _, manager in lent})),
    )  # fmt: skip


# Who does what is done on the command line: nobody, who sees everybody.
COMMAND_VIEWER = Viewer(0, "a command", "", administrator=True)


def first_name(name: str) -> str:
    """The name to greet somebody by."""
    return name.split()[0] if name.split() else name


def normalise_email(text: str) -> str:
    """An e-mail address as it is stored and looked up: nothing invisible, no spaces around it, in lower case."""
    return normalise_line(text).lower()


def is_undeliverable(email: str) -> bool:
    """Whether this only stands in the place of an address: mail to .invalid never arrives (RFC 2606)."""
    return email.endswith(".invalid")


def name_key(name: str) -> str:
    """By what a name is found and ordered: “Åsa” beside “Asa”, “Łucja” at L, in capitals or not."""
    return search_key(name)[:300]


def distinct_names(people: Iterable[tuple[int, str, str]]) -> dict[int, str]:
    """Of people in one list (id, name, address) what to call each: their name, and their address as well where another
    one has the same name."""
    every = list(people)
    names = Counter(search_key(name) for _, name, _ in every)
    return {person: f"{name} ({email})" if names[search_key(name)] > 1 else name for person, name, email in every}


@dataclass(frozen=True)
class Namesake:
    """Somebody with what tells them from others of the same name: the names of their teams, their staff number and address
    (each empty if there is none)."""

    id: int
    name: str
    teams: tuple[str, ...] = ()
    staff_number: str = ""
    email: str = ""


def distinguishing_names(people: Iterable[Namesake]) -> dict[int, str]:
    """Of these people what to call each: their name; and where several have the same name, with the first of teams, staff
    number and address that each of them has and no two of them share. If there is none, with all that is known."""
    by_name: dict[str, list[Namesake]] = {}
    for person in people:
        by_name.setdefault(search_key(person.name), []).append(person)
    names: dict[int, str] = {}
    for alike in by_name.values():
        marks = [
            [", ".join(one.teams) for one in alike],
            [one.staff_number for one in alike],
            [one.email for one in alike],
        ]
        good = next((column for column in marks if all(column) and len(set(column)) == len(alike)), None)
        for place, one in enumerate(alike):
            known = good[place] if good else ", ".join(column[place] for column in marks if column[place])
            names[one.id] = f"{one.name} ({known})" if len(alike) > 1 and known else one.name
    return names


def team_subtree(team: int, parents: Mapping[int, int | None]) -> set[int]:
    """The team and all below it. `parents` gives for each team the one that it is part of."""
    children: dict[int | None, list[int]] = {}
    for child, parent in parents.items():
        children.setdefault(parent, []).append(child)
    found, waiting = set[int](), [team]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting.extend(children.get(one, ()))
    return found
