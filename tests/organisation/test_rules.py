"""When a contact counts as confirmed anew, and what the lead is called."""

from __future__ import annotations

from datetime import date

import pytest

from course.organisation.rules.contacts import ContactDetails, is_confirmation, is_review_overdue, lead_label

JO = ContactDetails("Jo", "01632 960101", "jo@example.org")


@pytest.mark.parametrize(
    ("before", "typed", "still_right", "expected"),
    [
        (JO, JO, False, False),
        (JO, JO, True, True),
        (JO, ContactDetails("Jo", "01632 960102", "jo@example.org"), False, True),
        (JO, ContactDetails(), False, True),
        (ContactDetails(), JO, False, True),
        (ContactDetails(), ContactDetails(), False, False),
        (ContactDetails(), ContactDetails(), True, False),
    ],
)
def test_a_contact_is_confirmed_by_a_change_or_by_saying_so(
    before: ContactDetails, typed: ContactDetails, still_right: bool, expected: bool
) -> None:
    assert is_confirmation(before, typed, still_right) is expected


@pytest.mark.parametrize(
    ("months", "today", "expected"),
    [
        (12, date(2027, 2, 28), False),
        (12, date(2027, 3, 1), True),
        (12, date(2026, 3, 1), False),
        (3, date(2026, 5, 28), False),
        (3, date(2026, 5, 29), True),
    ],
)
def test_a_contact_is_stale_from_the_day_after_its_review(months: int, today: date, expected: bool) -> None:
    assert is_review_overdue(date(2026, 2, 28), months, today) is expected


def test_the_lead_is_called_what_the_nation_calls_them() -> None:
    terms = {"wales": "designated safeguarding person"}
    assert lead_label(terms, "wales") == "Designated safeguarding person"
    assert lead_label(terms, None) == "Safeguarding lead"
