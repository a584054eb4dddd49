"""Who may do what."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from course.content.shapes import Setting

ROLES = ("learner", "manager", "administrator")
# Everyone is a learner; these are the permissions that the other roles add.
PERMISSIONS: dict[str, frozenset[str]] = {
    "manager": frozenset({"see people"}),
    "administrator": frozenset(
        {"see people", "manage people", "manage the organisation", "see the audit log", "run the system"}
    ),
}


@dataclass(frozen=True)
class Viewer:
    """The person who is signed in, as far as access depends on it."""

    id: int
    name: str
    email: str
    administrator: bool = False
    manages: tuple[int, ...] = ()
    pathway: Setting | None = None

    @cached_property
    def permissions(self) -> frozenset[str]:
        """Names of permissions (course.web.access.Permission)."""
        names: frozenset[str] = frozenset()
        if self.administrator:
            names |= PERMISSIONS["administrator"]
        if self.manages:
            names |= PERMISSIONS["manager"]
        return names


# Who does what is done on the command line: nobody, who sees everybody.
COMMAND = Viewer(0, "a command", "", administrator=True)


def first_name(name: str) -> str:
    """The name to greet somebody by."""
    return name.split()[0] if name.split() else name


def plain_email(text: str) -> str:
    """An e-mail address as it is stored and looked up: without spaces around it, in lower case."""
    return text.strip().lower()


def nowhere(email: str) -> bool:
    """Whether this only stands in the place of an address: mail to .invalid never arrives (RFC 2606)."""
    return email.endswith(".invalid")


def tidy(text: str) -> str:
    """What somebody typed into one line: no control characters, single spaces, none at the ends."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
