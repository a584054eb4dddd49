"""The explanation of a status is said in the language of each reader, also where it is kept in memory."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from course import translation
from course.recertification.rules.civil_dates import day_and_month, long_date
from course.recertification.rules.explanations import explain_status
from course.reports.status_cache import StatusCache
from course.translation import use_language
from tests.makers import make_person
from tests.recertification.makers import completed, d, employee, refreshed, status_on
from tests.reports.random_histories import ZONE

WELSH = {
    "Up to date until %(day)s, because %(reason)s.": "Gan fod %(reason)s, yn gyfredol tan %(day)s.",
    "%(renewed)s; %(date_stays)s": "%(date_stays)s, a %(renewed)s",
    "you renewed inside your window": "DYSGWR adnewyddu",
    "they renewed inside their window": "RHEOLWR adnewyddu",
    "your date stays %(day)s": "dyddiad DYSGWR %(day)s",
    "their date stays %(day)s": "dyddiad RHEOLWR %(day)s",
    "You can renew now.": "Gallwch adnewyddu nawr.",
    "Not started": "Heb ddechrau",
    "Up to date": "Yn gyfredol",
}


class Welsh:
    """A catalogue that puts some clauses in another order than English does, and has three forms of a number of days."""

    def gettext(self, message: str, /) -> str:
        return WELSH.get(message, message)

    def ngettext(self, one: str, many: str, number: int, /) -> str:
        if one == "Overdue by %(num)s day.":
            return {1: "Hwyr: %(num)s diwrnod.", 2: "Hwyr: %(num)s ddiwrnod."}.get(number, "Hwyr: %(num)s dydd.")
        return one if number == 1 else many


@pytest.fixture(autouse=True)
def _welsh() -> Iterator[None]:
    translation.register_catalogue("cy", Welsh())
    yield
    translation.remove_catalogue("cy")


def test_an_explanation_is_translated_for_each_reader_when_it_is_shown() -> None:
    now = status_on(employee(completed("2025-02-12"), refreshed("2026-01-20")), "2026-11-22")
    english = "Up to date until 12 February 2027, because you renewed inside your window; your date stays 12 February."
    assert str(now.because) == english
    with use_language("cy"):
        assert str(now.because) == (
            "Gan fod dyddiad DYSGWR 12 Chwefror, a DYSGWR adnewyddu, yn gyfredol tan 12 Chwefror 2027."
        )
        assert str(now.because_for_others) == (
            "Gan fod dyddiad RHEOLWR 12 Chwefror, a RHEOLWR adnewyddu, yn gyfredol tan 12 Chwefror 2027."
        )
        # Whoever stores it stores the English text.
        assert now.because == english
    assert f"{now.because}" == english


@pytest.mark.parametrize(
    ("on", "said"), [("2026-10-30", "diwrnod"), ("2026-10-31", "ddiwrnod"), ("2026-11-01", "dydd")]
)
def test_a_number_of_days_has_the_plural_form_of_the_language(on: str, said: str) -> None:
    now = status_on(employee(since="2026-10-01"), on)
    number = now.overdue_days
    with use_language("cy"):
        assert str(now.because).endswith(f"Hwyr: {number} {said}.")
    assert str(now.because).endswith(f"Overdue by {number} day{'s' if number > 1 else ''}.")
    assert "Overdue" not in str(explain_status(now.details, counts_overdue_days=False))


def test_a_day_is_in_the_language_in_which_it_is_shown_wherever_it_was_kept() -> None:
    days = [long_date(d("2027-02-12")), day_and_month(d("2027-02-12"))]
    for kept in (days, copy.deepcopy(days), pickle.loads(pickle.dumps(days))):
        assert list(map(str, kept)) == kept == ["12 February 2027", "12 February"]
        with use_language("cy"):
            assert list(map(str, kept)) == ["12 Chwefror 2027", "12 Chwefror"]


def test_two_people_of_two_languages_read_one_cached_status(session: Session) -> None:
    make_person(session, "Ann Vale", "ann@example.org")
    cache, today = StatusCache(), d("2026-11-28")
    with use_language("cy"):
        first = cache.day(session, ZONE, today, today).lines[0]
        welsh = str(first.label)
    second = cache.day(session, ZONE, today, today).lines[0]
    assert second is first
    english = str(second.label)
    assert WELSH.get(english) == welsh, (english, welsh)
