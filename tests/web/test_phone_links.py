"""Telephone links dial what is shown. All numbers are set aside for drama by Ofcom, or public lines."""

from __future__ import annotations

import pytest
from flask import Flask

from course.organisation.forms import ContactForm
from course.web.phone_links import dial_string, split_phone_numbers
from course.web.template_filters import link_phone_numbers

# One number, and what a link on it dials.
ONE = [
    ("01632 960123", "01632960123"),
    ("(01632) 960101", "01632960101"),
    ("01632-960-101", "01632960101"),
    ("01632/960123", "01632960123"),
    ("01632.960.101", "01632960101"),
    ("020 7946 0000", "02079460000"),
    ("07700 900123", "07700900123"),
    ("01632\u00a0960\u2011101", "01632960101"),
    ("０１６３２ ９６０１０１", "01632960101"),
    ("(0)1632 960101", "01632960101"),
    ("+44 1632 960101", "+441632960101"),
    ("+44 (0)1632 960101", "+441632960101"),
    ("+44(0)1632960101", "+441632960101"),
    ("+44 (0) 20 7946 0000", "+442079460000"),
    ("+44 01632 960101", "+441632960101"),
    ("(+44) 1632 960101", "+441632960101"),
    ("00 44 1632 960101", "+441632960101"),
    ("0044 (0)1632 960101", "+441632960101"),
    ("01632 960123 ext 4", "01632960123;ext=4"),
    ("01632 960123 x12", "01632960123;ext=12"),
    ("01632 960123, extension 45", "01632960123;ext=45"),
    ("01632 960123 (ext. 4)", "01632960123;ext=4"),
    ("+44 (0)1632 960101 ext 12", "+441632960101;ext=12"),
    ("01632 960123 - ext 4", "01632960123;ext=4"),
    ("01632 960123;ext=4", "01632960123;ext=4"),
    ("01632 960123 estyniad 4", "01632960123;ext=4"),
    ("016977 3555", "0169773555"),
    ("0800 000000", "0800000000"),
    ("+44 800 000000", "+44800000000"),
    ("+353 (0)1 850 0000", "+35318500000"),
    ("+353 01 850 0000", "+35318500000"),
    ("+39 06 9999 9999", "+390699999999"),
    ("+39 (0)6 9999 9999", "+390699999999"),
    # The prefix of Relay UK is part of the number: without it nobody types what is said.
    ("18001 01632 960101", "1800101632960101"),
    ("18001-0808 800 5000", "1800108088005000"),
    ("1800101632960101", "1800101632960101"),
    ("18002 +44 (0)1632 960101", "1800201632960101"),
    ("18001 0800 1111", "1800108001111"),
    ("18001 101", "18001101"),
    ("18000", "18000"),
    ("0800 1111", "08001111"),
    ("0808 800 5000", "08088005000"),
    ("116 123", "116123"),
    ("999", "999"),
    ("4321", "4321"),
]
# No number, or more than one: what a link dials on each of those that can be told.
OTHER = [
    ("01632 960101 / 01632 960102", ["01632960101", "01632960102"]),
    ("01632 960101/01632 960102", ["01632960101", "01632960102"]),
    ("01632 960101 or 07700 900123", ["01632960101", "07700900123"]),
    ("01632 960101, 07700 900123", ["01632960101", "07700900123"]),
    ("01632 960101 07700 900123", ["01632960101", "07700900123"]),
    ("01632960101 - 01632960102", ["01632960101", "01632960102"]),
    ("01632 960101 & +44 (0)7700 900123", ["01632960101", "+447700900123"]),
    ("+441632960101+447700900123", ["+441632960101", "+447700900123"]),
    ("Office: 01632 960101 (day), 07700 900123 (night)", ["01632960101", "07700900123"]),
    ("0800 1111 or 0808 800 5000", ["08001111", "08088005000"]),
    ("999 or 101", ["999", "101"]),
    ("01632 960101/2", ["01632960101"]),
    ("01632 960101 or 960102", ["01632960101"]),
    ("01632 960101 option 2", ["01632960101"]),
    ("9.00-17.00 01632 960101", ["01632960101"]),
    ("Room 400, 01632 960101", ["01632960101"]),
    ("24/7 01632 960101", ["01632960101"]),
    ("2) 01632 960101", ["01632960101"]),
    ("9-5 01632 960101", ["01632960101"]),
    ("1 01632 960101 2 0800 1111", ["01632960101", "08001111"]),
    ("0800 1111 CALL", []),
    ("0800 CALL NOW", []),
    ("01632 9601012", []),
    # A digit is missing: no number of this kind is so short.
    ("07700 90012", []),
    ("+44 7700 90012", []),
    ("020 7946 012", []),
    ("0131 496 012", []),
    ("0113 496 012", []),
    ("0300 123 660", []),
    ("0808 800 500", []),
    # The 0 is dialled inside the country only, and which country has one is not known here.
    ("+49 030 1234567", []),
    ("+33 01 99 00 12 34", []),
    ("Text relay: 18001 01632 960101", ["1800101632960101"]),
    ("18001 +353 1 850 0000", []),
    ("18001, 01632 960101", ["01632960101"]),
    ("441632960101", []),
    ("ext 4321", []),
    ("lead@01632960101", []),
    ("not yet", []),
    ("12", []),
]


@pytest.mark.parametrize(("text", "dials"), ONE)
def test_a_link_dials_the_number_that_is_shown(text: str, dials: str) -> None:
    assert dial_string(text) == dials
    assert [piece.text for piece in split_phone_numbers(text)] == [text]


@pytest.mark.parametrize(("text", "dials"), OTHER)
def test_each_of_several_numbers_has_its_own_link_and_doubtful_ones_have_none(text: str, dials: list[str]) -> None:
    found = split_phone_numbers(text)
    assert [piece.dial_string for piece in found if piece.dial_string] == dials
    assert "".join(piece.text for piece in found) == text
    assert dial_string(text) is None


def test_a_text_with_numbers_is_safe_in_a_page() -> None:
    assert link_phone_numbers("<b>01632 960101</b> & 999") == (
        '&lt;b&gt;<a href="tel:01632960101">01632 960101</a>&lt;/b&gt; &amp; <a href="tel:999">999</a>'
    )


@pytest.mark.parametrize(
    ("phone", "mistake"),
    [
        ("+44 (0)1632 960101", ""),
        ("01632 960101 ext 4", ""),
        ("01632 960101 / 07700 900123", "Enter one telephone number here"),
        ("0800 1111 CALL", "in digits and nothing else"),
        ("01632 960101 option 2", "in digits and nothing else"),
        ("0" * 70, "Shorten this to 60 characters."),
    ],
)
def test_a_contact_has_one_number_that_can_be_dialled(prepared: Flask, phone: str, mistake: str) -> None:
    with prepared.test_request_context(method="POST", data={"name": "Duty lead", "phone": phone, "email": ""}):
        form = ContactForm(meta={"csrf": False})
        form.validate()
    found = str(form.phone.errors[0]) if form.phone.errors else ""
    assert (mistake in found) if mistake else not found
