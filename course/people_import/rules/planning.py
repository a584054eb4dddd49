"""What each row of a list would do, given who is there. Nothing is done here."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from course.people.rules import plain_email
from course.people_import.rules.changes import WrongError, changes, new_person, words_of
from course.people_import.rules.date_formats import NotADayError, month_first
from course.people_import.rules.matching import Book, Found, NotOneError, Question, Somebody, Wanted, find
from course.people_import.rules.name_matching import name_words, spelt_worse, turned_round
from course.people_import.rules.plausibility import doubts
from course.people_import.rules.questions import LEAVE, RIGHT, question_key
from course.people_import.rules.row_merging import Group, Said, addresses_in, groups
from course.people_import.rules.rows import full_name, read_row, row_of, who
from course.people_import.rules.table import BadRow
from course.people_import.rules.team_paths import Places, UnclearError

Kind = Literal["added", "changed", "back", "left", "unchanged", "refused", "asked", "joined"]
KINDS: dict[Kind, str] = {
    "refused": "Refused",
    "asked": "To be decided",
    "added": "Added",
    "changed": "Changed",
    "back": "Comes back",
    "left": "Leaves",
    "joined": "With another row",
    "unchanged": "Unchanged",
}
_DAYS = ("start", "leaving", "completed", "valid_until")


@dataclass(frozen=True)
class Line:
    """What one row would do: `deeds` names it for whoever does it, `notes` says it in words. Of several rows about one
    person the first does what all of them say. One with a `question` does nothing before that is decided."""

    number: int
    kind: Kind
    who: str
    notes: tuple[str, ...] = ()
    deeds: frozenset[str] = frozenset()
    wanted: Wanted = field(default_factory=Wanted, compare=False)
    person: Somebody | None = None
    question: Question | None = None

    @property
    def key(self) -> str:
        """By what the decision about its question is kept."""
        return question_key(self.number, self.question.kind, self.question.person) if self.question else ""


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


def plan(
    rows: Sequence[tuple[int, Sequence[str]]],
    columns: Mapping[str, int],
    known: Sequence[Somebody],
    places: Places,
    today: date,
    bad: Sequence[BadRow] = (),
    decisions: Mapping[str, str] | None = None,
) -> Plan:
    """What the rows would do on `today`. `columns` gives the place of each field in a row, `bad` are the rows that could
    not be read, `decisions` what was decided about questions (rules/questions.py). The order of the rows does not
    matter."""
    book, answers = Book(known), decisions or {}
    said = _said(rows, columns, bad, today)
    found, refused = groups(said, today)
    lines = [Line(row.number, "refused", row.who, (row.fault,)) for row in refused]
    matched: list[_Matched] = []
    named: dict[int, int] = {}
    for row in refused:
        people = book.by_email(row.email), book.by_number(row.staff_number)
        named |= {book.now(one).id: row.number for one in people if one is not None}
    for group in found:
        try:
            matched.append(_Matched(group, find(group.wanted, book, _Answers(group.number, answers))))
        except NotOneError as error:
            lines += _all_refused(group, str(error))
            people = book.by_email(group.wanted.email), book.by_number(group.wanted.staff_number)
            named |= {book.now(one).id: group.number for one in people if one is not None}
    shared = _one_number(matched)
    for group in shared:
        number = group.wanted.staff_number
        lines += _all_refused(group, f"The staff number {number} is also in a line with another address.")
    left_out = {group.number for group in shared}
    matched = [one for one in matched if one.group.number not in left_out]
    twins = _Twins(book, matched)
    together: dict[int, list[_Matched]] = defaultdict(list)
    for one in matched:
        if one.found.person is not None:
            together[one.found.person.id].append(one)
    for one in matched:
        beside = _beside(one, together, named)
        lines += beside if beside is not None else _planned(one, twins, places, today, answers)
    there = {line.person.id for line in lines if line.person is not None}
    emails = {row.email for row in said if row.email}
    missing = tuple(one for one in known if one.left is None and one.id not in there and one.email not in emails)
    # A team is added only for a row that is applied.
    used = {place for line in lines if line.deeds for path in line.wanted.teams if (place := _place(places, path))}
    above = {place[:length] for place in used for length in range(1, len(place) + 1)}
    new = tuple(path for path in places.new if path in above)
    return Plan(tuple(sorted(lines, key=lambda line: line.number)), new, missing)


@dataclass(frozen=True)
class _Matched:
    """Rows about one person, and who that is."""

    group: Group
    found: Found


def _place(places: Places, path: tuple[str, ...]) -> tuple[str, ...] | None:
    place = places.find(path)
    return place if isinstance(place, tuple) else None


def _said(
    rows: Sequence[tuple[int, Sequence[str]]], columns: Mapping[str, int], bad: Sequence[BadRow], today: date
) -> list[Said]:
    """The rows as they are read, also those that are refused."""
    examples: dict[str, str] = {}
    for day in _DAYS:
        if day in columns:
            example = month_first(cells[columns[day]] for _, cells in rows if columns[day] < len(cells))
            examples |= {day: example} if example else {}
    said = []
    for number, cells in rows:
        row = row_of(cells, columns)
        email, name = plain_email(row.get("email", "")), full_name(row) or None
        one = Said(number, who(row), email, row.get("staff_number") or None, name, None)
        try:
            said.append(replace(one, wanted=read_row(row, today, examples)))
        except (WrongError, NotADayError) as error:
            said.append(replace(one, fault=str(error)))
    for broken in bad:
        email = addresses_in(broken.cells)
        called = " ".join(filter(None, broken.cells))[:200] or "–"
        said.append(Said(broken.line, called, email, None, None, None, broken.reason))
    return said


def _one_number(matched: Sequence[_Matched]) -> list[Group]:
    """The rows about somebody new whose staff number is in other rows with another address."""
    found: dict[str | None, list[Group]] = defaultdict(list)
    for one in matched:
        if one.found.person is None:
            found[one.group.wanted.staff_number].append(one.group)
    return [group for number, some in found.items() if number and len(some) > 1 for group in some]


@dataclass(frozen=True)
class _Answers:
    """What was decided about the rows of one person."""

    line: int
    answers: Mapping[str, str]

    def __call__(self, kind: str, person: int | None) -> str | None:
        return self.answers.get(question_key(self.line, kind, person))


def _all_refused(group: Group, why: str) -> list[Line]:
    return [Line(row.number, "refused", row.who, (why,)) for row in group.rows]


class _Twins:
    """How often a name is there, and would be there: two people of one name are possible, and a mistake more often."""

    def __init__(self, book: Book, matched: Sequence[_Matched]) -> None:
        self._book = book
        self._new: dict[frozenset[str], int] = defaultdict(int)
        for one in matched:
            if one.found.person is None:
                self._new[name_words(one.group.wanted.name or "")] += 1

    def doubt(self, name: str) -> Question | None:
        here = [one for one in self._book.by_name(name) if one.left is None]
        if here:
            first = here[0]
            number = f", staff number {first.staff_number}" if first.staff_number else ""
            return Question("twin", f"{first.name} ({first.email}{number}) is here already.")
        left = self._book.by_name(name)
        if left and left[0].left is not None:
            one = left[0]
            return Question("twin", f"{one.name} ({one.email}) left on {words_of(one.left)}. Is this the same person?")
        times = self._new[name_words(name)]
        return Question("twin", f"The list adds {times} people of this name.") if times > 1 else None


def _beside(
    one: _Matched, same_person: Mapping[int, Sequence[_Matched]], refused: Mapping[int, int]
) -> list[Line] | None:
    """What becomes of rows where others are about the same person too; None if there are none, or these are the ones that
    count: those which call the person as they are known now."""
    person, aside = one.found.person, one.found.aside
    if person is None:
        return None
    group = one.group
    if aside and person.id in refused:
        words = f"Line {refused[person.id]} is about them and is refused, so this one changes nothing."
        return [Line(row.number, "unchanged", row.who, (aside, words), person=person) for row in group.rows]
    others = [other for other in same_person[person.id] if other is not one]
    if not others:
        return None
    plain = [other for other in (one, *others) if not other.found.aside]
    if not aside:
        others = [other for other in plain if other is not one]
        if not others:
            return None
        words = f"Line {others[0].group.number} is about {person.name} too, with another address or number."
        return _all_refused(group, words)
    # Of several that call them by something that is not theirs any more, one counts, whatever its place in the list.
    counts = plain or sorted((one, *others), key=_rank)[:1]
    together = [one, *others] if not plain else [one, *plain]
    if len({other.found.wanted.staff_number for other in together} - {None}) > 1:
        first = min(other.group.number for other in together if other is not one)
        words = f"{aside} Line {first} is about them too, and gives another staff number."
        return _all_refused(group, words)
    if counts[0] is one:
        return None
    words = f"Line {counts[0].group.number} is about them, so this one changes nothing."
    return [Line(row.number, "unchanged", row.who, (aside, words), person=person) for row in group.rows]


def _rank(one: _Matched) -> tuple[bool, str]:
    return one.found.wanted.staff_number is None, one.group.wanted.email


def _planned(one: _Matched, twins: _Twins, places: Places, today: date, answers: Mapping[str, str]) -> list[Line]:
    """The lines of rows about one person: the first does what all of them say."""
    group, found = one.group, one.found
    first, *rest = group.rows
    person, wanted = found.person, found.wanted
    notes = tuple(filter(None, (found.aside, *wanted.remarks)))
    if person is not None and wanted.name and spelt_worse(wanted.name, person.name):
        notes += (f"The name stays as it is here: {person.name}.",)
        wanted = replace(wanted, name=person.name)
    try:
        line = _line(first, wanted, person, places, today)
        questions = [found.question] if found.question else []
        questions += _doubts(line, twins, places) if not questions else []
    except (WrongError, UnclearError) as error:
        if found.question is None:
            return _all_refused(group, str(error))
        # Whether that is wrong depends on who it is.
        line, questions = Line(first.number, "refused", first.who, (str(error),)), [found.question]
    line = replace(line, notes=(*notes, *line.notes))
    for question in questions:
        answer = answers.get(question_key(first.number, question.kind, question.person))
        if answer == LEAVE:
            line = Line(first.number, "unchanged", first.who, ("Left out, as was decided.",), person=person)
            break
        if answer != RIGHT:
            line = replace(
                line, kind="asked", question=question, deeds=frozenset(), notes=(question.words, *line.notes)
            )
            break
    together = f"Together with line {first.number}."
    return [line, *(Line(row.number, "joined", row.who, (together,), person=person) for row in rest)]


def _doubts(line: Line, twins: _Twins, places: Places) -> list[Question]:
    """What is odd about what a line would write."""
    if not line.deeds:
        return []
    name = line.wanted.name or ""
    new_name = line.person is None or ("correct" in line.deeds and name not in ("", line.person.name))
    new_teams = tuple(place for path in line.wanted.teams if (place := _place(places, path)))
    new_number = line.person is None or line.wanted.staff_number != line.person.staff_number
    found = doubts(line.wanted, new_name, new_number, new_teams)
    if line.person is not None and turned_round(name, line.person.name):
        found.append(Question("order", f"“{name}” is {line.person.name} with the words in another order."))
    twin = twins.doubt(name) if line.person is None else None
    return [*found, twin] if twin else found


def _line(row: Said, wanted: Wanted, person: Somebody | None, places: Places, today: date) -> Line:
    """What the rows of one person would do, with the words for it. Raises WrongError or UnclearError."""
    number, called = row.number, row.who
    gone = wanted.leaving is not None and wanted.leaving <= today
    later = (f"The last day, {words_of(wanted.leaving)}, is still to come. Nothing is done about it until then.",) if (
        wanted.leaving is not None and not gone
    ) else ()  # fmt: skip
    if person is None:
        if gone:
            return Line(number, "unchanged", called, ("Has left already, so is not added.",), wanted=wanted)
        notes = new_person(wanted, places)
        return Line(number, "added", called, (*notes, *later), frozenset({"added"}), wanted)
    if person.left is not None:
        if gone or (wanted.start is not None and wanted.start > today):
            words = f"Left on {words_of(person.left)}."
            return Line(number, "unchanged", called, (words,), wanted=wanted, person=person)
        if wanted.start is None or wanted.start <= person.left:
            raise WrongError(
                f"{person.name} left on {words_of(person.left)}. To bring them back by a list, "
                "their first day has to be after that; or open their page."
            )
    if gone:
        if person.administrator:
            raise WrongError(f"{person.name} is an administrator. Take that role away on their page first.")
        if wanted.leaving is not None and wanted.leaving < person.start:
            raise WrongError(f"The last day is before {words_of(person.start)}, when {person.name} came.")
        # Where somebody would be who is not here any more does not matter; nor is a team added for them.
        wanted = replace(wanted, teams=(), managed=(), manager=False, pathway=None)
        deeds, changed = changes(wanted, person, places)
        return Line(number, "left", called, (f"Last day: {words_of(wanted.leaving)}.", *changed),
                    frozenset({"left", *deeds}), wanted, person)  # fmt: skip
    deeds, changed = changes(wanted, person, places)
    if person.left is not None:
        return Line(number, "back", called, (f"Back from {words_of(wanted.start)} on.", *changed, *later),
                    frozenset({"back", *deeds}), wanted, person)  # fmt: skip
    kind: Kind = "changed" if deeds else "unchanged"
    return Line(number, kind, called, (*changed, *later), frozenset(deeds), wanted, person)
