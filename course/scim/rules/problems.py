"""Why a call was refused: how the protocol says it, and what an administrator reads about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from course.scim.rules.problem_details import PROBLEM_DETAILS
from course.translation import lazy_gettext as _

# How the protocol says it: 409 uniqueness, 403, 400 invalidValue, 404.
Refused = Literal["conflict", "forbidden", "invalid", "missing"]


@dataclass(frozen=True)
class ProvisioningProblem:
    """How the protocol says it, and `words` that say on the page what to do. What the identity provider logs stands in
    rules/problem_details."""

    refused: Refused
    words: str


PROBLEMS: dict[str, ProvisioningProblem] = {
    "user_name": ProvisioningProblem(
        "conflict",
        _("Two accounts have the same user name. Give one of them another user name in your identity provider."),
    ),
    "external_id": ProvisioningProblem(
        "conflict",
        _("Two accounts have the same external ID. Check which attribute your identity provider sends as externalId."),
    ),
    "address": ProvisioningProblem(
        "conflict",
        _(
            "Someone else here has this e-mail address. Search for it in the list of people, and correct or merge the entry."
        ),
    ),
    "staff_number": ProvisioningProblem(
        "conflict",
        _(
            "Someone else here has this staff number. Search for it in the list of people, and correct or merge the entry."
        ),
    ),
    "sign_in_name": ProvisioningProblem(
        "conflict",
        _(
            "Someone else here has this sign-in name. Search for it in the list of people, and correct or merge the entry."
        ),
    ),
    "two_people": ProvisioningProblem(
        "conflict",
        _(
            "The e-mail address and the staff number belong to two people here, or to someone with another name. If they are "
            "one person, correct or merge the entries. If not, correct the account in your identity provider."
        ),
    ),
    "other_connection": ProvisioningProblem(
        "conflict",
        _("This person comes from another connection. Only one connection can own a person."),
    ),
    "administrator": ProvisioningProblem(
        "conflict",
        _(
            "This person is an administrator or auditor, so nothing was changed. If this connection may change administrators "
            "and auditors, say so below."
        ),
    ),
    "administrator_identity": ProvisioningProblem(
        "forbidden",
        _(
            "The name or address of an administrator or auditor was not changed. If this connection may change administrators "
            "and auditors, say so below."
        ),
    ),
    "last_administrator": ProvisioningProblem(
        "forbidden",
        _("The only administrator was not deactivated. Make someone else an administrator first."),
    ),
    "merged": ProvisioningProblem(
        "conflict",
        _("This entry was merged into that of another account. Deactivate one of the two in your identity provider."),
    ),
    "stay": ProvisioningProblem(
        "conflict",
        _("The first day of this person is still to come, so they cannot have left. Correct it on their page."),
    ),
    "name": ProvisioningProblem(
        "invalid",
        _("The name is longer than 200 characters."),
    ),
    "email": ProvisioningProblem(
        "invalid",
        _("The e-mail address is longer than 254 characters."),
    ),
    "number": ProvisioningProblem(
        "invalid",
        _("The staff number is longer than 50 characters."),
    ),
    "title": ProvisioningProblem(
        "invalid",
        _("The job title is longer than 100 characters."),
    ),
    "long": ProvisioningProblem(
        "invalid",
        _("A user name, external ID or name of a group is longer than 254 characters."),
    ),
    "characters": ProvisioningProblem(
        "invalid",
        _("A value holds a character that cannot be stored."),
    ),
    "login": ProvisioningProblem(
        "invalid",
        _("The account has no e-mail address, and its user name cannot be used to sign in."),
    ),
    "member": ProvisioningProblem(
        "invalid",
        _("A group has a member that this connection does not know. Provision the person first."),
    ),
    "ended": ProvisioningProblem(
        "forbidden",
        _("This connection has ended."),
    ),
    "unknown": ProvisioningProblem("missing", _("The account or group is not known here.")),
}


class ProvisioningRefusedError(Exception):
    """A call that changes nothing, for the reason of this key of PROBLEMS; `person_id` is the person in whose entry an
    administrator finds out more."""

    def __init__(self, code: str, person_id: int | None = None) -> None:
        super().__init__(PROBLEM_DETAILS[code])
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
