"""When a contact counts as confirmed anew, and what the lead is called."""

from __future__ import annotations

import pytest

from course.organisation.rules import Details, confirms, lead_label

JO = Details("Jo", "01632 960101", "jo@example.org")


@pytest.mark.parametrize(
    ("before", "typed", "still_right", "expected"),
    [
        (JO, JO, False, False),
        (JO, JO, True, True),
        (JO, Details("Jo", "01632 960102", "jo@example.org"), False, True),
        (JO, Details(), False, True),
        (Details(), JO, False, True),
        (Details(), Details(), False, False),
        (Details(), Details(), True, False),
    ],
)
def test_a_contact_is_confirmed_by_a_change_or_by_saying_so(
    before: Details, typed: Details, still_right: bool, expected: bool
) -> None:
    assert confirms(before, typed, still_right) is expected


def test_the_lead_is_called_what_the_nation_calls_them() -> None:
    terms = {"wales": "designated safeguarding person"}
    assert lead_label(terms, "wales") == "Designated safeguarding person"
    assert lead_label(terms, None) == "Safeguarding lead"
