"""The changes of a row to one person, as names and as descriptions."""

from __future__ import annotations

from datetime import date

from course.content.schema import SETTINGS
from course.people_import.rules.matching import ImportCertificate, KnownPerson, RowData
from course.people_import.rules.rows import RefusedRowError as RefusedRowError
from course.people_import.rules.team_paths import TeamPaths, TeamPlace
from course.text import normalise_line


def describe_new_person(row_data: RowData, team_paths: TeamPaths) -> list[str]:
    """The description of a person who is added. Raises RefusedRowError if a required value is missing."""
    if row_data.name is None:
        raise RefusedRowError("The name is missing.")
    if row_data.manager and not row_data.managed:
        raise RefusedRowError("A manager needs a team.")
    notes = []
    for path in row_data.teams:
        notes.append(
            f"{'Manager of' if path in row_data.managed else 'Team'}: {team_paths.words(team_paths.find(path))}."
        )
    if row_data.pathway is not None:
        notes.append(f"Pathway: {_pathway_text(row_data.pathway)}.")
    return [*notes, *map(_certificate_text, row_data.certificates)]


def describe_changes(row_data: RowData, person: KnownPerson, team_paths: TeamPaths) -> tuple[set[str], list[str]]:
    """The names and the descriptions of the changes of a row to a known person. Raises RefusedRowError for a manager without a
    team."""
    changes, notes = set(), []
    for what, label, new in (
        ("name", "Name", row_data.name), ("email", "Address", row_data.email),
        ("staff_number", "Staff number", row_data.staff_number),
    ):  # fmt: skip
        old = getattr(person, what)
        if new is not None and new != normalise_line(old or ""):
            changes.add("correct")
            notes.append(f"{label}: {old or 'none'} → {new}.")
    found: list[TeamPlace] = [team_paths.find(path) for path in row_data.teams]
    if any(place not in person.teams for place in found):
        changes.add("team")
        before = ", ".join(sorted(team_paths.words(one) for one in person.teams)) or "none"
        notes.append(f"Team: {before} → {', '.join(map(team_paths.words, found))}.")
    managed = [place for place in map(team_paths.find, row_data.managed) if place not in person.manages]
    if managed:
        changes.add("manager")
        notes += [f"Becomes manager of {team_paths.words(place)}." for place in managed]
    if row_data.manager and not row_data.managed and not person.manages:
        raise RefusedRowError("A manager needs a team.")
    if row_data.pathway is not None and row_data.pathway != person.pathway:
        changes.add("pathway")
        before = _pathway_text(person.pathway) if person.pathway else "the usual one"
        notes.append(f"Pathway: {before} → {_pathway_text(row_data.pathway)}.")
    certificates = [one for one in row_data.certificates if one.day not in person.certificates]
    if certificates:
        changes.add("certificate")
        notes += map(_certificate_text, certificates)
    return changes, notes


def format_day(day: date | None) -> str:
    """A date in words, such as 5 January 2026; empty for None."""
    return f"{day.day} {day:%B %Y}" if day else ""


def _pathway_text(pathway: str) -> str:
    return {str(key): words for key, words in SETTINGS.items()}.get(pathway, pathway)


def _certificate_text(one: ImportCertificate) -> str:
    until = f", valid until {format_day(one.valid_until)}" if one.valid_until else ""
    return f"Earlier certificate of {format_day(one.day)}{until} ({one.issuer})."
