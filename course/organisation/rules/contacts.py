"""The safeguarding contacts of an organisation: when an entry counts as confirmed, and when its review is overdue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from course.content.rendering import capitalised
from course.dates import add_months
from course.translation import lazy_gettext as _

# The kinds of contact, in the order in which people try them.
CONTACT_KINDS = {
    "lead": _("Safeguarding lead"),
    "deputy": _("Deputy"),
    "out-of-hours": _("After hours"),
    "social-care": _("Children’s social care or social work"),
}

# The months between reviews of a contact, with their labels.
REVIEW_INTERVALS = {3: _("3 months"), 6: _("6 months"), 12: _("12 months")}


@dataclass(frozen=True)
class ContactView:
    """A contact as pages show it: the newest row of its kind at its place. `team_id` is the team that it was set for, None
    for the whole organisation."""

    id: int
    kind: str
    name: str
    phone: str
    email: str
    confirmed_at: datetime
    owner_id: int | None = None
    review_months: int = 12
    team_id: int | None = None


@dataclass(frozen=True)
class ContactDetails:
    """The details of a contact: all three are empty for a contact that nobody has filled in."""

    name: str = ""
    phone: str = ""
    email: str = ""


def is_confirmation(before: ContactDetails, typed: ContactDetails, is_still_correct: bool) -> bool:
    """Whether saving the form confirms a contact as of now: it was changed, or ticked as still correct."""
    return typed != before or (is_still_correct and typed != ContactDetails())


def is_review_overdue(confirmed_on: date, review_months: int, today: date) -> bool:
    """Whether a contact was due for review before `today`."""
    return add_months(confirmed_on, review_months) < today


def lead_label(term: str | None) -> str:
    """The title of the safeguarding lead, capitalised; a general one while `term` is unknown."""
    return capitalised(term) if term else CONTACT_KINDS["lead"]
