"""What a row would change about somebody, in words and as names of deeds."""

from __future__ import annotations

from datetime import date

from course.content.schema import SETTINGS
from course.people_import.rules.matching import Certificate, Somebody, Wanted
from course.people_import.rules.rows import WrongError as WrongError
from course.people_import.rules.team_paths import Place, Places
from course.text import tidy


def new_person(wanted: Wanted, places: Places) -> list[str]:
    """What a row says about somebody who is added, in words. Raises WrongError if they cannot be."""
    if wanted.name is None:
        raise WrongError("The name is missing.")
    if wanted.manager and not wanted.managed:
        raise WrongError("A manager needs a team.")
    notes = []
    for path in wanted.teams:
        notes.append(f"{'Manager of' if path in wanted.managed else 'Team'}: {places.words(places.find(path))}.")
    if wanted.pathway is not None:
        notes.append(f"Pathway: {_pathway(wanted.pathway)}.")
    return [*notes, *map(_certificate, wanted.certificates)]


def changes(wanted: Wanted, person: Somebody, places: Places) -> tuple[set[str], list[str]]:
    """What a row would change about somebody whom the course knows. Raises WrongError if it cannot."""
    deeds, notes = set(), []
    for what, label, new in (
        ("name", "Name", wanted.name), ("email", "Address", wanted.email),
        ("staff_number", "Staff number", wanted.staff_number),
    ):  # fmt: skip
        old = getattr(person, what)
        if new is not None and new != tidy(old or ""):
            deeds.add("correct")
            notes.append(f"{label}: {old or 'none'} → {new}.")
    found: list[Place] = [places.find(path) for path in wanted.teams]
    if any(place not in person.teams for place in found):
        deeds.add("team")
        before = ", ".join(sorted(places.words(one) for one in person.teams)) or "none"
        notes.append(f"Team: {before} → {', '.join(map(places.words, found))}.")
    managed = [place for place in map(places.find, wanted.managed) if place not in person.manages]
    if managed:
        deeds.add("manager")
        notes += [f"Becomes manager of {places.words(place)}." for place in managed]
    if wanted.manager and not wanted.managed and not person.manages:
        raise WrongError("A manager needs a team.")
    if wanted.pathway is not None and wanted.pathway != person.pathway:
        deeds.add("pathway")
        before = _pathway(person.pathway) if person.pathway else "the usual one"
        notes.append(f"Pathway: {before} → {_pathway(wanted.pathway)}.")
    certificates = [one for one in wanted.certificates if one.day not in person.certificates]
    if certificates:
        deeds.add("certificate")
        notes += map(_certificate, certificates)
    return deeds, notes


def words_of(day: date | None) -> str:
    """A day as it is written."""
    return f"{day.day} {day:%B %Y}" if day else ""


def _pathway(pathway: str) -> str:
    return {str(key): words for key, words in SETTINGS.items()}.get(pathway, pathway)


def _certificate(one: Certificate) -> str:
    until = f", valid until {words_of(one.valid_until)}" if one.valid_until else ""
    return f"Earlier certificate of {words_of(one.day)}{until} ({one.issuer})."
