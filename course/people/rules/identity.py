"""What identifies a person: names, addresses and sign-in names, as they are stored, compared and shown."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from course.text import normalise_line, search_key


def has_left(left_at: datetime | None, last_day: date | None, today: date) -> bool:
    """Whether somebody has left: also on the day after their last one, before that is written down."""
    return left_at is not None or (last_day is not None and last_day < today)


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
MAX_JOB_ROLE_LENGTH = 100  # characters
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
    """What identifies a person: name, and address, staff number and sign-in name as far as there are any; and beside it
    the job role as the organisation calls it, which many people share."""

    name: str
    email: str | None = None
    staff_number: str | None = None
    sign_in_name: str | None = None
    job_role: str | None = None

    def normalised(self) -> PersonIdentity:
        """The identity as it is stored. Without an address the staff number is the sign-in name if no other is given."""
        email = normalise_email(self.email or "") or None
        number = normalise_line(self.staff_number or "") or None
        given = normalise_line(self.sign_in_name or "") or None
        login = effective_sign_in_name(email, given, number)
        return PersonIdentity(
            normalise_line(self.name), email, number, login, normalise_line(self.job_role or "") or None
        )

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
