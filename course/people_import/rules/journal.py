"""The journal of an import: the steps of its plan, stored when the import begins to write.

The plan of a list depends on the people who exist, and the first portion that is written adds people. The plan is
therefore stored once, as steps in a fixed order, and each portion follows the journal, also after a crash.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from course.people_import.rules.matching import ImportCertificate, KnownPerson, RowData
from course.people_import.rules.planning import ImportPlan
from course.people_import.rules.team_paths import TeamPaths, TeamPlace
from course.translation import text_as_data, text_from_data


@dataclass(frozen=True)
class JournalStep:
    """What one line of the list writes: `number` is the line, `label` names the person in messages, `changes` as in
    ImportLine. `known` is the fingerprint of the person as the plan knew them, None for a new person."""

    number: int
    label: str
    changes: frozenset[str]
    row_data: RowData
    teams: tuple[TeamPlace, ...]
    managed_teams: tuple[TeamPlace, ...]
    person_id: int | None = None
    known: str | None = None


@dataclass(frozen=True)
class SkippedLine:
    """A line of the list that was not applied, and why."""

    number: int
    reason: str


def make_journal(plan: ImportPlan, team_paths: TeamPaths) -> tuple[JournalStep, ...]:
    """The steps of a plan: new people first, so that they can be added many at a time, then changes of known people."""
    lines = sorted((line for line in plan.lines if line.changes), key=lambda line: (line.kind != "added", line.number))
    return tuple(
        JournalStep(
            line.number,
            line.who,
            line.changes,
            line.row_data,
            _unique(team_paths.find(path) for path in line.row_data.teams),
            _unique(team_paths.find(path) for path in line.row_data.managed),
            line.person.id if line.person else None,
            person_fingerprint(line.person) if line.person else None,
        )
        for line in lines
    )


def _unique(team_paths: Iterable[TeamPlace]) -> tuple[TeamPlace, ...]:
    return tuple(dict.fromkeys(team_paths))


def person_fingerprint(person: KnownPerson) -> str:
    """The hash of all facts that a plan compares a row with. It differs as soon as one of the facts is changed."""
    facts = (
        person.name, person.email, person.staff_number, person.left, sorted(person.teams), sorted(person.manages),
        person.pathway, sorted(person.certificates), person.start, person.administrator, person.merged,
        *(("auditor",) if person.auditor else ()),
        *((person.sign_in_name,) if person.sign_in_name else ()),
        *([person.last_day] if person.last_day else []),
        *([("job role", person.job_role)] if person.job_role else []),
        *([("owned", sorted(person.owned.fields))] if person.owned.fields else []),
    )  # fmt: skip
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def dump_journal(steps: Sequence[JournalStep]) -> bytes:
    """The steps as compressed JSON."""
    return zlib.compress(json.dumps([_step_values(step) for step in steps], ensure_ascii=False).encode(), 1)


def load_journal(journal: bytes) -> tuple[JournalStep, ...]:
    """What `dump_journal` wrote."""
    return tuple(_step(values) for values in json.loads(zlib.decompress(journal)))


def _step_values(step: JournalStep) -> list[Any]:
    data = step.row_data
    row = [
        data.email, data.name, data.staff_number, data.pathway, _day_text(data.start), _day_text(data.leaving),
        [[one.day.isoformat(), _day_text(one.valid_until), one.issuer] for one in data.certificates],
        data.sign_in_name, data.job_role,
    ]  # fmt: skip
    return [
        step.number,
        step.label,
        sorted(step.changes),
        row,
        step.teams,
        step.managed_teams,
        step.person_id,
        step.known,
    ]


def _step(values: Sequence[Any]) -> JournalStep:
    number, label, changes, row, teams, managed_teams, person_id, known = values
    # Journals of earlier versions have no sign-in names, or no job roles.
    email, name, staff_number, pathway, start, leaving, certificates, sign_in_name, job_role = (*row, None, None)[:9]
    data = RowData(
        email=email, name=name, staff_number=staff_number, pathway=pathway, start=_day(start), leaving=_day(leaving),
        sign_in_name=sign_in_name, job_role=job_role,
        certificates=tuple(ImportCertificate(date.fromisoformat(day), _day(until), issuer) for day, until, issuer in certificates),
    )  # fmt: skip
    return JournalStep(
        number, label, frozenset(changes), data, _places(teams), _places(managed_teams), person_id, known
    )


def _places(values: Sequence[Any]) -> tuple[TeamPlace, ...]:
    return tuple(value if isinstance(value, int) else tuple(value) for value in values)


def _day_text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def dump_skipped(lines: Sequence[SkippedLine]) -> str | None:
    """Lines that were not applied as JSON; None if there are none."""
    return (
        json.dumps([[line.number, text_as_data(line.reason)] for line in lines], ensure_ascii=False) if lines else None
    )


def load_skipped(text: str | None) -> tuple[SkippedLine, ...]:
    """What `dump_skipped` wrote, here or in an earlier version, whose reasons are plain texts."""
    return tuple(SkippedLine(number, text_from_data(reason)) for number, reason in json.loads(text or "[]"))
