"""Whom a row of a list is about: by what stands there now, by what stood there before, and by entries that were merged.

A list never turns one person into another. One identifier alone decides nothing that the name and the other one speak
against; where it is likely but not certain that two are one person, somebody is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date

from course.people.rules import is_undeliverable
from course.people_import.rules.name_matching import name_likeness, name_words
from course.people_import.rules.values import number_key


@dataclass(frozen=True)
class ImportCertificate:
    """An earlier certificate, as the list says it."""

    day: date
    valid_until: date | None
    issuer: str


@dataclass(frozen=True)
class KnownPerson:
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
class RowData:
    """What one row, or several about one person, say. What is empty, or for which there is no column, is None: it stays
    as it is. `teams` and `managed` are paths of names; `remarks` say what was left out."""

    email: str = ""
    name: str | None = None
    staff_number: str | None = None
    teams: tuple[tuple[str, ...], ...] = ()
    managed: tuple[tuple[str, ...], ...] = ()
    manager: bool = False
    pathway: str | None = None
    start: date | None = None
    leaving: date | None = None
    certificates: tuple[ImportCertificate, ...] = ()
    remarks: tuple[str, ...] = field(default=(), compare=False)

    @property
    def team(self) -> tuple[str, ...] | None:
        """The only team, or the first of several."""
        return self.teams[0] if self.teams else None

    @property
    def certificate(self) -> ImportCertificate | None:
        return self.certificates[0] if self.certificates else None


class AmbiguousPersonError(ValueError):
    """What the row says belongs to two people; the message says to whom."""


@dataclass(frozen=True)
class ImportQuestion:
    """What somebody has to decide before a row is applied: a kind (rules/questions.py), the person whom it may be about,
    and the question in words."""

    kind: str
    words: str
    person: int | None = None


# What was decided about a question of that kind, about that person: same, other, or nothing yet.
DecisionLookup = Callable[[str, int | None], str | None]


def no_decision(_kind: str, _person: int | None) -> str | None:
    """Nothing was decided yet."""
    return None


class PeopleDirectory:
    """Everybody whom the course knows, by what a list can call them."""

    def __init__(self, known: Iterable[KnownPerson]) -> None:
        people = list(known)
        self._ids = {one.id: one for one in people}
        self._emails = {one.email: one for one in people}
        self._numbers = {one.staff_number: one for one in people if one.staff_number}
        self._former: dict[str, set[int]] = {}
        self._former_numbers: dict[str, set[int]] = {}
        self._names: dict[frozenset[str], set[int]] = {}
        self._keys: dict[str, set[int]] = {}
        for one in people:
            today = self.now(one).id
            for email in one.former:
                self._former.setdefault(email, set()).add(today)
            for number in one.former_numbers:
                self._former_numbers.setdefault(number, set()).add(today)
            if self.now(one) is one and not is_undeliverable(one.email):
                self._names.setdefault(name_words(one.name), set()).add(one.id)
            if one.staff_number:
                self._keys.setdefault(number_key(one.staff_number), set()).add(today)

    def now(self, one: KnownPerson) -> KnownPerson:
        """The entry that counts for somebody today."""
        passed = {one.id}
        # An entry that is here again is nobody else's.
        while one.left is not None and one.merged in self._ids and one.merged not in passed:
            one = self._ids[one.merged]
            passed.add(one.id)
        return one

    def by_email(self, email: str) -> KnownPerson | None:
        return self._emails.get(email)

    def by_number(self, number: str | None) -> KnownPerson | None:
        return self._numbers.get(number) if number is not None else None

    def by_name(self, name: str | None) -> list[KnownPerson]:
        """Everybody of that name, whatever its accents, case and order."""
        return [self._ids[one] for one in sorted(self._names.get(name_words(name or ""), ()))] if name else []

    def by_number_key(self, number: str | None) -> list[KnownPerson]:
        """Everybody whose staff number a spreadsheet could have made this one of."""
        return [self._ids[one] for one in sorted(self._keys.get(number_key(number), ()))] if number else []

    def by_former(self, email: str) -> KnownPerson | None:
        """The one person who had this address before; None if there were several."""
        return self._one(self._former.get(email, set()))

    def by_former_number(self, number: str | None) -> KnownPerson | None:
        """The one person who had this staff number before."""
        return self._one(self._former_numbers.get(number or "", set()))

    def had(self, one: KnownPerson, email: str) -> bool:
        """Whether somebody had this address before, and nobody has it now."""
        return email not in self._emails and one.id in self._former.get(email, ())

    def had_number(self, one: KnownPerson, number: str | None) -> bool:
        """Whether somebody had this staff number before, and nobody has it now."""
        return number is not None and number not in self._numbers and one.id in self._former_numbers.get(number, ())

    def _one(self, ids: Collection[int]) -> KnownPerson | None:
        return self._ids[min(ids)] if len(ids) == 1 else None


@dataclass(frozen=True)
class RowMatch:
    """Whom a row is about (None for somebody new), and what it wants. Where it calls them by something that is not
    theirs any more, `aside` says so in words, and that is not wanted. `question` has to be decided first."""

    person: KnownPerson | None
    wanted: RowData
    aside: str = ""
    question: ImportQuestion | None = None


def match_row(wanted: RowData, book: PeopleDirectory, decided: DecisionLookup = no_decision) -> RowMatch:
    """By staff number and address; else, where the name is the same, by a number or an address that somebody had before;
    else perhaps by the name. Raises NotOneError where they contradict each other."""
    entries = [one for one in (book.by_number(wanted.staff_number), book.by_email(wanted.email)) if one is not None]
    people = list({book.now(one).id: book.now(one) for one in entries}.values())
    if len(people) == 2:
        first, second = people
        raise AmbiguousPersonError(
            f"The staff number belongs to {first.name} ({first.email}), but the address to {second.name}."
        )
    if not people:
        before = _match_former(wanted, book)
        return before if before.person is not None else _possible_match(wanted, book, decided)
    (person,) = people
    others = [one for one in entries if one.id != person.id]
    if wanted.staff_number and book.by_number(wanted.staff_number) is None:
        found = _match_new_number(wanted, person, book, decided, bool(others))
        if found is not None:
            return found
    if others:
        return _match_merged(wanted, person, others)
    return _match_existing(_keep_corrections(wanted, person, book), wanted, person, book, decided)


def _match_existing(
    found: RowMatch, said: RowData, person: KnownPerson, book: PeopleDirectory, decided: DecisionLookup
) -> RowMatch:
    """A row whose number or address is that of one person: it is about them if nothing else speaks against it."""
    by_number = book.by_number(said.staff_number) is not None or book.had_number(person, said.staff_number)
    by_address = said.email == person.email or book.had(person, said.email)
    alike = name_likeness(said.name, person.name)
    number = said.staff_number
    if not by_address and alike == "other":
        raise AmbiguousPersonError(
            f"The staff number {number} is that of {person.name} ({person.email}), and neither the name nor the address "
            "in this row is theirs. If it is no number of one person, leave the cell empty."
        )
    weak = number is not None and not any(sign.isdigit() for sign in number)
    if by_address and (alike not in ("family", "other") or (by_number and alike == "family")):
        return found
    if not by_address and alike in ("unsaid", "same") and not weak:
        return found
    others = not by_address and alike in ("like", "family")
    called = "staff number and address" if by_number and by_address else "address" if by_address else "staff number"
    question = ImportQuestion(
        "address" if alike in ("same", "unsaid") else "name",
        f"The {called} {'are' if ' and ' in called else 'is'} that of {person.name} ({person.email}), but the "
        f"{'name' if by_address else 'name and the address' if others else 'address'} in this row "
        f"{'are others' if others else 'is another one'}. Is it the same person?",
        person.id,
    )
    answer = decided(question.kind, person.id)
    if answer == "other":
        raise AmbiguousPersonError(f"It is not {person.name}, but has their {called}. Give one of the two another one.")
    return found if answer == "same" else replace(found, question=question)


def _match_new_number(
    wanted: RowData, person: KnownPerson, book: PeopleDirectory, decided: DecisionLookup, merged: bool
) -> RowMatch | None:
    """What becomes of a row with a staff number that nobody has now, and the address of this person; None if nothing
    speaks against it. Raises NotOneError if it is about somebody else."""
    alike = name_likeness(wanted.name, person.name)
    before = book.by_former_number(wanted.staff_number)
    if book.had_number(person, wanted.staff_number):
        return None
    old, new = person.staff_number, wanted.staff_number or ""
    if old:
        if merged or alike not in ("same", "like"):
            raise AmbiguousPersonError(f"This address belongs to staff number {old}, {person.name}.")
        if before is not None:
            raise AmbiguousPersonError(
                f"The staff number was that of {before.name} ({before.email}), and this is {person.name}."
            )
        return _match_changed_number(wanted, person, old, new, decided)
    if before is not None and alike != "same":
        raise AmbiguousPersonError(
            f"The staff number was that of {before.name} ({before.email}), but the address is that of {person.name}."
        )
    if person.left is not None and alike not in ("same", "unsaid"):
        raise AmbiguousPersonError(
            f"This is the address of {person.name}, who has left; the name and the staff number are others. If it is "
            "the same person, correct their entry first. If not, give that entry another address."
        )
    return None


def _match_changed_number(
    wanted: RowData, person: KnownPerson, old: str, new: str, decided: DecisionLookup
) -> RowMatch:
    """Somebody whose name and address agree, but whose number is another one: a spreadsheet has taken its zeros away, or
    they were given a new one."""
    kept = wanted
    if number_key(old) == number_key(new):
        kind, kept = "zeros", replace(wanted, staff_number=max(old, new, key=len) if len(old) != len(new) else old)
        words = f"{person.name} has the staff number {old}; {new} may be the same, as a spreadsheet changes numbers."
    else:
        kind, words = "number", f"{person.name} has the staff number {old}; the list says {new}."
    answer = decided(kind, person.id)
    if answer == "other":
        raise AmbiguousPersonError(f"It is not {person.name}, but has their address. Give one of the two another one.")
    return RowMatch(person, kept, question=None if answer == "same" else ImportQuestion(kind, words, person.id))


def _possible_match(wanted: RowData, book: PeopleDirectory, decided: DecisionLookup) -> RowMatch:
    """Somebody who seems new: perhaps it is a person whose number was damaged, or who has another address now."""
    for person in book.by_number_key(wanted.staff_number):
        if name_likeness(wanted.name, person.name) in ("same", "like", "family"):
            number = max(person.staff_number or "", wanted.staff_number or "", key=len)
            words = (
                f"This may be {person.name} ({person.email}, staff number {person.staff_number}): a spreadsheet changes "
                f"numbers, such as by taking zeros away. The address is another one."
            )
            found = _match_with_question(
                ImportQuestion("zeros", words, person.id), replace(wanted, staff_number=number), person, decided
            )
            if found is not None:
                return found
    named = [
        one for one in book.by_name(wanted.name)
        if not (one.staff_number and wanted.staff_number) or book.had_number(one, wanted.staff_number)
    ]  # fmt: skip
    if len(named) == 1:
        (person,) = named
        gone = ", who has left" if person.left is not None else ""
        words = f"This may be {person.name} ({person.email}{gone}), with a new address."
        found = _match_with_question(ImportQuestion("address", words, person.id), wanted, person, decided)
        if found is not None:
            return found
    return RowMatch(None, wanted)


def _match_with_question(
    question: ImportQuestion, wanted: RowData, person: KnownPerson, decided: DecisionLookup
) -> RowMatch | None:
    """The row about that person once that is decided, or with the question; None if it is somebody else."""
    answer = decided(question.kind, question.person)
    if answer == "other":
        return None
    return RowMatch(person, wanted, question=None if answer == "same" else question)


def _match_merged(wanted: RowData, person: KnownPerson, others: list[KnownPerson]) -> RowMatch:
    """A row that names somebody by another entry: what they are called, and whether they are here, stays."""
    words = f"An entry that this row names was merged with that of {person.name} ({person.email})."
    if wanted.name is not None and all(name_likeness(wanted.name, one.name) != "same" for one in (person, *others)):
        raise AmbiguousPersonError(
            f"{words} But the name is another one. Correct the list, or add them on the page of people."
        )
    if wanted.leaving is not None:
        words += " Its last day may be that of the other entry: if they have left, record it on their page."
    kept = replace(wanted, email=person.email, name=None, staff_number=None, start=None, leaving=None)
    return RowMatch(person, kept, words)


def _keep_corrections(wanted: RowData, person: KnownPerson, book: PeopleDirectory) -> RowMatch:
    """A row in which somebody has a number or an address that was corrected here: it changes neither back."""
    notes = []
    if wanted.email != person.email and book.had(person, wanted.email):
        notes.append(f"{wanted.email} is an earlier address of {person.name}, whose address stays {person.email}.")
        wanted = replace(wanted, email=person.email)
    if wanted.staff_number != person.staff_number and book.had_number(person, wanted.staff_number):
        stays = f"whose number stays {person.staff_number}" if person.staff_number else "who has none now"
        notes.append(f"{wanted.staff_number} is an earlier staff number of {person.name}, {stays}.")
        wanted = replace(wanted, staff_number=person.staff_number)
    return RowMatch(person, wanted, " ".join(notes))


def _match_former(wanted: RowData, book: PeopleDirectory) -> RowMatch:
    """Whoever had the number or the address before, if nothing says that it is somebody else."""
    number, email = book.by_former_number(wanted.staff_number), book.by_former(wanted.email)
    person = number or email
    if person is None or (number and email and number.id != email.id):
        return RowMatch(None, wanted)
    if name_likeness(wanted.name, person.name) != "same":
        return RowMatch(None, wanted)
    if number is None and wanted.staff_number and person.staff_number:
        return RowMatch(None, wanted)
    if number is not None and email is None:
        # What is new about the address is told by the number alone, which they have given up.
        words = (
            f"{wanted.staff_number} is an earlier staff number of {person.name}, whose address stays {person.email}."
        )
        return RowMatch(person, replace(wanted, email=person.email, staff_number=person.staff_number), words)
    return _keep_corrections(wanted, person, book)
