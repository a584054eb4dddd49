"""What each row of a list would do, given who is there. Nothing is done here."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Literal

from course.people.rules import normalise_email
from course.people_import.rules.changes import RefusedRowError, describe_changes, describe_new_person, format_day
from course.people_import.rules.date_formats import InvalidDayError, month_first_example
from course.people_import.rules.matching import (
    AmbiguousPersonError,
    ImportQuestion,
    KnownPerson,
    PeopleDirectory,
    RowData,
    RowMatch,
    match_row,
)
from course.people_import.rules.name_matching import is_reordered, is_worse_spelling, name_words
from course.people_import.rules.plausibility import implausible_values
from course.people_import.rules.questions import ACCEPT, SKIP, question_key
from course.people_import.rules.row_merging import ParsedRow, PersonRows, first_address, group_rows
from course.people_import.rules.rows import full_name, read_row, row_label, tidy_row
from course.people_import.rules.table import BadRow
from course.people_import.rules.team_paths import AmbiguousTeamError, TeamPaths

LineKind = Literal["added", "changed", "back", "left", "unchanged", "refused", "asked", "joined"]
LINE_KINDS: dict[LineKind, str] = {
    "refused": "Refused",
    "asked": "To be decided",
    "added": "Added",
    "changed": "Changed",
    "back": "Comes back",
    "left": "Leaves",
    "joined": "With another row",
    "unchanged": "Unchanged",
}
_DATE_FIELDS = ("start", "leaving", "completed", "valid_until")


@dataclass(frozen=True)
class ImportLine:
    """What one row would do: `deeds` names it for whoever does it, `notes` says it in words. Of several rows about one
    person the first does what all of them say. One with a `question` does nothing before that is decided."""

    number: int
    kind: LineKind
    who: str
    notes: tuple[str, ...] = ()
    deeds: frozenset[str] = frozenset()
    wanted: RowData = field(default_factory=RowData, compare=False)
    person: KnownPerson | None = None
    question: ImportQuestion | None = None

    @property
    def key(self) -> str:
        """By what the decision about its question is kept."""
        return question_key(self.number, self.question.kind, self.question.person) if self.question else ""


@dataclass(frozen=True)
class ImportPlan:
    """What a whole list would do: its rows, the teams to be added as paths, and who is not in it."""

    lines: tuple[ImportLine, ...]
    new_teams: tuple[tuple[str, ...], ...]
    missing: tuple[KnownPerson, ...]

    @cached_property
    def fingerprint(self) -> str:
        """Stands for all of it: the same list does the same only as long as nothing else has changed."""
        said = repr(
            [(line.number, line.kind, line.who, line.notes, line.person and line.person.id) for line in self.lines]
        ) + repr(self.new_teams)
        return hashlib.sha256(said.encode()).hexdigest()


@dataclass(frozen=True)
class MappedRows:
    """The rows of a list with their numbers, the place of each field in a row, and the rows that could not be read."""

    rows: Sequence[tuple[int, Sequence[str]]]
    columns: Mapping[str, int]
    bad: Sequence[BadRow] = ()


def make_plan(
    table: MappedRows,
    known: Sequence[KnownPerson],
    places: TeamPaths,
    today: date,
    decisions: Mapping[str, str] | None = None,
) -> ImportPlan:
    """What the rows would do on `today`. `decisions` are what was decided about questions (rules/questions.py).
    The order of the rows does not matter."""
    book, answers = PeopleDirectory(known), decisions or {}
    said = _parse_rows(table.rows, table.columns, table.bad, today)
    found, refused = group_rows(said, today)
    lines = [ImportLine(row.number, "refused", row.who, (row.fault,)) for row in refused]
    matched: list[_MatchedRows] = []
    named: dict[int, int] = {}
    for row in refused:
        people = book.by_email(row.email), book.by_number(row.staff_number)
        named |= {book.now(one).id: row.number for one in people if one is not None}
    for group in found:
        try:
            matched.append(_MatchedRows(group, match_row(group.wanted, book, _Decisions(group.number, answers))))
        except AmbiguousPersonError as error:
            lines += _refuse_all(group, str(error))
            people = book.by_email(group.wanted.email), book.by_number(group.wanted.staff_number)
            named |= {book.now(one).id: group.number for one in people if one is not None}
    shared = _groups_sharing_number(matched)
    for group in shared:
        number = group.wanted.staff_number
        lines += _refuse_all(group, f"The staff number {number} is also in a line with another address.")
    left_out = {group.number for group in shared}
    matched = [one for one in matched if one.group.number not in left_out]
    twins = _NameCounts(book, matched)
    together: dict[int, list[_MatchedRows]] = defaultdict(list)
    for one in matched:
        if one.found.person is not None:
            together[one.found.person.id].append(one)
    for one in matched:
        beside = _lines_for_overlap(one, together, named)
        lines += beside if beside is not None else _plan_group(one, twins, places, today, answers)
    there = {line.person.id for line in lines if line.person is not None}
    emails = {row.email for row in said if row.email}
    missing = tuple(one for one in known if one.left is None and one.id not in there and one.email not in emails)
    # A team is added only for a row that is applied.
    used = {
        place for line in lines if line.deeds for path in line.wanted.teams if (place := _new_team_path(places, path))
    }
    above = {place[:length] for place in used for length in range(1, len(place) + 1)}
    new = tuple(path for path in places.new if path in above)
    return ImportPlan(tuple(sorted(lines, key=lambda line: line.number)), new, missing)


@dataclass(frozen=True)
class _MatchedRows:
    """Rows about one person, and who that is."""

    group: PersonRows
    found: RowMatch


def _new_team_path(places: TeamPaths, path: tuple[str, ...]) -> tuple[str, ...] | None:
    place = places.find(path)
    return place if isinstance(place, tuple) else None


def _parse_rows(
    rows: Sequence[tuple[int, Sequence[str]]], columns: Mapping[str, int], bad: Sequence[BadRow], today: date
) -> list[ParsedRow]:
    """The rows as they are read, also those that are refused."""
    examples: dict[str, str] = {}
    for day in _DATE_FIELDS:
        if day in columns:
            example = month_first_example(cells[columns[day]] for _, cells in rows if columns[day] < len(cells))
            examples |= {day: example} if example else {}
    said = []
    for number, cells in rows:
        row = tidy_row(cells, columns)
        email, name = normalise_email(row.get("email", "")), full_name(row) or None
        one = ParsedRow(number, row_label(row), email, row.get("staff_number") or None, name, None)
        try:
            said.append(replace(one, wanted=read_row(row, today, examples)))
        except (RefusedRowError, InvalidDayError) as error:
            said.append(replace(one, fault=str(error)))
    for broken in bad:
        email = first_address(broken.cells)
        called = " ".join(filter(None, broken.cells))[:200] or "–"
        said.append(ParsedRow(broken.line, called, email, None, None, None, broken.reason))
    return said


def _groups_sharing_number(matched: Sequence[_MatchedRows]) -> list[PersonRows]:
    """The rows about somebody new whose staff number is in other rows with another address."""
    found: dict[str | None, list[PersonRows]] = defaultdict(list)
    for one in matched:
        if one.found.person is None:
            found[one.group.wanted.staff_number].append(one.group)
    return [group for number, some in found.items() if number and len(some) > 1 for group in some]


@dataclass(frozen=True)
class _Decisions:
    """What was decided about the rows of one person."""

    line: int
    answers: Mapping[str, str]

    def __call__(self, kind: str, person: int | None) -> str | None:
        return self.answers.get(question_key(self.line, kind, person))


def _refuse_all(group: PersonRows, why: str) -> list[ImportLine]:
    return [ImportLine(row.number, "refused", row.who, (why,)) for row in group.rows]


class _NameCounts:
    """How often a name is there, and would be there: two people of one name are possible, and a mistake more often."""

    def __init__(self, book: PeopleDirectory, matched: Sequence[_MatchedRows]) -> None:
        self._book = book
        self._new: dict[frozenset[str], int] = defaultdict(int)
        for one in matched:
            if one.found.person is None:
                self._new[name_words(one.group.wanted.name or "")] += 1

    def doubt(self, name: str) -> ImportQuestion | None:
        here = [one for one in self._book.by_name(name) if one.left is None]
        if here:
            first = here[0]
            number = f", staff number {first.staff_number}" if first.staff_number else ""
            return ImportQuestion("twin", f"{first.name} ({first.email}{number}) is here already.")
        left = self._book.by_name(name)
        if left and left[0].left is not None:
            one = left[0]
            return ImportQuestion(
                "twin", f"{one.name} ({one.email}) left on {format_day(one.left)}. Is this the same person?"
            )
        times = self._new[name_words(name)]
        return ImportQuestion("twin", f"The list adds {times} people of this name.") if times > 1 else None


def _lines_for_overlap(
    one: _MatchedRows, same_person: Mapping[int, Sequence[_MatchedRows]], refused: Mapping[int, int]
) -> list[ImportLine] | None:
    """What becomes of rows where others are about the same person too; None if there are none, or these are the ones that
    count: those which call the person as they are known now."""
    person, aside = one.found.person, one.found.aside
    if person is None:
        return None
    group = one.group
    if aside and person.id in refused:
        words = f"Line {refused[person.id]} is about them and is refused, so this one changes nothing."
        return [ImportLine(row.number, "unchanged", row.who, (aside, words), person=person) for row in group.rows]
    others = [other for other in same_person[person.id] if other is not one]
    if not others:
        return None
    plain = [other for other in (one, *others) if not other.found.aside]
    if not aside:
        others = [other for other in plain if other is not one]
        if not others:
            return None
        words = f"Line {others[0].group.number} is about {person.name} too, with another address or number."
        return _refuse_all(group, words)
    # Of several that call them by something that is not theirs any more, one counts, whatever its place in the list.
    counts = plain or sorted((one, *others), key=_rank)[:1]
    together = [one, *others] if not plain else [one, *plain]
    if len({other.found.wanted.staff_number for other in together} - {None}) > 1:
        first = min(other.group.number for other in together if other is not one)
        words = f"{aside} Line {first} is about them too, and gives another staff number."
        return _refuse_all(group, words)
    if counts[0] is one:
        return None
    words = f"Line {counts[0].group.number} is about them, so this one changes nothing."
    return [ImportLine(row.number, "unchanged", row.who, (aside, words), person=person) for row in group.rows]


def _rank(one: _MatchedRows) -> tuple[bool, str]:
    return one.found.wanted.staff_number is None, one.group.wanted.email


def _plan_group(
    one: _MatchedRows, twins: _NameCounts, places: TeamPaths, today: date, answers: Mapping[str, str]
) -> list[ImportLine]:
    """The lines of rows about one person: the first does what all of them say."""
    group, found = one.group, one.found
    first, *rest = group.rows
    person, wanted = found.person, found.wanted
    notes = tuple(filter(None, (found.aside, *wanted.remarks)))
    if person is not None and wanted.name and is_worse_spelling(wanted.name, person.name):
        notes += (f"The name stays as it is here: {person.name}.",)
        wanted = replace(wanted, name=person.name)
    try:
        line = _make_line(first, wanted, person, places, today)
        questions = [found.question] if found.question else []
        questions += _plausibility_questions(line, twins, places) if not questions else []
    except (RefusedRowError, AmbiguousTeamError) as error:
        if found.question is None:
            return _refuse_all(group, str(error))
        # Whether that is wrong depends on who it is.
        line, questions = ImportLine(first.number, "refused", first.who, (str(error),)), [found.question]
    line = replace(line, notes=(*notes, *line.notes))
    for question in questions:
        answer = answers.get(question_key(first.number, question.kind, question.person))
        if answer == SKIP:
            line = ImportLine(first.number, "unchanged", first.who, ("Left out, as was decided.",), person=person)
            break
        if answer != ACCEPT:
            line = replace(
                line, kind="asked", question=question, deeds=frozenset(), notes=(question.words, *line.notes)
            )
            break
    together = f"Together with line {first.number}."
    return [line, *(ImportLine(row.number, "joined", row.who, (together,), person=person) for row in rest)]


def _plausibility_questions(line: ImportLine, twins: _NameCounts, places: TeamPaths) -> list[ImportQuestion]:
    """What is odd about what a line would write."""
    if not line.deeds:
        return []
    name = line.wanted.name or ""
    new_name = line.person is None or ("correct" in line.deeds and name not in ("", line.person.name))
    new_teams = tuple(place for path in line.wanted.teams if (place := _new_team_path(places, path)))
    new_number = line.person is None or line.wanted.staff_number != line.person.staff_number
    found = implausible_values(line.wanted, new_name, new_number, new_teams)
    if line.person is not None and is_reordered(name, line.person.name):
        found.append(ImportQuestion("order", f"“{name}” is {line.person.name} with the words in another order."))
    twin = twins.doubt(name) if line.person is None else None
    return [*found, twin] if twin else found


def _make_line(
    row: ParsedRow, wanted: RowData, person: KnownPerson | None, places: TeamPaths, today: date
) -> ImportLine:
    """What the rows of one person would do, with the words for it. Raises WrongError or UnclearError."""
    number, called = row.number, row.who
    gone = wanted.leaving is not None and wanted.leaving <= today
    later = (f"The last day, {format_day(wanted.leaving)}, is still to come. Nothing is done about it until then.",) if (
        wanted.leaving is not None and not gone
    ) else ()  # fmt: skip
    if person is None:
        if gone:
            return ImportLine(number, "unchanged", called, ("Has left already, so is not added.",), wanted=wanted)
        notes = describe_new_person(wanted, places)
        return ImportLine(number, "added", called, (*notes, *later), frozenset({"added"}), wanted)
    if person.left is not None:
        if gone or (wanted.start is not None and wanted.start > today):
            words = f"Left on {format_day(person.left)}."
            return ImportLine(number, "unchanged", called, (words,), wanted=wanted, person=person)
        if wanted.start is None or wanted.start <= person.left:
            raise RefusedRowError(
                f"{person.name} left on {format_day(person.left)}. To bring them back by a list, "
                "their first day has to be after that; or open their page."
            )
    if gone:
        if person.administrator:
            raise RefusedRowError(f"{person.name} is an administrator. Take that role away on their page first.")
        if wanted.leaving is not None and wanted.leaving < person.start:
            raise RefusedRowError(f"The last day is before {format_day(person.start)}, when {person.name} came.")
        # Where somebody would be who is not here any more does not matter; nor is a team added for them.
        wanted = replace(wanted, teams=(), managed=(), manager=False, pathway=None)
        deeds, changed = describe_changes(wanted, person, places)
        return ImportLine(number, "left", called, (f"Last day: {format_day(wanted.leaving)}.", *changed),
                    frozenset({"left", *deeds}), wanted, person)  # fmt: skip
    deeds, changed = describe_changes(wanted, person, places)
    if person.left is not None:
        return ImportLine(number, "back", called, (f"Back from {format_day(wanted.start)} on.", *changed, *later),
                    frozenset({"back", *deeds}), wanted, person)  # fmt: skip
    kind: LineKind = "changed" if deeds else "unchanged"
    return ImportLine(number, kind, called, (*changed, *later), frozenset(deeds), wanted, person)
