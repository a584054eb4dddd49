"""One-time codes: how they are written, how long they work, and who may make one for whom. Pure."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta

from course.people.rules import Viewer

CODE_DIGITS = 12  # digits are on every keyboard, and sound different from each other when they are read out
CODE_GROUP = 4  # digits that are written together
CODE_LIFETIME = timedelta(days=14)
_ACCEPTED_SEPARATORS = re.compile(r"[\s\-–—.]")


@dataclass(frozen=True)
class CodeSubject:
    """A person for whom a code may be made: whether they have an address that takes mail, and whether they have a role or
    stand in for a manager."""

    person_id: int
    has_address: bool
    has_role: bool


def new_code() -> str:
    """A random code, of digits only."""
    return "".join(secrets.choice("0123456789") for _ in range(CODE_DIGITS))


def derive_code(secret: str, sheet: str, person_id: int) -> str:
    """The code of a person on one sheet. `sheet` is a random text that the form of the sheet carries: a second press of its
    button gives the same codes, so that whichever answer the browser shows, its codes work."""
    digest = hmac.new(secret.encode(), f"sheet:{sheet}:{person_id}".encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(digest) % 10**CODE_DIGITS:0{CODE_DIGITS}}"


def format_code(code: str) -> str:
    """A code as it is printed and read out: 4821 9073 6552."""
    return " ".join(code[start : start + CODE_GROUP] for start in range(0, len(code), CODE_GROUP))


def parse_code(typed: str) -> str:
    """The digits of a code as somebody typed it, with or without what stands between its groups."""
    return _ACCEPTED_SEPARATORS.sub("", typed)


def code_hash(secret: str, person_id: int, code: str) -> str:
    """The form in which the code of a person is stored: a keyed hash, 64 hexadecimal digits. Without the secret nobody can
    find the code by trying all of them."""
    return hmac.new(secret.encode(), f"code:{person_id}:{parse_code(code)}".encode(), hashlib.sha256).hexdigest()


def may_issue_code(viewer: Viewer, subject: CodeSubject) -> bool:
    """Whether the viewer may make a code for a person about whom they may record something.

    Whoever has a code can sign in as its person. So only administrators make codes for people who have a role, and a
    manager makes them only for people without an address, who cannot get a link; nobody makes one for themselves.
    """
    if viewer.id == subject.person_id:
        return False
    if viewer.administrator:
        return True
    return not subject.has_role and (viewer.hr or not subject.has_address)
