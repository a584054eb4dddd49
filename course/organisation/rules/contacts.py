"""Whom an organisation names, when what it says about them counts as confirmed anew, and when it is stale."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from course.dates import add_months

# The kinds of contact, in the order in which somebody would try them.
CONTACT_KINDS = {
    "lead": "Safeguarding lead",
    "deputy": "Deputy",
    "out-of-hours": "Outside working hours",
    "social-care": "Children’s social care or social work",
}

# After how many months somebody looks at a contact again, and the words for it.
REVIEW_INTERVALS = {3: "3 months", 6: "6 months", 12: "A year"}


@dataclass(frozen=True)
class ContactDetails:
    """Who to turn to: all three are empty for a contact that nobody has filled in."""

    name: str = ""
    phone: str = ""
    email: str = ""


def is_confirmation(before: ContactDetails, typed: ContactDetails, still_right: bool) -> bool:
    """Whether saving the form confirms a contact as of now: it was changed, or said to be still right."""
    return typed != before or (still_right and typed != ContactDetails())


def is_review_overdue(confirmed_on: date, review_months: int, today: date) -> bool:
    """Whether a contact was to be looked at again before `today`, and was not."""
    return add_months(confirmed_on, review_months) < today


def lead_label(terms: dict[str, str], nation: str | None) -> str:
    """What the lead is called in a nation, with a capital; a word for all before the nation is known."""
    term = terms.get(nation or "", "")
    return term[:1].upper() + term[1:] if term else CONTACT_KINDS["lead"]
