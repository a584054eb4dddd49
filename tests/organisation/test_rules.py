"""When a contact counts as confirmed, and the title of the safeguarding lead."""

from __future__ import annotations

from datetime import date

import pytest

from course.organisation.rules.contacts import ContactDetails, is_confirmation, is_review_overdue, lead_label

JO = ContactDetails("Jo", "01632 960101", "jo@example.org")


@pytest.mark.parametrize(
    ("before", "typed", "is_still_correct", "expected"),
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
def test_a_contact_is_confirmed_by_a_change_or_by_a_tick(
    before: ContactDetails, typed: ContactDetails, is_still_correct: bool, expected: bool
) -> None:
    assert is_confirmation(before, typed, is_still_correct) is expected


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


def test_the_title_of_the_lead_is_capitalised_and_general_while_it_is_unknown() -> None:
    assert lead_label("designated safeguarding person") == "Designated safeguarding person"
    assert lead_label(None) == "Safeguarding lead"
