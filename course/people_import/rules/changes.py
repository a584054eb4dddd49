"""What a row would change about somebody, in words and as names of deeds."""

from __future__ import annotations

from datetime import date

from course.content.schema import SETTINGS
from course.people_import.rules.matching import ImportCertificate, KnownPerson, RowData
from course.people_import.rules.rows import RefusedRowError as RefusedRowError
from course.people_import.rules.team_paths import TeamPaths, TeamPlace
from course.text import normalise_line


def describe_new_person(wanted: RowData, places: TeamPaths) -> list[str]:
    """What a row says about somebody who is added, in words. Raises WrongError if they cannot be."""
    if wanted.name is None:
        raise RefusedRowError("The name is missing.")
    if wanted.manager and not wanted.managed:
        raise RefusedRowError("A manager needs a team.")
    notes = []
    for path in wanted.teams:
        notes.append(f"{'Manager of' if path in wanted.managed else 'Team'}: {places.words(places.find(path))}.")
    if wanted.pathway is not None:
        notes.append(f"Pathway: {_pathway_text(wanted.pathway)}.")
    return [*notes, *map(_certificate_text, wanted.certificates)]


def describe_changes(wanted: RowData, person: KnownPerson, places: TeamPaths) -> tuple[set[str], list[str]]:
    """What a row would change about somebody whom the course knows. Raises WrongError if it cannot."""
    deeds, notes = set(), []
    for what, label, new in (
        ("name", "Name", wanted.name), ("email", "Address", wanted.email),
        ("staff_number", "Staff number", wanted.staff_number),
    ):  # fmt: skip
        old = getattr(person, what)
        if new is not None and new != normalise_line(old or ""):
            deeds.add("correct")
            notes.append(f"{label}: {old or 'none'} → {new}.")
    found: list[TeamPlace] = [places.find(path) for path in wanted.teams]
    if any(place not in person.teams for place in found):
        deeds.add("team")
        before = ", ".join(sorted(places.words(one) for one in person.teams)) or "none"
        notes.append(f"Team: {before} → {', '.join(map(places.words, found))}.")
    managed = [place for place in map(places.find, wanted.managed) if place not in person.manages]
    if managed:
        deeds.add("manager")
        notes += [f"Becomes manager of {places.words(place)}." for place in managed]
    if wanted.manager and not wanted.managed and not person.manages:
        raise RefusedRowError("A manager needs a team.")
    if wanted.pathway is not None and wanted.pathway != person.pathway:
        deeds.add("pathway")
        before = _pathway_text(person.pathway) if person.pathway else "the usual one"
        notes.append(f"Pathway: {before} → {_pathway_text(wanted.pathway)}.")
    certificates = [one for one in wanted.certificates if one.day not in person.certificates]
    if certificates:
        deeds.add("certificate")
        notes += map(_certificate_text, certificates)
    return deeds, notes


def format_day(day: date | None) -> str:
    """A day as it is written."""
    return f"{day.day} {day:%B %Y}" if day else ""


def _pathway_text(pathway: str) -> str:
    return {str(key): words for key, words in SETTINGS.items()}.get(pathway, pathway)


def _certificate_text(one: ImportCertificate) -> str:
    until = f", valid until {format_day(one.valid_until)}" if one.valid_until else ""
    return f"Earlier certificate of {format_day(one.day)}{until} ({one.issuer})."
