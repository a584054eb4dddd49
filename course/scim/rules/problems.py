"""Why a call was refused: how the protocol says it, and what an administrator reads about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from course.translation import lazy_gettext as _

# How the protocol says it: 409 uniqueness, 403, 400 invalidValue, 404.
Refused = Literal["conflict", "forbidden", "invalid", "missing"]


@dataclass(frozen=True)
class Problem:
    """`detail` is what the identity provider logs, and names no person; `words` say on the page what to do."""

    refused: Refused
    detail: str
    words: str


PROBLEMS: dict[str, Problem] = {
    "user_name": Problem(
        "conflict",
        "Another user of this connection has this userName.",
        _("Two accounts have the same user name. Give one of them another user name in your identity provider."),
    ),
    "external_id": Problem(
        "conflict",
        "Another user of this connection has this externalId.",
        _("Two accounts have the same external ID. Check which attribute your identity provider sends as externalId."),
    ),
    "address": Problem(
        "conflict",
        "Someone else has this e-mail address.",
        _(
            "Someone else here has this e-mail address. Search for it in the list of people, and correct or merge the entry."
        ),
    ),
    "staff_number": Problem(
        "conflict",
        "Someone else has this employeeNumber.",
        _(
            "Someone else here has this staff number. Search for it in the list of people, and correct or merge the entry."
        ),
    ),
    "sign_in_name": Problem(
        "conflict",
        "Someone else has this sign-in name.",
        _(
            "Someone else here has this sign-in name. Search for it in the list of people, and correct or merge the entry."
        ),
    ),
    "two_people": Problem(
        "conflict",
        "The userName, e-mail address and employeeNumber belong to two people, or the name is of someone else.",
        _(
            "The e-mail address and the staff number belong to two people here, or to someone with another name. If they are "
            "one person, correct or merge the entries. If not, correct the account in your identity provider."
        ),
    ),
    "other_connection": Problem(
        "conflict",
        "Another connection owns this person.",
        _("This person comes from another connection. Only one connection can own a person."),
    ),
    "administrator": Problem(
        "conflict",
        "This person is an administrator or auditor, and this connection does not own administrators.",
        _(
            "This person is an administrator or auditor, so nothing was changed. If this connection may change administrators "
            "and auditors, say so below."
        ),
    ),
    "administrator_identity": Problem(
        "forbidden",
        "This person is an administrator or auditor, and this connection does not own administrators.",
        _(
            "The name or address of an administrator or auditor was not changed. If this connection may change administrators "
            "and auditors, say so below."
        ),
    ),
    "last_administrator": Problem(
        "forbidden",
        "This is the only administrator who can sign in.",
        _("The only administrator was not deactivated. Make someone else an administrator first."),
    ),
    "merged": Problem(
        "conflict",
        "This entry was merged into another one.",
        _("This entry was merged into that of another account. Deactivate one of the two in your identity provider."),
    ),
    "stay": Problem(
        "conflict",
        "The first day of this person is still to come.",
        _("The first day of this person is still to come, so they cannot have left. Correct it on their page."),
    ),
    "name": Problem(
        "invalid",
        "The name is longer than 200 characters.",
        _("The name is longer than 200 characters."),
    ),
    "email": Problem(
        "invalid",
        "The e-mail address is longer than 254 characters.",
        _("The e-mail address is longer than 254 characters."),
    ),
    "number": Problem(
        "invalid",
        "The employeeNumber is longer than 50 characters.",
        _("The staff number is longer than 50 characters."),
    ),
    "title": Problem(
        "invalid",
        "The title is longer than 100 characters.",
        _("The job title is longer than 100 characters."),
    ),
    "long": Problem(
        "invalid",
        "A value is longer than 254 characters.",
        _("A user name, external ID or name of a group is longer than 254 characters."),
    ),
    "characters": Problem(
        "invalid",
        "A value holds a character that cannot be stored.",
        _("A value holds a character that cannot be stored."),
    ),
    "login": Problem(
        "invalid",
        "Send an e-mail address, or a userName of 2 to 50 letters, digits, spaces, dots and hyphens.",
        _("The account has no e-mail address, and its user name cannot be used to sign in."),
    ),
    "member": Problem(
        "invalid",
        "A member is not a user of this connection.",
        _("A group has a member that this connection does not know. Provision the person first."),
    ),
    "ended": Problem(
        "forbidden",
        "This connection has ended.",
        _("This connection has ended."),
    ),
    "unknown": Problem("missing", "There is no such resource.", _("The account or group is not known here.")),
}


class ProvisioningRefusedError(Exception):
    """A call that changes nothing, for the reason of this key of PROBLEMS; `person_id` is the person in whose entry an
    administrator finds out more."""

    def __init__(self, code: str, person_id: int | None = None) -> None:
        super().__init__(PROBLEMS[code].detail)
        self.code = code
        self.person_id = person_id


def problem_words(status: int, code: str | None) -> str:
    """What an administrator reads about a call that failed with this HTTP status."""
    if code in PROBLEMS:
        return PROBLEMS[code].words
    if status == 404:
        return PROBLEMS["unknown"].words
    if status == 412:
        return _("The account or group had changed in the meantime. Your identity provider will try again.")
    if status == 409:
        return _("Two accounts or groups have a value that only one may have.")
    if status in (429, 503):
        return _("The course was busy. Your identity provider will try again.")
    return _("Your identity provider sent something that the course does not understand. Check its attribute mappings.")
