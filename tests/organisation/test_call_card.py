"""The numbers of "Worried about a child?": their age, their order, and the file for a phone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from course.clock import now
from course.context import make_context
from course.organisation.actions import confirm_contact
from course.organisation.rules.call_card import PhoneEntry, address_book, months_unconfirmed
from tests.makers import make_organisation
from tests.pages import Client

KINDS = ("lead", "deputy", "out-of-hours", "social-care")


@pytest.mark.parametrize(
    ("confirmed", "today", "expected"),
    [
        (date(2026, 11, 29), date(2026, 11, 29), None),
        (date(2025, 11, 30), date(2026, 11, 29), None),
        (date(2025, 11, 29), date(2026, 11, 29), 12),
        (date(2025, 10, 25), date(2026, 11, 29), 13),
        (date(2024, 2, 29), date(2025, 2, 28), None),
        (date(2024, 2, 29), date(2025, 3, 1), 12),
        (date(2020, 1, 1), date(2026, 1, 1), 72),
    ],
)
def test_a_contact_counts_as_unchecked_after_twelve_whole_months(
    confirmed: date, today: date, expected: int | None
) -> None:
    assert months_unconfirmed(confirmed, today) == expected


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (PhoneEntry("Jo Lee", "01632960101"), ["FN:Jo Lee", "N:Jo Lee;;;;", "TEL;TYPE=WORK:01632960101"]),
        (PhoneEntry("Lee, Jo; lead", "+441632960101"), ["FN:Lee\\, Jo\\; lead", "N:Lee\\, Jo\\; lead;;;;"]),
        (PhoneEntry("Jo", "01632960101;ext=4"), ["TEL;TYPE=WORK:01632960101,,4"]),
        (PhoneEntry("Jo", "101", "One\r\nTEL:666"), ["NOTE:One\\nTEL:666", "ORG:Hill\\, Trust"]),
    ],
)
def test_a_vcard_holds_what_is_known_and_nothing_that_the_name_smuggles_in(
    entry: PhoneEntry, expected: list[str]
) -> None:
    lines = address_book([entry], "Hill, Trust").decode().split("\r\n")
    assert lines[:2] == ["BEGIN:VCARD", "VERSION:3.0"]
    assert lines[-2:] == ["END:VCARD", ""]
    assert [line for line in expected if line not in lines] == []
    assert sum(line.startswith("TEL") for line in lines) == 1


def test_a_long_name_is_folded_between_characters() -> None:
    data = address_book([PhoneEntry("Łukasz " * 30, "101")], "Hill Trust")
    assert max(map(len, data.split(b"\r\n"))) <= 75
    assert "FN:" + "Łukasz " * 30 in data.decode().replace("\r\n ", "")


def test_the_card_rings_each_contact_in_order_and_says_which_number_nobody_has_checked(
    session: Session, client: Client
) -> None:
    make_organisation(session, nation="wales")
    for number, kind in enumerate(KINDS):
        age = timedelta(days=400 if kind == "out-of-hours" else 10)
        confirm_contact(make_context(session, None, now() - age), kind, f"Jo {kind}", f"01632 96010{number}", "")
    session.commit()
    for path in ("/concern", "/first-hour"):
        page = client.get(path)
        calls = [link for link in page.all("a") if "call" in link.get("class", "").split()]
        assert [link.get("href") for link in calls] == ["tel:999", *(f"tel:0163296010{n}" for n in range(4))]
        assert page.text.count("Not checked for 13 months") == 1
        assert (
            page.text.index("Jo out-of-hours")
            < page.text.index("Not checked for 13 months")
            < page.text.index("Jo social-care")
        )


def test_the_numbers_can_be_saved_to_a_phone_without_signing_in(session: Session, client: Client) -> None:
    make_organisation(session, nation="scotland")
    context = make_context(session, None, datetime(2026, 3, 2, 9, tzinfo=UTC))
    confirm_contact(context, "lead", "Jo Lee", "01632 960101", "")
    session.commit()
    assert "/concern/numbers.vcf" in client.get("/concern").html
    page = client.get("/concern/numbers.vcf")
    text = page.body.decode().replace("\r\n ", "")
    assert page.headers["Content-Type"].startswith("text/vcard")
    assert "attachment" in page.headers["Content-Disposition"]
    assert "FN:Child protection coordinator: Jo Lee\r\n" in text
    assert "NOTE:Checked 2 March 2026" in text
    assert "TEL;TYPE=WORK:08001111" in text
    assert text.count("BEGIN:VCARD") == text.count("TEL;TYPE=WORK:") == text.count("END:VCARD")
