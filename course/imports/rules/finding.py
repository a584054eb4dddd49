"""Whom a row of a list is about: by what stands there now, by what stood there before, and by entries that were merged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date


@dataclass(frozen=True)
class Certificate:
    """An earlier certificate, as the list says it."""

    day: date
    valid_until: date | None
    issuer: str


@dataclass(frozen=True)
class Somebody:
    """A person whom the course knows, here since `start`. `left` is their last day; `certificates` are the days of
    those that earlier lists told of; `former` and `former_numbers` the addresses and staff numbers that they had
    before. `merged` is the id of the entry that this one turned out to be the same person as."""

    id: int
    name: str
    email: str
    staff_number: str | None = None
    left: date | None = None
    teams: frozenset[int] = frozenset()
    manages: frozenset[int] = frozenset()
    pathway: str | None = None
    certificates: frozenset[date] = frozenset()
    start: date = date.min
    administrator: bool = False
    former: frozenset[str] = frozenset()
    merged: int | None = None
    former_numbers: frozenset[str] = frozenset()


@dataclass
class Wanted:
    """What a row says, read. A field that is empty, or for which there is no column, is None: it stays as it is."""

    email: str = ""
    name: str | None = None
    staff_number: str | None = None
    team: tuple[str, ...] | None = None
    manager: bool = False
    pathway: str | None = None
    start: date | None = None
    leaving: date | None = None
    certificate: Certificate | None = None


class NotOneError(ValueError):
    """What the row says belongs to two people; the message says to whom."""


class Book:
    """Everybody whom the course knows, by what a list can call them."""

    def __init__(self, known: Iterable[Somebody]) -> None:
        people = list(known)
        self._ids = {one.id: one for one in people}
        self._emails = {one.email: one for one in people}
        self._numbers = {one.staff_number: one for one in people if one.staff_number}
        self._former: dict[str, set[int]] = {}
        self._former_numbers: dict[str, set[int]] = {}
        for one in people:
            for email in one.former:
                self._former.setdefault(email, set()).add(self.now(one).id)
            for number in one.former_numbers:
                self._former_numbers.setdefault(number, set()).add(self.now(one).id)

    def now(self, one: Somebody) -> Somebody:
        """The entry that counts for somebody today."""
        passed = {one.id}
        # An entry that is here again is nobody else's.
        while one.left is not None and one.merged in self._ids and one.merged not in passed:
            one = self._ids[one.merged]
            passed.add(one.id)
        return one

    def by_email(self, email: str) -> Somebody | None:
        return self._emails.get(email)

    def by_number(self, number: str | None) -> Somebody | None:
        return self._numbers.get(number) if number is not None else None

    def by_former_number(self, number: str | None) -> Somebody | None:
        """The one person who had this number before, if nobody has it now."""
        ids = set() if number is None or number in self._numbers else self._former_numbers.get(number, set())
        return self._ids[min(ids)] if len(ids) == 1 else None

    def by_former(self, email: str) -> Somebody | None:
        """The one person who had this address before; None if there were several."""
        ids = self._former.get(email, set())
        return self._ids[min(ids)] if len(ids) == 1 else None


@dataclass(frozen=True)
class Found:
    """Whom a row is about (None for somebody new), and what it wants. Where it calls them by something that is not
    theirs any more, `aside` says so in words, and that is not wanted."""

    person: Somebody | None
    wanted: Wanted
    aside: str = ""


def find(wanted: Wanted, book: Book) -> Found:
    """By staff number, else by address, else by an earlier address. Raises NotOneError where they contradict each
    other."""
    old = book.by_former_number(wanted.staff_number)
    named = (book.by_number(wanted.staff_number), book.by_email(wanted.email), old)
    entries = [one for one in named if one is not None]
    people = list({book.now(one).id: book.now(one) for one in entries}.values())
    if len(people) == 2:
        first, second = people
        if old is not None:
            first, second = second, first
        raise NotOneError(
            f"The staff number belongs to {first.name} ({first.email}), but the address to {second.name}."
        )
    if not people:
        return _by_former(wanted, book)
    (person,) = people
    others = [one for one in entries if one.id != person.id]
    known = old is not None or book.by_number(wanted.staff_number) is not None
    if wanted.staff_number and person.staff_number and not known:
        raise NotOneError(f"This address belongs to staff number {person.staff_number}, {person.name}.")
    if others or old is not None:
        return _merged(wanted, person, others)
    if wanted.email != person.email and book.by_former(wanted.email) is person:
        return Found(person, replace(wanted, email=person.email), _earlier(wanted.email, person))
    return Found(person, wanted)


def _merged(wanted: Wanted, person: Somebody, others: list[Somebody]) -> Found:
    """A row that names somebody by another entry, or by a number that they gave up: what they are called stays."""
    words = f"An entry that this row names was merged with that of {person.name} ({person.email})."
    names = {one.name.casefold() for one in (person, *others)}
    if others and wanted.name is not None and wanted.name.casefold() not in names:
        raise NotOneError(f"{words} But the name is another one. Correct the list, or add them on the page of people.")
    return Found(person, replace(wanted, email=person.email, name=None, staff_number=None), words)


def _earlier(email: str, person: Somebody) -> str:
    return f"{email} is an earlier address of {person.name}, whose address stays {person.email}."


def _by_former(wanted: Wanted, book: Book) -> Found:
    """Whoever had the address before, if nothing says that somebody else has it now."""
    person = book.by_former(wanted.email)
    if person is None or (wanted.staff_number and person.staff_number):
        return Found(None, wanted)
    if wanted.name is None or wanted.name.casefold() != person.name.casefold():
        return Found(None, wanted)
    return Found(person, replace(wanted, email=person.email), _earlier(wanted.email, person))
