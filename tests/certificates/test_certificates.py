"""What a certificate says."""

from __future__ import annotations

import re
import secrets
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.certificates.rules import (
    CertificateChangeKind,
    CertificateChangeView,
    certificate_state,
    new_number,
    normalise_number,
    valid_until,
)
from tests.conftest import NOW

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
    numbers = {new_number(secrets.choice) for _ in range(2000)}
    assert len(numbers) == 2000
    assert all(re.fullmatch(r"[2-9A-HJKMNP-TV-Z]{4}(-[2-9A-HJKMNP-TV-Z]{4}){2}", n) for n in numbers)


STATES = [
    (None, date(2027, 11, 22), "valid"),
    (None, date(2027, 11, 23), "expired"),
    ("replaced", date(2027, 1, 1), "replaced"),
    ("revoked", date(2029, 1, 1), "revoked"),
]


@pytest.mark.parametrize(("kind", "today", "expected"), STATES)
def test_a_certificate_stands_by_what_was_done_to_it_and_then_by_its_dates(
    kind: CertificateChangeKind | None, today: date, expected: str
) -> None:
    change = CertificateChangeView(kind, NOW, "why") if kind else None
    assert certificate_state(date(2027, 11, 22), change, today) == expected


@pytest.mark.parametrize("typed", ["K7QM-2FXA-9TRC", "k7qm2fxa9trc", " k7qm 2fxa 9trc ", "K7QM–2FXA–9TRC"])
def test_a_number_is_found_however_it_is_typed(typed: str) -> None:
    assert normalise_number(typed) == "K7QM-2FXA-9TRC"


@pytest.mark.parametrize("typed", ["", "\x00", "²²", "'; drop table", "A" * 9000])
def test_what_is_no_number_is_harmless(typed: str) -> None:
    assert len(normalise_number(typed)) <= 16
