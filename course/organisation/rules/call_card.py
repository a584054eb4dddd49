"""The telephone numbers of "Worried about a child?": who is rung first, how old each number is, and the file for a phone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

UNCONFIRMED_AFTER_MONTHS = 12


@dataclass(frozen=True)
class CallEntry:
    """A contact as the card shows it.

    `label` is the role, `phone` the number as it was typed, `dial` what a telephone dials (None where the number cannot
    be recognised with certainty), `confirmed_on` the day on which somebody last said that the entry is right.
    """

    kind: str
    label: str
    name: str
    phone: str
    dial: str | None
    email: str
    confirmed_on: date


@dataclass(frozen=True)
class PhoneEntry:
    """A person or service for the address book of a phone; `dial` is a dial string."""

    name: str
    dial: str
    note: str = ""


def months_unconfirmed(confirmed_on: date, today: date) -> int | None:
    """The whole months since a contact was confirmed, once they are UNCONFIRMED_AFTER_MONTHS or more; otherwise None."""
    months = (today.year - confirmed_on.year) * 12 + today.month - confirmed_on.month
    months -= today.day < confirmed_on.day
    return months if months >= UNCONFIRMED_AFTER_MONTHS else None


def address_book(entries: Iterable[PhoneEntry], organisation: str) -> bytes:
    """The entries as vCards (version 3.0, RFC 2426, which every phone reads): one for each number."""
    return b"".join(_vcard(entry, organisation) for entry in entries)


def _vcard(entry: PhoneEntry, organisation: str) -> bytes:
    from icalendar.parser import Contentline  # noqa: PLC0415 (it needs 2 MiB, and few processes make a card)

    lines = [
        "BEGIN:VCARD",
        "VERSION:3.0",
        f"FN:{_escaped(entry.name)}",
        # N is required. The whole name as the family name keeps a phone from turning its words round.
        f"N:{_escaped(entry.name)};;;;",
        f"ORG:{_escaped(organisation)}",
        # Two pauses before an extension, as phones write them.
        f"TEL;TYPE=WORK:{entry.dial.replace(';ext=', ',,')}",
        *([f"NOTE:{_escaped(entry.note)}"] if entry.note else []),
        "END:VCARD",
    ]
    # The library of iCalendar folds long lines between characters, as both formats ask.
    folded = [Contentline(line).to_ical() for line in lines]  # type: ignore[no-untyped-call]
    return b"".join(line + b"\r\n" for line in folded)


def _escaped(text: str) -> str:
    """A value of a vCard: what would end it or divide it is escaped."""
    one_line = text.replace("\r\n", "\n").replace("\r", "\n")
    return one_line.translate({92: "\\\\", 59: "\\;", 44: "\\,", 10: "\\n"})
