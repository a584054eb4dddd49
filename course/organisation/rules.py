"""Whom an organisation names, and when what it says about them counts as confirmed anew."""

from __future__ import annotations

from dataclasses import dataclass

# The kinds of contact, in the order in which somebody would try them.
KINDS = {
    "lead": "Safeguarding lead",
    "deputy": "Deputy",
    "out-of-hours": "Outside working hours",
    "social-care": "Children’s social care or social work",
}


@dataclass(frozen=True)
class Details:
    """Who to turn to: all three are empty for a contact that nobody has filled in."""

    name: str = ""
    phone: str = ""
    email: str = ""


def confirms(before: Details, typed: Details, still_right: bool) -> bool:
    """Whether saving the form confirms a contact as of now: it was changed, or said to be still right."""
    return typed != before or (still_right and typed != Details())


def lead_label(terms: dict[str, str], nation: str | None) -> str:
    """What the lead is called in a nation, with a capital; a word for all before the nation is known."""
    term = terms.get(nation or "", "")
    return term[:1].upper() + term[1:] if term else KINDS["lead"]
