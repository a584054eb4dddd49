"""Whom a row of a list is about: by what stands there now, by what stood there before, and by entries that were merged."""

from __future__ import annotations

from collections.abc import Collection, Iterable
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

    def by_former(self, email: str) -> Somebody | None:
        """The one person who had this address before; None if there were several."""
        return self._one(self._former.get(email, set()))

    def by_former_number(self, number: str | None) -> Somebody | None:
        """The one person who had this staff number before."""
        return self._one(self._former_numbers.get(number or "", set()))

    def had(self, one: Somebody, email: str) -> bool:
        """Whether somebody had this address before, and nobody has it now."""
        return email not in self._emails and one.id in self._former.get(email, ())

    def had_number(self, one: Somebody, number: str | None) -> bool:
        """Whether somebody had this staff number before, and nobody has it now."""
        return number is not None and number not in self._numbers and one.id in self._former_numbers.get(number, ())

    def _one(self, ids: Collection[int]) -> Somebody | None:
        return self._ids[min(ids)] if len(ids) == 1 else None


@dataclass(frozen=True)
class Found:
    """Whom a row is about (None for somebody new), and what it wants. Where it calls them by something that is not
    theirs any more, `aside` says so in words, and that is not wanted."""

    person: Somebody | None
    wanted: Wanted
    aside: str = ""


def find(wanted: Wanted, book: Book) -> Found:
    """By staff number, else by address; else, where the name is the same, by a number or an address that somebody had
    before. Raises NotOneError where they contradict each other."""
    entries = [one for one in (book.by_number(wanted.staff_number), book.by_email(wanted.email)) if one is not None]
    people = list({book.now(one).id: book.now(one) for one in entries}.values())
    if len(people) == 2:
        first, second = people
        raise NotOneError(
            f"The staff number belongs to {first.name} ({first.email}), but the address to {second.name}."
        )
    if not people:
        return _by_former(wanted, book)
    (person,) = people
    if wanted.staff_number and book.by_number(wanted.staff_number) is None:
        _new_number(wanted, person, book)
    others = [one for one in entries if one.id != person.id]
    return _merged(wanted, person, others) if others else _as_decided(wanted, person, book)


def _new_number(wanted: Wanted, person: Somebody, book: Book) -> None:
    """Raises NotOneError if the row, with a staff number that nobody has now, may be about somebody else than this
    person, whose address it gives."""
    same_name = wanted.name is not None and wanted.name.casefold() == person.name.casefold()
    before = book.by_former_number(wanted.staff_number)
    if book.had_number(person, wanted.staff_number):
        return
    if person.staff_number:
        raise NotOneError(f"This address belongs to staff number {person.staff_number}, {person.name}.")
    if before is not None and not same_name:
        raise NotOneError(
            f"The staff number was that of {before.name} ({before.email}), but the address is that of {person.name}."
        )
    if person.left is not None and wanted.name is not None and not same_name:
        raise NotOneError(
            f"This is the address of {person.name}, who has left; the name and the staff number are others. If it is "
            "the same person, correct their entry first. If not, give that entry another address."
        )


def _merged(wanted: Wanted, person: Somebody, others: list[Somebody]) -> Found:
    """A row that names somebody by another entry: what they are called, and whether they are here, stays."""
    words = f"An entry that this row names was merged with that of {person.name} ({person.email})."
    names = {one.name.casefold() for one in (person, *others)}
    if wanted.name is not None and wanted.name.casefold() not in names:
        raise NotOneError(f"{words} But the name is another one. Correct the list, or add them on the page of people.")
    if wanted.leaving is not None:
        words += " Its last day may be that of the other entry: if they have left, record it on their page."
    kept = replace(wanted, email=person.email, name=None, staff_number=None, start=None, leaving=None)
    return Found(person, kept, words)


def _as_decided(wanted: Wanted, person: Somebody, book: Book) -> Found:
    """A row in which somebody has a number or an address that was corrected here: it changes neither back."""
    notes = []
    if wanted.email != person.email and book.had(person, wanted.email):
        notes.append(f"{wanted.email} is an earlier address of {person.name}, whose address stays {person.email}.")
        wanted = replace(wanted, email=person.email)
    if wanted.staff_number != person.staff_number and book.had_number(person, wanted.staff_number):
        stays = f"whose number stays {person.staff_number}" if person.staff_number else "who has none now"
        notes.append(f"{wanted.staff_number} is an earlier staff number of {person.name}, {stays}.")
        wanted = replace(wanted, staff_number=person.staff_number)
    return Found(person, wanted, " ".join(notes))


def _by_former(wanted: Wanted, book: Book) -> Found:
    """Whoever had the number or the address before, if nothing says that it is somebody else."""
    number, email = book.by_former_number(wanted.staff_number), book.by_former(wanted.email)
    person = number or email
    if person is None or (number and email and number.id != email.id):
        return Found(None, wanted)
    if wanted.name is None or wanted.name.casefold() != person.name.casefold():
        return Found(None, wanted)
    if number is None and wanted.staff_number and person.staff_number:
        return Found(None, wanted)
    if number is not None and email is None:
        # What is new about the address is told by the number alone, which they have given up.
        words = (
            f"{wanted.staff_number} is an earlier staff number of {person.name}, whose address stays {person.email}."
        )
        return Found(person, replace(wanted, email=person.email, staff_number=person.staff_number), words)
    return _as_decided(wanted, person, book)
