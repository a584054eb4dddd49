"""Matching a row of a list with a known person: by present identifiers, by former identifiers, and by merged entries.

A list never turns one person into another. One identifier alone does not decide if the name and the other identifier
contradict it. If it is likely but not certain that two entries are one person, an administrator is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date

from course.people.rules import is_undeliverable, sign_in_key
from course.people.rules.ownership import OwnedFields
from course.people_import.rules import match_messages as messages
from course.people_import.rules.name_matching import name_likeness, name_words
from course.people_import.rules.values import number_key, truer_number
from course.translation import lazy_join


@dataclass(frozen=True)
class ImportCertificate:
    """An earlier certificate in the list."""

    day: date
    valid_until: date | None
    issuer: str


@dataclass(frozen=True)
class KnownPerson:
    """A person whom the course knows, employed since `start`. `email` is empty for a person without an address. `left` is the
    last day; `certificates` are the dates of the certificates that earlier lists brought; `former` and `former_numbers` are
    the former addresses and staff numbers. `merged` is the id of the entry into which this entry was merged; `last_day`
    is one that is recorded beforehand. `owned` is what another system owns."""

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
    auditor: bool = False
    sign_in_name: str | None = None
    last_day: date | None = None
    job_role: str | None = None
    owned: OwnedFields = field(default_factory=OwnedFields)

    @property
    def label(self) -> str:
        """What tells this person from others of the same name: address, sign-in name or staff number."""
        return self.email or self.sign_in_name or self.staff_number or "–"


@dataclass
class RowData:
    """The values of one row, or of several rows about one person. `email` is empty if there is no address. A value whose cell
    is empty or whose column is missing is None, and changes nothing. `teams` and `managed` are paths of names; `has_left` is
    said by a list that gives no last day (see rules/leaver_flags.py); `remarks` describe what was left out."""

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
    sign_in_name: str | None = None
    job_role: str | None = None
    has_left: bool = False
    remarks: tuple[str, ...] = field(default=(), compare=False)

    @property
    def sign_in_key(self) -> str:
        """The key of the name with which a new person of this row would sign in; empty for somebody who has an address and
        no such name."""
        return sign_in_key(self.sign_in_name or ("" if self.email else self.staff_number) or "")

    @property
    def team(self) -> tuple[str, ...] | None:
        """The only team, or the first of several."""
        return self.teams[0] if self.teams else None

    @property
    def certificate(self) -> ImportCertificate | None:
        return self.certificates[0] if self.certificates else None


class AmbiguousPersonError(ValueError):
    """The identifiers of the row belong to two people; the message names both."""


@dataclass(frozen=True)
class ImportQuestion:
    """A question that an administrator has to decide before a row is applied: its kind (rules/questions.py), its text, and the
    person whom the row may be about."""

    kind: str
    words: str
    person: int | None = None


# The decision about a question of a kind and about a person: same, other, or None as long as nothing is decided.
DecisionLookup = Callable[[str, int | None], str | None]


def no_decision(_kind: str, _person: int | None) -> str | None:
    """The lookup without any decision."""
    return None


class PeopleDirectory:
    """All known people, indexed by the identifiers and names that a list can hold."""

    def __init__(self, known: Iterable[KnownPerson]) -> None:
        people = list(known)
        self._ids = {one.id: one for one in people}
        self._emails = {one.email: one for one in people if one.email}
        self._logins = {sign_in_key(one.sign_in_name): one for one in people if one.sign_in_name}
        self._numbers = {one.staff_number: one for one in people if one.staff_number}
        self._former: dict[str, set[int]] = {}
        self._former_numbers: dict[str, set[int]] = {}
        self._names: dict[frozenset[str], set[int]] = {}
        self._keys: dict[str, set[int]] = {}
        for one in people:
            today = self.current_entry(one).id
            for email in one.former:
                self._former.setdefault(email, set()).add(today)
            for number in one.former_numbers:
                self._former_numbers.setdefault(number, set()).add(today)
            if self.current_entry(one) is one and not (one.email and is_undeliverable(one.email)):
                self._names.setdefault(name_words(one.name), set()).add(one.id)
            if one.staff_number:
                self._keys.setdefault(number_key(one.staff_number), set()).add(today)

    def current_entry(self, one: KnownPerson) -> KnownPerson:
        """The entry into which this one was merged, or this one itself."""
        passed = {one.id}
        # The person of a merged entry may have come back under it; then it is an entry of its own again.
        while one.left is not None and one.merged in self._ids and one.merged not in passed:
            one = self._ids[one.merged]
            passed.add(one.id)
        return one

    def by_email(self, email: str) -> KnownPerson | None:
        return self._emails.get(email)

    def by_login(self, key: str) -> KnownPerson | None:
        """The person whose sign-in name has this key (people.rules.sign_in_key)."""
        return self._logins.get(key)

    def by_number(self, number: str | None) -> KnownPerson | None:
        return self._numbers.get(number) if number is not None else None

    def by_name(self, name: str | None) -> list[KnownPerson]:
        """All people with that name, without regard to accents, case and the order of its words."""
        return [self._ids[one] for one in sorted(self._names.get(name_words(name or ""), ()))] if name else []

    def by_number_key(self, number: str | None) -> list[KnownPerson]:
        """All people whose staff number a spreadsheet may have changed into this one."""
        return [self._ids[one] for one in sorted(self._keys.get(number_key(number), ()))] if number else []

    def by_former(self, email: str) -> KnownPerson | None:
        """The person who had this address before; None if there is none, or more than one."""
        return self._one(self._former.get(email, set()))

    def by_former_number(self, number: str | None) -> KnownPerson | None:
        """The person who had this staff number before; None if there is none, or more than one."""
        return self._one(self._former_numbers.get(number or "", set()))

    def had_email_before(self, one: KnownPerson, email: str) -> bool:
        """Whether this person had this address before, and nobody has it now."""
        return email not in self._emails and one.id in self._former.get(email, ())

    def had_number_before(self, one: KnownPerson, number: str | None) -> bool:
        """Whether this person had this staff number before, and nobody has it now."""
        return number is not None and number not in self._numbers and one.id in self._former_numbers.get(number, ())

    def _one(self, ids: Collection[int]) -> KnownPerson | None:
        return self._ids[min(ids)] if len(ids) == 1 else None


@dataclass(frozen=True)
class RowMatch:
    """The person whom a row is about (None: a new person), and the values to apply. If the row has a former identifier of the
    person, `note` says so, and the identifier is left out of `row_data`. `question` has to be decided first."""

    person: KnownPerson | None
    row_data: RowData
    note: str = ""
    question: ImportQuestion | None = None


def match_row(row_data: RowData, directory: PeopleDirectory, decision_for: DecisionLookup = no_decision) -> RowMatch:
    """Match by staff number and address; else, if the name is the same, by a former staff number or address; else ask about a
    person of that name. Raises AmbiguousPersonError if the identifiers contradict each other."""
    entries = [
        one
        for one in (directory.by_number(row_data.staff_number), directory.by_email(row_data.email))
        if one is not None
    ]
    people = list({directory.current_entry(one).id: directory.current_entry(one) for one in entries}.values())
    if len(people) == 2:
        first, second = people
        raise AmbiguousPersonError(messages.belongs_to_two(first, second))
    login = directory.by_login(row_data.sign_in_key)
    if login is not None and directory.current_entry(login).id not in {one.id for one in people}:
        return _match_by_login(row_data, directory.current_entry(login), bool(people))
    if not people:
        before = _match_former(row_data, directory)
        return before if before.person is not None else _possible_match(row_data, directory, decision_for)
    (person,) = people
    others = [one for one in entries if one.id != person.id]
    if row_data.staff_number and directory.by_number(row_data.staff_number) is None:
        found = _match_new_number(row_data, person, directory, decision_for, bool(others))
        if found is not None:
            return found
    if others:
        return _match_merged(row_data, person, others)
    return _match_existing(_keep_corrections(row_data, person, directory), row_data, person, directory, decision_for)


def _match_by_login(row_data: RowData, person: KnownPerson, has_other: bool) -> RowMatch:
    """Match a row whose sign-in name, and nothing else, is that of this person. Raises AmbiguousPersonError if another person
    has the address or the staff number, or the name is another one."""
    number = row_data.staff_number
    other_number = bool(number and person.staff_number and number != person.staff_number)
    if has_other or other_number or name_likeness(row_data.name, person.name) not in ("same", "unsaid"):
        raise AmbiguousPersonError(messages.login_of_other(person))
    return RowMatch(person, row_data)


def _match_existing(
    found: RowMatch, original: RowData, person: KnownPerson, directory: PeopleDirectory, decision_for: DecisionLookup
) -> RowMatch:
    """Match a row whose staff number or address is that of one person, unless the other values contradict it. `original` are
    the values before former identifiers were left out."""
    by_number = directory.by_number(original.staff_number) is not None or directory.had_number_before(
        person, original.staff_number
    )
    by_address = (original.email != "" and original.email == person.email) or directory.had_email_before(
        person, original.email
    )
    alike = name_likeness(original.name, person.name)
    number = original.staff_number
    if not by_address and alike == "other":
        raise AmbiguousPersonError(messages.only_number_agrees(person, number, bool(original.email)))
    weak = number is not None and not any(sign.isdigit() for sign in number)
    if by_address and (alike not in ("family", "other") or (by_number and alike == "family")):
        return found
    if not by_address and alike in ("unsaid", "same") and not weak:
        return found
    words = (
        messages.number_question(person)
        if not original.email
        else messages.identity_question(person, by_number, by_address, alike in ("like", "family"))
    )
    question = ImportQuestion("address" if alike in ("same", "unsaid") else "name", words, person.id)
    answer = decision_for(question.kind, person.id)
    if answer == "other":
        raise AmbiguousPersonError(messages.is_another_person(person, by_number, by_address))
    return found if answer == "same" else replace(found, question=question)


def _match_new_number(
    row_data: RowData, person: KnownPerson, directory: PeopleDirectory, decision_for: DecisionLookup, merged: bool
) -> RowMatch | None:
    """Match a row with the address of this person and a staff number that nobody has now; None if nothing contradicts the
    match. Raises AmbiguousPersonError if the row is about another person."""
    alike = name_likeness(row_data.name, person.name)
    before = directory.by_former_number(row_data.staff_number)
    if directory.had_number_before(person, row_data.staff_number):
        return None
    old, new = person.staff_number, row_data.staff_number or ""
    if old:
        if merged or alike not in ("same", "like"):
            raise AmbiguousPersonError(messages.address_of_other_number(person))
        if before is not None:
            raise AmbiguousPersonError(messages.number_was_of(before, person))
        return _match_changed_number(row_data, person, old, new, decision_for)
    if before is not None and alike != "same":
        raise AmbiguousPersonError(messages.number_was_of_but_address(before, person))
    if person.left is not None and alike not in ("same", "unsaid"):
        raise AmbiguousPersonError(messages.address_of_former(person))
    return None


def _match_changed_number(
    row_data: RowData, person: KnownPerson, old: str, new: str, decision_for: DecisionLookup
) -> RowMatch:
    """Match a row with the name and address of a person but another staff number: a spreadsheet has removed leading zeros, or
    the person was given a new number."""
    kept = row_data
    if number_key(old) == number_key(new):
        kind, kept = "zeros", replace(row_data, staff_number=truer_number(old, new))
        words = messages.number_may_be_changed(person, new)
    else:
        kind, words = "number", messages.number_is_new(person, new)
    answer = decision_for(kind, person.id)
    if answer == "other":
        raise AmbiguousPersonError(messages.is_another_person(person, by_number=False, by_address=True))
    return RowMatch(person, kept, question=None if answer == "same" else ImportQuestion(kind, words, person.id))


def _possible_match(row_data: RowData, directory: PeopleDirectory, decision_for: DecisionLookup) -> RowMatch:
    """Match a row that seems to be about a new person: it may be a known person with a damaged staff number or a new address."""
    for person in directory.by_number_key(row_data.staff_number):
        if name_likeness(row_data.name, person.name) in ("same", "like", "family"):
            number = truer_number(person.staff_number or "", row_data.staff_number or "")
            question = ImportQuestion("zeros", messages.may_be_by_number(person), person.id)
            found = _match_with_question(question, replace(row_data, staff_number=number), person, decision_for)
            if found is not None:
                return found
    named = [
        one for one in directory.by_name(row_data.name)
        if not (one.staff_number and row_data.staff_number) or directory.had_number_before(one, row_data.staff_number)
    ]  # fmt: skip
    if len(named) == 1:
        (person,) = named
        question = ImportQuestion("address", messages.may_be_by_name(person, bool(row_data.email)), person.id)
        found = _match_with_question(question, row_data, person, decision_for)
        if found is not None:
            return found
    return RowMatch(None, row_data)


def _match_with_question(
    question: ImportQuestion, row_data: RowData, person: KnownPerson, decision_for: DecisionLookup
) -> RowMatch | None:
    """The match with that person, with the question until it is decided; None if the decision is that it is another person."""
    answer = decision_for(question.kind, question.person)
    if answer == "other":
        return None
    return RowMatch(person, row_data, question=None if answer == "same" else question)


def _match_merged(row_data: RowData, person: KnownPerson, others: list[KnownPerson]) -> RowMatch:
    """Match a row with a merged entry: name, identifiers and employment of the person stay as they are."""
    words = messages.merged_entry(person)
    if row_data.name is not None and all(name_likeness(row_data.name, one.name) != "same" for one in (person, *others)):
        raise AmbiguousPersonError(lazy_join([words, messages.merged_entry_other_name()]))
    if row_data.leaving is not None or row_data.has_left:
        words = lazy_join([words, messages.merged_entry_leaves()])
    kept = replace(row_data, email=person.email, name=None, staff_number=None, start=None, leaving=None,
                   job_role=None, has_left=False)  # fmt: skip
    return RowMatch(person, kept, words)


def _keep_corrections(row_data: RowData, person: KnownPerson, directory: PeopleDirectory) -> RowMatch:
    """Leave out a staff number or an address that was corrected in the course: a list does not undo the correction."""
    notes = []
    if row_data.email and row_data.email != person.email and directory.had_email_before(person, row_data.email):
        notes.append(messages.former_address(row_data.email, person))
        row_data = replace(row_data, email=person.email)
    if row_data.staff_number != person.staff_number and directory.had_number_before(person, row_data.staff_number):
        notes.append(messages.former_number(row_data.staff_number, person))
        row_data = replace(row_data, staff_number=person.staff_number)
    return RowMatch(person, row_data, lazy_join(notes))


def _match_former(row_data: RowData, directory: PeopleDirectory) -> RowMatch:
    """Whoever had the number or the address before, if nothing says that it is somebody else."""
    number, email = directory.by_former_number(row_data.staff_number), directory.by_former(row_data.email)
    person = number or email
    if person is None or (number and email and number.id != email.id):
        return RowMatch(None, row_data)
    if name_likeness(row_data.name, person.name) != "same":
        return RowMatch(None, row_data)
    if number is None and row_data.staff_number and person.staff_number:
        return RowMatch(None, row_data)
    if number is not None and email is None:
        # What is new about the address is told by the number alone, which they have given up.
        words = messages.former_number_new_address(row_data.staff_number, person)
        return RowMatch(person, replace(row_data, email=person.email, staff_number=person.staff_number), words)
    return _keep_corrections(row_data, person, directory)
