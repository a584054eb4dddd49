"""What to ask about one person whom somebody types in: the same as about a row of a list."""

from __future__ import annotations

from collections.abc import Iterable

from course.people.rules import PersonIdentity, sign_in_key
from course.people_import.rules.address_doubts import misspelt_address
from course.people_import.rules.character_damage import decoding_damage
from course.people_import.rules.matching import AmbiguousPersonError, KnownPerson, PeopleDirectory, RowData, match_row
from course.people_import.rules.name_counts import NameCounts
from course.people_import.rules.name_matching import name_likeness
from course.people_import.rules.plausibility import NewValues, implausible_values

_NOT_ASKED = "one-word"  # there is one field for the whole name, so that no part of it is in another column


def identity_questions(
    identity: PersonIdentity, before: PersonIdentity | None, others: PeopleDirectory | None
) -> list[str]:
    """The questions about an identity that is entered, in place of the one `before` if the person is known. `others` are the
    other people who may be the same person (`others_than`); None for a reader who may not know about them. Both identities
    are normalised."""
    was = before or PersonIdentity("")
    row_data = RowData(
        email=identity.email if identity.email and identity.email != was.email else "",
        name=identity.name,
        staff_number=identity.staff_number if identity.staff_number != was.staff_number else None,
        sign_in_name=identity.sign_in_name,
    )
    new = NewValues(identity.name != was.name, bool(row_data.email), row_data.staff_number is not None, ())
    words = [one.words for one in implausible_values(row_data, new) if one.kind != _NOT_ASKED]
    same = _same_person(row_data, others) if others is not None else ""
    return [*words, same] if same else words


def contact_questions(name: str, email: str) -> list[str]:
    """The questions about who answers, a person or a team, and their address, which may be one that several people read."""
    return [words for words in (decoding_damage(name), misspelt_address(email)) if words]


def others_than(
    person_id: int | None, before: PersonIdentity | None, name: str, known: Iterable[KnownPerson]
) -> PeopleDirectory:
    """Of the known people those who may be the same person as the one with this id, or as a new one. Two people of one name
    stay two when the address of one is corrected, and the name is not."""
    everyone = list(known)
    directory = PeopleDirectory(everyone)
    if before is None:
        return directory
    is_renamed = name_likeness(before.name, name) != "same"
    return PeopleDirectory(
        one
        for one in everyone
        if directory.current_entry(one).id != person_id and (is_renamed or name_likeness(one.name, name) != "same")
    )


def _same_person(row_data: RowData, directory: PeopleDirectory) -> str:
    """Whether it may be one of the others: empty if nothing says so, or if an address, a number or a sign-in name is taken,
    which is refused."""
    login = sign_in_key(row_data.sign_in_name or "")
    taken = (directory.by_email(row_data.email), directory.by_number(row_data.staff_number), directory.by_login(login))
    if any(one is not None for one in taken):
        return ""
    try:
        found = match_row(row_data, directory)
    except AmbiguousPersonError as error:
        return str(error)
    if found.question is not None:
        return found.question.words
    twin = NameCounts(directory, ()).twin_question(row_data.name or "") if found.person is None else None
    return twin.words if twin else found.note
