"""What a certificate says, and its PDF."""

from __future__ import annotations

import io
import re
import secrets
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from course.certificates.pdf import FontError, pdf
from course.certificates.rules import Change, Kind, number, state, typed_number, valid_until
from tests.conftest import NOW

FACTS = {
    "name": "Sam Okafor",
    "course": "Online abuse: learning from case reviews",
    "organisation": "Riverside Trust",
    "edition": "0.2",
    "version": "0123456789abcdef0123",
    "number": "K7QM-2FXA-9TRC",
    "completed": "22 November 2026",
    "valid": "22 November 2027",
    "notice": "An independent course.",
    "pathway": "Early years",
    "length": "3 hours",
    "sections": "Background · Policy",
    "check": "https://training.example.org/verify/K7QM-2FXA-9TRC",
}

VALID = [
    (date(2026, 11, 22), 12, date(2027, 11, 22)),
    (date(2028, 2, 29), 12, date(2029, 2, 28)),
    (date(2026, 1, 31), 1, date(2026, 2, 28)),
    (date(2026, 12, 31), 2, date(2027, 2, 28)),
    (date(2026, 11, 30), 3, date(2027, 2, 28)),
    (date(2026, 12, 15), 24, date(2028, 12, 15)),
]


@pytest.mark.parametrize(("completed", "months", "last"), VALID)
def test_a_certificate_is_valid_to_the_same_day_or_the_end_of_a_shorter_month(
    completed: date, months: int, last: date
) -> None:
    assert valid_until(completed, months) == last


@given(st.dates(date(2020, 1, 1), date(2090, 1, 1)), st.integers(1, 60))
def test_validity_never_ends_on_a_later_day_of_the_month(completed: date, months: int) -> None:
    last = valid_until(completed, months)
    assert last.day <= completed.day
    assert (last.year * 12 + last.month) - (completed.year * 12 + completed.month) == months


def test_a_number_tells_nothing_and_has_no_letters_that_are_mistaken() -> None:
    numbers = {number(secrets.choice) for _ in range(2000)}
    assert len(numbers) == 2000
    assert all(re.fullmatch(r"[2-9A-HJKMNP-TV-Z]{4}(-[2-9A-HJKMNP-TV-Z]{4}){2}", n) for n in numbers)


def test_the_pdf_says_what_was_certified_and_is_tagged() -> None:
    reader = PdfReader(io.BytesIO(pdf(FACTS)))
    assert len(reader.pages) == 1
    text = reader.pages[0].extract_text()
    for key in ("name", "number", "completed", "valid", "version", "edition", "pathway", "length", "sections", "check"):
        assert FACTS[key] in " ".join(text.split()), key
    root = reader.root_object
    assert "/StructTreeRoot" in root
    assert str(root["/Lang"]) == "en-GB"
    assert FACTS["name"] in str(reader.metadata and reader.metadata.title)


@pytest.mark.parametrize("name", ["Åse Ødegård-Müller", "Nguyễn Thị Minh Khai", "A" * 200, "Οδυσσέας", "Иван Петров"])
def test_long_names_and_names_in_other_letters_fit_on_one_page(name: str) -> None:
    reader = PdfReader(io.BytesIO(pdf({**FACTS, "name": name})))
    assert len(reader.pages) == 1
    assert "".join(name.split()) in "".join(reader.pages[0].extract_text().split())


def test_what_somebody_is_called_is_never_read_as_code() -> None:
    name = '#panic("x") $x$ *b* @r <l> \\'
    assert '#panic("x")' in PdfReader(io.BytesIO(pdf({**FACTS, "name": name}))).pages[0].extract_text()


def test_a_certificate_that_cannot_be_set_says_so_in_its_own_way() -> None:
    with pytest.raises(FontError):
        # Typst names what is missing as it names a letter without a font; which letters lack one differs by machine.
        pdf({"check": FACTS["check"]})


STATES = [
    (None, date(2027, 11, 22), "valid"),
    (None, date(2027, 11, 23), "expired"),
    ("replaced", date(2027, 1, 1), "replaced"),
    ("revoked", date(2029, 1, 1), "revoked"),
]


@pytest.mark.parametrize(("kind", "today", "expected"), STATES)
def test_a_certificate_stands_by_what_was_done_to_it_and_then_by_its_dates(
    kind: Kind | None, today: date, expected: str
) -> None:
    change = Change(kind, NOW, "why") if kind else None
    assert state(date(2027, 11, 22), change, today) == expected


@pytest.mark.parametrize("typed", ["K7QM-2FXA-9TRC", "k7qm2fxa9trc", " k7qm 2fxa 9trc ", "K7QM–2FXA–9TRC"])
def test_a_number_is_found_however_it_is_typed(typed: str) -> None:
    assert typed_number(typed) == "K7QM-2FXA-9TRC"


@pytest.mark.parametrize("typed", ["", "\x00", "²²", "'; drop table", "A" * 9000])
def test_what_is_no_number_is_harmless(typed: str) -> None:
    assert len(typed_number(typed)) <= 16
