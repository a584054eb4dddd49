"""What is said about a row and the person with whom it was matched: notes, questions and refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course.text import comparison_key
from course.translation import lazy_gettext as _

if TYPE_CHECKING:
    from course.people_import.rules.matching import KnownPerson


def _identity(person: KnownPerson) -> dict[str, str]:
    return {"name": person.name, "email": person.label}


def belongs_to_two(first: KnownPerson, second: KnownPerson) -> str:
    """The staff number is that of the first person, the address that of the second."""
    return _(
        "The staff number belongs to %(name)s (%(email)s), but the address to %(other)s.",
        **_identity(first),
        # Two people of one name are told apart.
        other=f"{second.name} ({second.label})"
        if comparison_key(first.name) == comparison_key(second.name)
        else second.name,
    )


def login_of_other(person: KnownPerson) -> str:
    """The sign-in name is that of another person."""
    return _(
        "The sign-in name is that of %(name)s (%(email)s). Give this person another one in a column of sign-in names.",
        **_identity(person),
    )


def number_question(person: KnownPerson) -> str:
    """Whether a row without an address, with the staff number of a person and another name, is about them."""
    return _(
        "The staff number is that of %(name)s (%(email)s), and the row has no address. Is it the same person?",
        **_identity(person),
    )


def only_number_agrees(person: KnownPerson, number: str | None, has_address: bool) -> str:
    """The staff number is that of a person with another name and another address."""
    if not has_address:
        return _(
            "The staff number %(number)s is that of %(name)s (%(email)s), and the name in this row is not theirs.",
            **_identity(person),
            number=number,
        )
    return _(
        "The staff number %(number)s is that of %(name)s (%(email)s), and neither the name nor the address in this row is theirs. "
        "If the number is not one person’s, leave the cell empty.",
        **_identity(person),
        number=number,
    )


def identity_question(person: KnownPerson, by_number: bool, by_address: bool, differs: bool) -> str:
    """Whether a row with the staff number, the address, or both of a person is about them. With the staff number alone the
    address is another one, and the name as well if it `differs`."""
    if by_number and by_address:
        question = _(
            "The staff number and address are that of %(name)s (%(email)s), but the name in this row is different. "
            "Is it the same person?",
            **_identity(person),
        )
    elif by_address:
        question = _(
            "The address is that of %(name)s (%(email)s), but the name in this row is different. Is it the same person?",
            **_identity(person),
        )
    elif differs:
        question = _(
            "The staff number is that of %(name)s (%(email)s), but the name and address in this row are different. "
            "Is it the same person?",
            **_identity(person),
        )
    else:
        question = _(
            "The staff number is that of %(name)s (%(email)s), but the address in this row is different. "
            "Is it the same person?",
            **_identity(person),
        )
    return question


def is_another_person(person: KnownPerson, by_number: bool, by_address: bool) -> str:
    """It was decided that the row is about another person, who cannot have the same staff number or address."""
    if by_number and by_address:
        return _(
            "It is not %(name)s, but has their staff number and address. Change one of them.",
            name=person.name,
        )
    if by_address:
        return _("It is not %(name)s, but has their address. Change one of them.", name=person.name)
    return _("It is not %(name)s, but has their staff number. Change one of them.", name=person.name)


def address_of_other_number(person: KnownPerson) -> str:
    """The address is that of a person with another staff number."""
    return _("This address belongs to staff number %(number)s, %(name)s.", number=person.staff_number, name=person.name)


def number_was_of(before: KnownPerson, person: KnownPerson) -> str:
    """The staff number was that of one person, and the row is about another."""
    return _(
        "The staff number was that of %(name)s (%(email)s), and this is %(other)s.",
        **_identity(before),
        other=person.name,
    )


def number_was_of_but_address(before: KnownPerson, person: KnownPerson) -> str:
    """The staff number was that of one person, and the address is that of another."""
    return _(
        "The staff number was that of %(name)s (%(email)s), but the address is that of %(other)s.",
        **_identity(before),
        other=person.name,
    )


def address_of_former(person: KnownPerson) -> str:
    """The address is that of a person who has left, with another name and staff number."""
    return _(
        "This is the address of %(name)s, who has left. The name and staff number are different. If it is the same person, "
        "correct their entry first. If not, change the address of that entry.",
        name=person.name,
    )


def number_may_be_changed(person: KnownPerson, new: str) -> str:
    """A spreadsheet may have changed the staff number of the person into the one of the row."""
    return _(
        "%(name)s has the staff number %(old)s; %(new)s may be the same, as a spreadsheet changes numbers.",
        name=person.name,
        old=person.staff_number,
        new=new,
    )


def number_is_new(person: KnownPerson, new: str) -> str:
    """The row gives the person another staff number."""
    return _(
        "%(name)s has the staff number %(old)s; the list says %(new)s.",
        name=person.name,
        old=person.staff_number,
        new=new,
    )


def may_be_by_number(person: KnownPerson) -> str:
    """The row may be about a person whose staff number a spreadsheet has changed."""
    return _(
        "This may be %(name)s (%(email)s, staff number %(number)s): a spreadsheet changes numbers, such as by taking zeros away. "
        "The address is another one.",
        **_identity(person),
        number=person.staff_number,
    )


def may_be_by_name(person: KnownPerson, has_address: bool) -> str:
    """The row may be about a person of that name with another address."""
    if not has_address or not person.email:
        return _("This may be %(name)s (%(email)s).", **_identity(person))
    if person.left is not None:
        return _("This may be %(name)s (%(email)s, who has left), with a new address.", **_identity(person))
    return _("This may be %(name)s (%(email)s), with a new address.", **_identity(person))


def merged_entry(person: KnownPerson) -> str:
    """The row names an entry that was merged with that of the person."""
    return _("An entry that this row names was merged with that of %(name)s (%(email)s).", **_identity(person))


def merged_entry_other_name() -> str:
    """The name in a row about a merged entry is neither of the two."""
    return _("But the name is different. Correct the list, or add them on the People page.")


def merged_entry_leaves() -> str:
    """The last day in a row about a merged entry is not taken."""
    return _("Its last day may be that of the other entry: if they have left, record it on their page.")


def former_address(email: str, person: KnownPerson) -> str:
    """The row has an earlier address of the person."""
    return _(
        "%(former)s is an earlier address of %(name)s, whose address stays %(email)s.",
        former=email,
        **_identity(person),
    )


def former_number(number: str | None, person: KnownPerson) -> str:
    """The row has an earlier staff number of the person."""
    if person.staff_number:
        return _(
            "%(former)s is an earlier staff number of %(name)s, whose number stays %(number)s.",
            former=number,
            name=person.name,
            number=person.staff_number,
        )
    return _("%(former)s is an earlier staff number of %(name)s, who has none now.", former=number, name=person.name)


def former_number_new_address(number: str | None, person: KnownPerson) -> str:
    """The row has an earlier staff number of the person and an address that nobody has."""
    return _(
        "%(former)s is an earlier staff number of %(name)s, whose address stays %(email)s.",
        former=number,
        **_identity(person),
    )
