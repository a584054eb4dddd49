"""Who may do what."""

from __future__ import annotations

import re
import unicodedata
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


def is_undeliverable(email: str | None) -> bool:
    """Whether no mail can reach this person: they have no address, or something stands in its place. Mail to .invalid
    never arrives (RFC 2606)."""
    return not email or email.endswith(".invalid")


MAX_SIGN_IN_NAME_LENGTH = 50  # characters
_SIGN_IN_NAME = re.compile(r"[^\W_](?:[\w .'’/+-]*[^\W_])?")


def sign_in_key(name: str) -> str:
    """The form in which sign-in names are compared: letters without case and accents, no spaces. “Kü 12” and “ku12” are
    one name."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", normalise_line(name)).casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign) and not sign.isspace())


def is_sign_in_name(name: str) -> bool:
    """Whether a person can sign in with this name. It begins and ends with a letter or digit and has no @, so that it is
    never the address of somebody."""
    return (
        len(sign_in_key(name)) >= 2
        and len(name) <= MAX_SIGN_IN_NAME_LENGTH
        and _SIGN_IN_NAME.fullmatch(name) is not None
    )


def effective_sign_in_name(email: str | None, sign_in_name: str | None, staff_number: str | None) -> str | None:
    """The sign-in name to store: the one that is given, or the staff number for a person without an address."""
    return sign_in_name or (None if email else staff_number) or None


def normalise_login(text: str) -> str:
    """What a person types to say who they are, in the form in which it is looked up: an address if it has an @, and a
    sign-in name otherwise."""
    return normalise_email(text) if "@" in text else sign_in_key(text)


@dataclass(frozen=True)
class PersonIdentity:
    """What identifies a person: name, and address, staff number and sign-in name as far as there are any."""

    name: str
    email: str | None = None
    staff_number: str | None = None
    sign_in_name: str | None = None

    def normalised(self) -> PersonIdentity:
        """The identity as it is stored. Without an address the staff number is the sign-in name if no other is given."""
        email = normalise_email(self.email or "") or None
        number = normalise_line(self.staff_number or "") or None
        given = normalise_line(self.sign_in_name or "") or None
        return PersonIdentity(normalise_line(self.name), email, number, effective_sign_in_name(email, given, number))

    @property
    def has_login(self) -> bool:
        """Whether the person could sign in with it."""
        return bool(self.email or self.sign_in_name)


def login_label(email: str | None, sign_in_name: str | None) -> str:
    """What a person types to say who they are, for display: the address, or the sign-in name; empty if there is neither."""
    return email or sign_in_name or ""


def name_key(name: str) -> str:
    """By what a name is found and ordered: “Åsa” beside “Asa”, “Łucja” at L, in capitals or not."""
    return search_key(name)[:300]


def distinct_names(people: Iterable[tuple[int, str, str]]) -> dict[int, str]:
    """Of people in one list (id, name, address or sign-in name) what to call each: their name, and what they sign in with
    as well where another one has the same name."""
    every = list(people)
    names = Counter(search_key(name) for _, name, _ in every)
    return {
        person: f"{name} ({login})" if login and names[search_key(name)] > 1 else name for person, name, login in every
    }


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
