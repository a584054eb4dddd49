"""What each row of a list would do, given who is there. Nothing is done here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

from email_validator import EmailNotValidError, validate_email

from course.content.shapes import SETTINGS
from course.dates import months_later
from course.imports.rules.days import NotADayError, read_day, read_end
from course.imports.rules.finding import Book, Certificate, Found, NotOneError, Somebody, Wanted, find
from course.imports.rules.places import Places, UnclearError
from course.people.rules import plain_email, tidy

Kind = Literal["added", "changed", "back", "left", "unchanged", "refused"]
KINDS: dict[Kind, str] = {
    "refused": "Refused",
    "added": "Added",
    "changed": "Changed",
    "back": "Comes back",
    "left": "Leaves",
    "unchanged": "Unchanged",
}
ROLES = {"": None, "learner": None, "staff": None, "employee": None, "manager": "manager"}
_PATHWAYS = {str(key).casefold(): str(key) for key in SETTINGS} | {
    words.casefold(): str(key) for key, words in SETTINGS.items()
}
_ISSUER = "An earlier training"
FIRST_CERTIFICATE = date(1990, 1, 1)


@dataclass(frozen=True)
class Line:
    """What one row would do: `deeds` names it for whoever does it, `notes` says it in words."""

    number: int
    kind: Kind
    who: str
    notes: tuple[str, ...] = ()
    deeds: frozenset[str] = frozenset()
    wanted: Wanted = field(default_factory=Wanted, compare=False)
    person: Somebody | None = None


@dataclass(frozen=True)
class Plan:
    """What a whole list would do: its rows, the teams to be added as paths, and who is not in it."""

    lines: tuple[Line, ...]
    new_teams: tuple[tuple[str, ...], ...]
    missing: tuple[Somebody, ...]

    def mark(self) -> str:
        """Stands for all of it: the same list does the same only as long as nothing else has changed."""
        said = repr(
            [(line.number, line.kind, line.who, line.notes, line.person and line.person.id) for line in self.lines]
        ) + repr(self.new_teams)
        return hashlib.sha256(said.encode()).hexdigest()


class _WrongError(ValueError):
    """Why a row is refused."""


def plan(
    rows: Sequence[tuple[int, Sequence[str]]],
    columns: Mapping[str, int],
    known: Sequence[Somebody],
    places: Places,
    today: date,
) -> Plan:
    """What the rows would do on `today`. `columns` gives the place of each field in a row."""
    book, lines = Book(known), []
    found: list[Line | _Row] = []
    refused: dict[int, int] = {}
    for number, cells in rows:
        row = {name: _cell(cells, index) for name, index in columns.items()}
        who = row.get("name") or " ".join(filter(None, (row.get("first_name"), row.get("last_name"))))
        who = f"{who} ({row['email']})" if row.get("email") and who else who or row.get("email") or "–"
        try:
            wanted = _read(row, today)
            found.append(_Row(number, who, wanted, find(wanted, book)))
        except (_WrongError, NotADayError, UnclearError, NotOneError) as error:
            found.append(Line(number, "refused", who, (str(error),)))
            named = book.by_email(plain_email(row["email"])), book.by_number(row.get("staff_number") or None)
            refused |= {book.now(one).id: number for one in named if one is not None}
    # Rows that name somebody as they are known now go first: another entry of theirs says nothing more then.
    told = {one.found.person.id: one for one in found
            if isinstance(one, _Row) and one.found.person is not None and not one.found.aside}  # fmt: skip
    seen: dict[object, int] = {}
    for one in found:
        if isinstance(one, _Row) and one.found.aside and (person := one.found.person) and person.id in refused:
            words = f"Line {refused[person.id]} is about them and is refused, so this one changes nothing."
            one = Line(one.number, "unchanged", one.who, (one.found.aside, words), person=person)
        lines.append(one if isinstance(one, Line) else _planned(one, told, seen, places, today))
    there = {line.person.id for line in lines if line.person is not None}
    said = {row_email for _, cells in rows if (row_email := plain_email(_cell(cells, columns["email"])))}
    missing = tuple(one for one in known if one.left is None and one.id not in there and one.email not in said)
    return Plan(tuple(lines), tuple(places.new), missing)


@dataclass(frozen=True)
class _Row:
    """A row that was read, and whom it is about."""

    number: int
    who: str
    wanted: Wanted
    found: Found


def _planned(row: _Row, told: dict[int, _Row], seen: dict[object, int], places: Places, today: date) -> Line:
    person, aside = row.found.person, row.found.aside
    if person is not None and aside:
        first = told.setdefault(person.id, row)
        if first is not row:
            numbers = {one.found.wanted.staff_number for one in (first, row)} - {None}
            if len(numbers) > 1:
                words = f"{aside} Line {first.number} is about them too, and gives another staff number."
                return Line(row.number, "refused", row.who, (words,))
            notes = (aside, f"Line {first.number} is about them, so this one changes nothing.")
            return Line(row.number, "unchanged", row.who, notes, person=person)
    try:
        _only_once(row.number, row.wanted, person, seen)
        line = _line(row.number, row.who, row.found.wanted, person, places, today)
    except (_WrongError, UnclearError) as error:
        return Line(row.number, "refused", row.who, (str(error),))
    return replace(line, notes=(aside, *line.notes)) if aside else line


def _cell(cells: Sequence[str], index: int) -> str:
    return tidy(cells[index]) if index < len(cells) else ""


def _read(row: Mapping[str, str], today: date) -> Wanted:
    """What a row says. Raises _WrongError or NotADayError with the first thing that is wrong."""
    wanted = Wanted(email=_email(row["email"]))
    first_and_last = " ".join(filter(None, (row.get("first_name"), row.get("last_name"))))
    wanted.name = row.get("name") or first_and_last or None
    if wanted.name and len(wanted.name) > 200:
        raise _WrongError("The name is longer than 200 characters.")
    wanted.staff_number = row.get("staff_number") or None
    if wanted.staff_number and len(wanted.staff_number) > 50:
        raise _WrongError("The staff number is longer than 50 characters.")
    if row.get("team"):
        wanted.team = tuple(filter(None, (part.strip() for part in row["team"].split(">"))))
        if not wanted.team or any(len(part) > 200 for part in wanted.team):
            raise _WrongError("The name of the team is empty, or longer than 200 characters.")
    wanted.manager = _manager(row.get("role", ""))
    if row.get("pathway"):
        wanted.pathway = _PATHWAYS.get(row["pathway"].casefold())
        if wanted.pathway is None:
            raise _WrongError(f"There is no pathway “{row['pathway']}”. There are: {', '.join(SETTINGS.values())}.")
    wanted.start = read_day(row.get("start", ""), "First day")
    wanted.leaving = read_end(row.get("leaving", ""), "Last day")
    if wanted.start and wanted.leaving and wanted.leaving < wanted.start:
        raise _WrongError("The last day is before the first one.")
    wanted.certificate = _certificate(row, today)
    return wanted


def _email(typed: str) -> str:
    if not typed:
        raise _WrongError("The e-mail address is missing.")
    if len(typed) > 254:
        raise _WrongError("The e-mail address is longer than 254 characters.")
    try:
        validate_email(typed, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        raise _WrongError(f"“{typed}” is not an e-mail address to which mail can be sent.") from None
    return plain_email(typed)


def _manager(typed: str) -> bool:
    words = typed.casefold()
    if words in ("administrator", "admin"):
        raise _WrongError(
            "A list makes nobody an administrator. Leave the role empty, and give it on the person’s page."
        )
    if words not in ROLES:
        raise _WrongError(f"There is no role “{typed}”: write learner or manager, or leave it empty.")
    return ROLES[words] == "manager"


def _certificate(row: Mapping[str, str], today: date) -> Certificate | None:
    day = read_day(row.get("completed", ""), "Earlier certificate")
    until = read_day(row.get("valid_until", ""), "Valid until")
    if day is None:
        if until is not None or row.get("issuer"):
            raise _WrongError("The earlier certificate has no day on which it was completed.")
        return None
    if day < FIRST_CERTIFICATE or (until is not None and until > months_later(today, 120)):
        raise _WrongError("The earlier certificate has a day before 1990, or one more than ten years from now.")
    if day > today:
        raise _WrongError("The earlier certificate was completed on a day that is still to come.")
    if until is not None and until < day:
        raise _WrongError("The earlier certificate ends before it was completed.")
    if len(row.get("issuer", "")) > 200:
        raise _WrongError("The issuer is longer than 200 characters.")
    return Certificate(day, until, row.get("issuer") or _ISSUER)


def _only_once(number: int, wanted: Wanted, person: Somebody | None, seen: dict[object, int]) -> None:
    keys: list[Any] = [("email", wanted.email)]
    if wanted.staff_number:
        keys.append(("number", wanted.staff_number))
    if person is not None:
        keys.append(("person", person.id))
    for key in keys:
        if key in seen:
            raise _WrongError(f"This is the same person as in line {seen[key]}. Each person stands in a list once.")
    seen.update(dict.fromkeys(keys, number))


def _line(number: int, who: str, wanted: Wanted, person: Somebody | None, places: Places, today: date) -> Line:
    """What the row would do, with the words for it. Raises _WrongError or UnclearError."""
    gone = wanted.leaving is not None and wanted.leaving <= today
    later = (f"The last day, {_words(wanted.leaving)}, is still to come. Nothing is done about it until then.",) if (
        wanted.leaving is not None and not gone
    ) else ()  # fmt: skip
    if person is None:
        if gone:
            return Line(number, "unchanged", who, ("Has left already, so is not added.",), wanted=wanted)
        return _new(number, who, wanted, places, later)
    if person.left is not None:
        if gone or (wanted.start is not None and wanted.start > today):
            return Line(number, "unchanged", who, (f"Left on {_words(person.left)}.",), wanted=wanted, person=person)
        if wanted.start is None or wanted.start <= person.left:
            raise _WrongError(
                f"{person.name} left on {_words(person.left)}. To bring them back by a list, "
                "their first day has to be after that; or open their page."
            )
    if gone:
        if person.administrator:
            raise _WrongError(f"{person.name} is an administrator. Take that role away on their page first.")
        if wanted.leaving is not None and wanted.leaving < person.start:
            raise _WrongError(f"The last day is before {_words(person.start)}, when {person.name} came.")
        # Where somebody would be who is not here any more does not matter; nor is a team added for them.
        deeds, notes = _changes(replace(wanted, team=None, manager=False, pathway=None), person, places)
        return Line(number, "left", who, (f"Last day: {_words(wanted.leaving)}.", *notes),
                    frozenset({"left", *deeds}), wanted, person)  # fmt: skip
    deeds, notes = _changes(wanted, person, places)
    if person.left is not None:
        return Line(number, "back", who, (f"Back from {_words(wanted.start)} on.", *notes, *later),
                    frozenset({"back", *deeds}), wanted, person)  # fmt: skip
    return Line(number, "changed" if deeds else "unchanged", who, (*notes, *later), frozenset(deeds), wanted, person)


def _new(number: int, who: str, wanted: Wanted, places: Places, later: tuple[str, ...]) -> Line:
    if wanted.name is None:
        raise _WrongError("The name is missing.")
    if wanted.manager and wanted.team is None:
        raise _WrongError("A manager needs a team.")
    notes = []
    if wanted.team is not None:
        place = places.find(wanted.team)
        notes.append(f"{'Manager of' if wanted.manager else 'Team'}: {places.words(place)}.")
    if wanted.pathway is not None:
        notes.append(f"Pathway: {_pathway(wanted.pathway)}.")
    if wanted.certificate is not None:
        notes.append(_certificate_words(wanted.certificate))
    return Line(number, "added", who, (*notes, *later), frozenset({"added"}), wanted)


def _changes(wanted: Wanted, person: Somebody, places: Places) -> tuple[set[str], list[str]]:
    """What the row would change about somebody whom the course knows."""
    deeds, notes = set(), []
    for what, label, new in (
        ("name", "Name", wanted.name), ("email", "Address", wanted.email),
        ("staff_number", "Staff number", wanted.staff_number),
    ):  # fmt: skip
        old = getattr(person, what)
        if new is not None and new != old:
            deeds.add("correct")
            notes.append(f"{label}: {old or 'none'} → {new}.")
    if wanted.team is not None:
        place = places.find(wanted.team)
        if not isinstance(place, int) or place not in person.teams:
            deeds.add("team")
            before = ", ".join(sorted(places.words(one) for one in person.teams)) or "none"
            notes.append(f"Team: {before} → {places.words(place)}.")
        if wanted.manager and (not isinstance(place, int) or place not in person.manages):
            deeds.add("manager")
            notes.append(f"Becomes manager of {places.words(place)}.")
    elif wanted.manager and not person.manages:
        raise _WrongError("A manager needs a team.")
    if wanted.pathway is not None and wanted.pathway != person.pathway:
        deeds.add("pathway")
        before = _pathway(person.pathway) if person.pathway else "the usual one"
        notes.append(f"Pathway: {before} → {_pathway(wanted.pathway)}.")
    if wanted.certificate is not None and wanted.certificate.day not in person.certificates:
        deeds.add("certificate")
        notes.append(_certificate_words(wanted.certificate))
    return deeds, notes


def _pathway(pathway: str) -> str:
    return {str(key): words for key, words in SETTINGS.items()}.get(pathway, pathway)


def _certificate_words(one: Certificate) -> str:
    until = f", valid until {_words(one.valid_until)}" if one.valid_until else ""
    return f"Earlier certificate of {_words(one.day)}{until} ({one.issuer})."


def _words(day: date | None) -> str:
    return f"{day.day} {day:%B %Y}" if day else ""
