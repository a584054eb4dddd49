"""What each row of a list would do, given who is there. Nothing is done here."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Literal

from course.people_import.rules.changes import (
    RefusedRowError,
    describe_changes,
    describe_new_person,
    later_departure,
    refuse_leaving_with_role,
    refuse_leaving_without_day,
    refuse_other_address,
)
from course.people_import.rules.lost_managers import teams_losing_managers
from course.people_import.rules.matching import (
    AmbiguousPersonError,
    ImportQuestion,
    KnownPerson,
    PeopleDirectory,
    RowData,
    RowMatch,
    match_row,
)
from course.people_import.rules.name_counts import NameCounts
from course.people_import.rules.name_matching import is_reordered, is_worse_spelling
from course.people_import.rules.name_questions import NameSpelling, settle_spelling
from course.people_import.rules.owned_values import without_owned_values
from course.people_import.rules.plausibility import NewValues, implausible_values
from course.people_import.rules.questions import ACCEPT, SKIP, question_key
from course.people_import.rules.row_merging import ParsedRow, PersonRows, group_rows, parse_rows
from course.people_import.rules.table import BadRow
from course.people_import.rules.team_paths import AmbiguousTeamError, TeamPaths
from course.translation import error_text, lazy_join
from course.translation import lazy_gettext as _

LineKind = Literal["added", "changed", "back", "left", "unchanged", "refused", "asked", "joined"]
LINE_KINDS: dict[LineKind, str] = {
    "refused": _("Refused"),
    "asked": _("To be decided"),
    "added": _("Added"),
    "changed": _("Changed"),
    "back": _("Returns"),
    "left": _("Leaves"),
    "joined": _("With another row"),
    "unchanged": _("Unchanged"),
}


@dataclass(frozen=True)
class ImportLine:
    """What one row would do: `changes` names it for whoever does it, `notes` says it in words. Of several rows about one
    person the first does what all of them say. One with a `question` does nothing before that is decided."""

    number: int
    kind: LineKind
    who: str
    notes: tuple[str, ...] = ()
    changes: frozenset[str] = frozenset()
    row_data: RowData = field(default_factory=RowData, compare=False)
    person: KnownPerson | None = None
    question: ImportQuestion | None = None

    @property
    def key(self) -> str:
        """The key under which the decision about the question is stored; empty without a question."""
        return question_key(self.number, self.question.kind, self.question.person) if self.question else ""


@dataclass(frozen=True)
class ImportPlan:
    """What a whole list would do: its lines, the paths of the teams that are added, the people who are missing from it, and the
    paths of the teams that would have no manager of their own any more. `notes` say what was left out of the file."""

    lines: tuple[ImportLine, ...]
    new_teams: tuple[tuple[str, ...], ...]
    missing: tuple[KnownPerson, ...]
    unmanaged: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @cached_property
    def fingerprint(self) -> str:
        """The hash of all effects of the plan. It is stored with the preview; a plan with another hash is not applied."""
        # A LazyText is its English text here, so that the hash does not depend on the language.
        facts = repr(
            [(line.number, line.kind, line.who, line.notes, line.person and line.person.id) for line in self.lines]
        ) + repr(self.new_teams)
        return hashlib.sha256(facts.encode()).hexdigest()


@dataclass(frozen=True)
class MappedRows:
    """The rows of a list with their numbers, the place of each field in a row, the rows that could not be read, notes
    about the file, and the headings of its columns."""

    rows: Sequence[tuple[int, Sequence[str]]]
    columns: Mapping[str, int]
    bad: Sequence[BadRow] = ()
    notes: tuple[str, ...] = ()
    headings: Sequence[str] = ()


def make_plan(
    table: MappedRows,
    known: Sequence[KnownPerson],
    team_paths: TeamPaths,
    today: date,
    decisions: Mapping[str, str] | None = None,
) -> ImportPlan:
    """The plan of a list on `today`. `decisions` are the decisions about questions by their keys (rules/questions.py). The order
    of the rows does not matter."""
    directory, answers = PeopleDirectory(known), decisions or {}
    parsed_rows = parse_rows(table.rows, table.columns, table.bad, today, table.headings)
    found, refused = group_rows(parsed_rows, today)
    lines = [ImportLine(row.number, "refused", row.who, (row.fault,)) for row in refused]
    matched: list[_MatchedRows] = []
    named: dict[int, int] = {}
    for row in refused:
        people = directory.by_email(row.email), directory.by_number(row.staff_number)
        named |= {directory.current_entry(one).id: row.number for one in people if one is not None}
    for group in found:
        try:
            matched.append(_MatchedRows(group, match_row(group.row_data, directory, _Decisions(group.number, answers))))
        except AmbiguousPersonError as error:
            lines += _refuse_all(group, error_text(error))
            people = directory.by_email(group.row_data.email), directory.by_number(group.row_data.staff_number)
            named |= {directory.current_entry(one).id: group.number for one in people if one is not None}
    shared = _groups_sharing_number(matched)
    for group in shared:
        number = group.row_data.staff_number
        lines += _refuse_all(
            group, _("The staff number %(number)s is also in a line with another address.", number=number)
        )
    logins = [group for group in _groups_sharing_login(matched) if group not in shared]
    for group in logins:
        lines += _refuse_all(group, _("The sign-in name is also in another line, for another person."))
    left_out = {group.number for group in (*shared, *logins)}
    matched = [one for one in matched if one.group.number not in left_out]
    name_counts = NameCounts(directory, (one.group.row_data.name or "" for one in matched if one.found.person is None))
    together: dict[int, list[_MatchedRows]] = defaultdict(list)
    for one in matched:
        if one.found.person is not None:
            together[one.found.person.id].append(one)
    for one in matched:
        beside = _lines_for_overlap(one, together, named)
        lines += beside if beside is not None else _plan_group(one, name_counts, team_paths, today, answers)
    there = {line.person.id for line in lines if line.person is not None}
    emails = {row.email for row in parsed_rows if row.email}
    missing = tuple(one for one in known if one.left is None and one.id not in there and one.email not in emails)
    # A team is added only if a row that is applied needs it.
    used = {
        place
        for line in lines
        if line.changes
        for path in line.row_data.teams
        if (place := _new_team_path(team_paths, path))
    }
    above = {place[:length] for place in used for length in range(1, len(place) + 1)}
    new = tuple(path for path in team_paths.new if path in above)
    effects = [(line.person, line.changes, line.row_data) for line in lines if line.changes]
    unmanaged = teams_losing_managers(effects, known, team_paths)
    return ImportPlan(tuple(sorted(lines, key=lambda line: line.number)), new, missing, unmanaged, table.notes)


@dataclass(frozen=True)
class _MatchedRows:
    """The rows about one person, with the match."""

    group: PersonRows
    found: RowMatch


def _new_team_path(team_paths: TeamPaths, path: tuple[str, ...]) -> tuple[str, ...] | None:
    place = team_paths.find(path)
    return place if isinstance(place, tuple) else None


def _groups_sharing_number(matched: Sequence[_MatchedRows]) -> list[PersonRows]:
    """The rows about new people whose staff number is in other rows with another address."""
    found: dict[str | None, list[PersonRows]] = defaultdict(list)
    for one in matched:
        if one.found.person is None:
            found[one.group.row_data.staff_number].append(one.group)
    return [group for number, some in found.items() if number and len(some) > 1 for group in some]


def _groups_sharing_login(matched: Sequence[_MatchedRows]) -> list[PersonRows]:
    """The rows about new people who would sign in with one name."""
    found: dict[str, list[PersonRows]] = defaultdict(list)
    for one in matched:
        if one.found.person is None and one.found.row_data.sign_in_key:
            found[one.found.row_data.sign_in_key].append(one.group)
    return [group for some in found.values() if len(some) > 1 for group in some]


@dataclass(frozen=True)
class _Decisions:
    """The decisions about the rows of one person."""

    line: int
    answers: Mapping[str, str]

    def __call__(self, kind: str, person: int | None) -> str | None:
        return self.answers.get(question_key(self.line, kind, person))


def _refuse_all(group: PersonRows, why: str) -> list[ImportLine]:
    return [ImportLine(row.number, "refused", row.who, (why,)) for row in group.rows]


def _lines_for_overlap(
    one: _MatchedRows, same_person: Mapping[int, Sequence[_MatchedRows]], refused: Mapping[int, int]
) -> list[ImportLine] | None:
    """The lines for rows that share their person with other rows; None if no other rows do, or if these rows are applied. Of
    several, the rows with the present address or staff number of the person are applied."""
    person, note = one.found.person, one.found.note
    if person is None:
        return None
    group = one.group
    if note and person.id in refused:
        words = _("Line %(line)s is about them and is refused, so this one changes nothing.", line=refused[person.id])
        return [ImportLine(row.number, "unchanged", row.who, (note, words), person=person) for row in group.rows]
    others = [other for other in same_person[person.id] if other is not one]
    if not others:
        return None
    plain = [other for other in (one, *others) if not other.found.note]
    if not note:
        others = [other for other in plain if other is not one]
        if not others:
            return None
        words = _(
            "Line %(line)s is about %(name)s too, with another address or number.",
            line=others[0].group.number,
            name=person.name,
        )
        return _refuse_all(group, words)
    # Of several rows with a former address or number one is applied, chosen without regard to the order of the list.
    counts = plain or sorted((one, *others), key=_rank)[:1]
    together = [one, *others] if not plain else [one, *plain]
    if len({other.found.row_data.staff_number for other in together} - {None}) > 1:
        first = min(other.group.number for other in together if other is not one)
        words = _("Line %(line)s is about them too, and gives another staff number.", line=first)
        return _refuse_all(group, lazy_join([note, words]))
    if counts[0] is one:
        return None
    words = _("Line %(line)s is about them, so this one changes nothing.", line=counts[0].group.number)
    return [ImportLine(row.number, "unchanged", row.who, (note, words), person=person) for row in group.rows]


def _rank(one: _MatchedRows) -> tuple[bool, str]:
    return one.found.row_data.staff_number is None, one.group.row_data.email


def _plan_group(
    one: _MatchedRows, name_counts: NameCounts, team_paths: TeamPaths, today: date, answers: Mapping[str, str]
) -> list[ImportLine]:
    """The lines for the rows about one person. The first line applies the data of all of them."""
    group, found = one.group, one.found
    first, *rest = group.rows
    person, row_data = found.person, found.row_data
    notes = tuple(filter(None, (found.note, *row_data.remarks)))
    spelling = NameSpelling()
    if person is not None and person.owned.source:
        row_data, owned_notes = without_owned_values(row_data, person)
        notes += owned_notes
        if person.left is not None and "stay" in person.owned.fields:
            return [ImportLine(row.number, "unchanged", row.who, notes, person=person) for row in group.rows]
    if person is not None and row_data.name and is_worse_spelling(row_data.name, person.name):
        notes += (_("The name stays as it is here: %(name)s.", name=person.name),)
        row_data = replace(row_data, name=person.name)
    elif row_data.name and (person is None or row_data.name != person.name):
        spelling = settle_spelling(row_data.name, group.number, answers)
        row_data, notes = replace(row_data, name=spelling.name), (*notes, *spelling.notes)
    try:
        line = _make_line(first, row_data, person, team_paths, today)
        questions = [found.question] if found.question else []
        questions += _plausibility_questions(line, spelling, name_counts, team_paths) if not questions else []
    except (RefusedRowError, AmbiguousTeamError) as error:
        if found.question is None:
            return _refuse_all(group, error_text(error))
        # Whether the row is wrong depends on the answer about the person, so the question comes first.
        line, questions = ImportLine(first.number, "refused", first.who, (error_text(error),)), [found.question]
    line = replace(line, notes=(*notes, *line.notes))
    for question in questions:
        answer = answers.get(question_key(first.number, question.kind, question.person))
        if answer == SKIP:
            line = ImportLine(first.number, "unchanged", first.who, (_("Left out, as you decided."),), person=person)
            break
        if answer != ACCEPT:
            line = replace(
                line, kind="asked", question=question, changes=frozenset(), notes=(question.words, *line.notes)
            )
            break
    together = _("Together with line %(line)s.", line=first.number)
    return [line, *(ImportLine(row.number, "joined", row.who, (together,), person=person) for row in rest)]


def _plausibility_questions(
    line: ImportLine, spelling: NameSpelling, name_counts: NameCounts, team_paths: TeamPaths
) -> list[ImportQuestion]:
    """The questions about implausible values that a line would write."""
    if not line.changes:
        return []
    name = line.row_data.name or ""
    new_name = line.person is None or ("correct" in line.changes and name not in ("", line.person.name))
    new = NewValues(
        name=new_name,
        email=line.row_data.email not in ("", line.person.email if line.person else ""),
        number=line.person is None or line.row_data.staff_number != line.person.staff_number,
        teams=tuple(place for path in line.row_data.teams if (place := _new_team_path(team_paths, path))),
    )
    found = spelling.first_asked(implausible_values(line.row_data, new))
    if line.person is not None and is_reordered(name, line.person.name):
        words = _("“%(name)s” is %(known)s with the words in another order.", name=name, known=line.person.name)
        found.append(ImportQuestion("order", words))
    found += _team_questions(line.row_data, team_paths)
    twin = name_counts.twin_question(name) if line.person is None else None
    return [*found, twin] if twin else found


def _team_questions(row_data: RowData, team_paths: TeamPaths) -> list[ImportQuestion]:
    """The question about a team that would be added and has nearly the name of one that is here."""
    for path in row_data.teams:
        similar = team_paths.similar(path) if _new_team_path(team_paths, path) else None
        if similar is not None:
            team, other = " > ".join(path), team_paths.words(similar)
            words = _("“%(team)s” would be a new team. There is already “%(other)s”.", team=team, other=other)
            return [ImportQuestion("team", words)]
    return []


def _make_line(
    row: ParsedRow, row_data: RowData, person: KnownPerson | None, team_paths: TeamPaths, today: date
) -> ImportLine:
    """The line for the rows about one person, with its description. Raises RefusedRowError or AmbiguousTeamError."""
    number, called = row.number, row.who
    gone = row_data.leaving <= today if row_data.leaving is not None else row_data.has_left
    leaves, later = later_departure(row_data.leaving, person, today)
    if person is None:
        if gone:
            return ImportLine(
                number, "unchanged", called, (_("Has already left, so is not added."),), row_data=row_data
            )
        notes = describe_new_person(row_data, team_paths)
        kinds = frozenset({"added", "leaves"} if leaves else {"added"})
        return ImportLine(number, "added", called, (*notes, *later), kinds, row_data)
    if person.left is not None:
        if gone or (row_data.start is not None and row_data.start > today):
            words = _("Left on %(day)s.", day=person.left)
            return ImportLine(number, "unchanged", called, (words,), row_data=row_data, person=person)
        if row_data.start is None or row_data.start <= person.left:
            raise RefusedRowError(
                _(
                    "%(name)s left on %(day)s. To record their return in a list, give a later first day. "
                    "Or open their page.",
                    name=person.name,
                    day=person.left,
                )
            )
    if gone:
        refuse_leaving_without_day(row_data, person)
        refuse_leaving_with_role(person)
        if row_data.leaving is not None and row_data.leaving < person.start:
            raise RefusedRowError(
                _(
                    "The last day is before %(day)s, when %(name)s started.",
                    day=person.start,
                    name=person.name,
                )
            )
        # The team of a person who has left does not matter, and no team is added for it.
        row_data = replace(row_data, teams=(), managed=(), manager=False, pathway=None)
        changes, change_notes = describe_changes(row_data, person, team_paths)
        return ImportLine(number, "left", called, (_("Last day: %(day)s.", day=row_data.leaving), *change_notes),
                    frozenset({"left", *changes}), row_data, person)  # fmt: skip
    changes, change_notes = describe_changes(row_data, person, team_paths)
    if leaves:
        refuse_leaving_with_role(person)
        changes = {*changes, "leaves"}
    refuse_other_address(row_data, person)
    if person.left is not None:
        return ImportLine(number, "back", called, (_("Back from %(day)s on.", day=row_data.start), *change_notes, *later),
                    frozenset({"back", *changes}), row_data, person)  # fmt: skip
    kind: LineKind = "changed" if changes else "unchanged"
    return ImportLine(number, kind, called, (*change_notes, *later), frozenset(changes), row_data, person)
