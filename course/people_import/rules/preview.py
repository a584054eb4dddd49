"""The preview of a list: stored as JSON, shown in pages, and downloaded as a file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from course.people_import.rules.journal import SkippedLine
from course.people_import.rules.planning import LINE_KINDS, ImportPlan
from course.people_import.rules.questions import QUESTIONS
from course.people_import.rules.stored_text import MessageTable
from course.translation import lazy_gettext as _
from course.translation import lazy_join, text_as_data, text_from_data

ROWS_PER_PAGE = 50


@dataclass(frozen=True)
class PreviewRow:
    """One row: its line in the file, its kind, the name of its person, and its description. `question` is the kind of the
    question about the row, `key` the key under which the decision is stored; `email` is the address of the person once the
    row is applied, or the key of the sign-in name of a person without one. A page shows few of the rows, so the notes stay as
    they are stored until they are asked for."""

    number: int
    kind: str
    who: str
    stored_notes: Sequence[object]
    messages: MessageTable = field(compare=False, repr=False)
    question: str = ""
    key: str = ""
    email: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the row would do, as sentences in the language of the reader."""
        return tuple(map(self.messages.unpack, self.stored_notes))


@dataclass(frozen=True)
class ImportPreview:
    """The preview of a whole list. `missing` are the people in the course who are not in the list, `unmanaged` the teams that
    would have no manager of their own any more; `notes` say what was left out of the file."""

    rows: tuple[PreviewRow, ...]
    new_teams: tuple[str, ...]
    missing: tuple[str, ...]
    unmanaged: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """The number of rows of each kind that occurs, in the order of LINE_KINDS."""
        found = Counter(row.kind for row in self.rows)
        return {kind: found[kind] for kind in LINE_KINDS if found[kind]}

    @property
    def does_something(self) -> bool:
        return bool(set(self.counts) - {"refused", "unchanged", "asked", "joined"})

    def asked(self) -> dict[str, list[PreviewRow]]:
        """The rows with a question that has to be decided before the list is applied, by kind of question."""
        found: dict[str, list[PreviewRow]] = {}
        for row in self.rows:
            if row.question:
                found.setdefault(row.question, []).append(row)
        return {kind: found[kind] for kind in QUESTIONS if kind in found}

    def answered(self, question: str, answer: str) -> dict[str, str]:
        """What one press decides, by key: about the row with that key, or about all rows with that kind of question. Empty
        if there is no such question, or it has no such answer."""
        return {
            row.key: answer
            for row in self.rows
            if row.question and question in (row.key, row.question) and answer in QUESTIONS[row.question].answers
        }

    def of(self, kind: str) -> list[PreviewRow]:
        """The rows of a kind, or all of them; those that are refused, or to be decided, come first."""
        chosen = [row for row in self.rows if not kind or row.kind == kind]
        first = {"refused": 0, "asked": 1}
        return sorted(chosen, key=lambda row: (first.get(row.kind, 2), row.number))

    def table(self) -> Iterator[tuple[object, ...]]:
        """The rows of the file that can be downloaded."""
        yield _("Line"), _("Person"), _("What happens"), _("Details")
        for row in self.rows:
            yield row.number, row.who, LINE_KINDS[row.kind], lazy_join(row.notes)  # type: ignore[index]
        for who in self.missing:
            yield "", who, _("Not in the list"), _("Nothing changes for them.")


def dump_preview(plan: ImportPlan) -> str:
    """A plan as JSON, without the values that only applying it needs."""
    table = MessageTable()
    rows = [
        [
            line.number,
            line.kind,
            line.who,
            [table.pack(note) for note in line.notes],
            line.question.kind if line.question else "",
            line.key,
            line.row_data.email or line.row_data.sign_in_key,
        ]
        for line in plan.lines
    ]
    return json.dumps(
        {
            "rows": rows,
            "messages": table.messages,
            "new_teams": [" > ".join(path) for path in plan.new_teams],
            "missing": [f"{one.name} ({one.label})" for one in plan.missing],
            "unmanaged": plan.unmanaged,
            "notes": list(map(text_as_data, plan.notes)),
        },
        ensure_ascii=False,
    )


def load_preview(text: str) -> ImportPreview:
    """What `dump_preview` wrote, here or in an earlier version, whose notes are plain texts."""
    found = json.loads(text)
    table = MessageTable(found.get("messages", ()))
    # Before 0.5 a row ended with its notes.
    rows = tuple(
        PreviewRow(number, kind, who, notes, table, *rest) for number, kind, who, notes, *rest in found["rows"]
    )
    notes = tuple(map(text_from_data, found.get("notes", ())))
    missing, unmanaged = tuple(found["missing"]), tuple(found.get("unmanaged", ()))
    return ImportPreview(rows, tuple(found["new_teams"]), missing, unmanaged, notes)


def skip_rows(text: str, skipped: Sequence[SkippedLine]) -> str:
    """A stored preview in which lines that were not applied are refused, with the reason as their note."""
    found = json.loads(text)
    table = MessageTable(found.get("messages", ()))
    reasons = {line.number: table.pack(line.reason) for line in skipped}
    found["rows"] = [
        [
            number,
            "refused" if number in reasons else kind,
            who,
            [reasons[number]] if number in reasons else notes,
            *rest,
        ]
        for number, kind, who, notes, *rest in found["rows"]
    ]
    return json.dumps({**found, "messages": table.messages}, ensure_ascii=False)


def imported_counts(preview: ImportPreview) -> dict[str, int]:
    """How many rows a list had, and how many of them did what, for the audit log."""
    kinds = ("added", "changed", "back", "left", "refused")
    return {"rows": len(preview.rows), **{kind: preview.counts.get(kind, 0) for kind in kinds}}
