"""A certificate in the language in which it was issued, and in others."""

from __future__ import annotations

import io
import json
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course import translation
from course.certificates import actions
from course.certificates.models import Certificate
from course.certificates.pdf import certificate_pdf
from course.certificates.rules import certificate_languages, languages_of_issue
from course.context import make_context
from course.organisation.actions import set_usual_language
from course.people.models import Person
from course.web.unit_of_work import unit_of_work
from tests.certificates.makers import make_certificate
from tests.certificates.sheets import PRINTED, pdf_text
from tests.conftest import NOW
from tests.makers import make_organisation, make_person, sign_in
from tests.pages import Client
from tests.refreshers.makers import complete
from tests.support.pseudo_language import LANGUAGE, offered, only_english, pseudo


class WelshWords:
    """A catalogue with two messages of a certificate."""

    def gettext(self, message: str, /) -> str:
        return {
            "Completed on": "Cwblhawyd ar",
            "Certificate %(number)s: %(name)s": "Tystysgrif %(number)s: %(name)s",
        }.get(message, message)

    def ngettext(self, one: str, many: str, number: int, /) -> str:
        return one if number == 1 else many


@pytest.fixture
def welsh() -> Iterator[None]:
    translation.register_catalogue("cy", WelshWords())
    yield
    translation.remove_catalogue("cy")


def issued(session: Session, number: str) -> Certificate:
    session.expire_all()
    return session.execute(select(Certificate).where(Certificate.number == number)).scalar_one()


def choose(session: Session, person_id: int, language: str) -> None:
    session.execute(update(Person).where(Person.id == person_id).values(language=language))
    session.commit()


@pytest.mark.usefixtures("welsh")
def test_the_file_says_its_language_and_has_title_and_dates_in_it(session: Session, client: Client) -> None:
    found = make_certificate(session, on=date(2026, 2, 12))
    session.execute(update(Certificate).values(language="cy"))
    session.commit()
    sign_in(client, session.get_one(Person, found.person_id))
    data = client.get(f"/certificate/{found.number}.pdf").body
    file = PdfReader(io.BytesIO(data))
    assert str(file.root_object["/Lang"]) == "cy"
    assert file.metadata is not None
    assert file.metadata.title == f"Tystysgrif {found.number}: Sam Okafor"
    shown = pdf_text(data)
    assert "Cwblhawyd ar" in shown
    assert "12 Chwefror 2026" in shown


def test_no_word_around_the_facts_is_left_in_english_or_without_a_letter() -> None:
    with offered():
        shown = pdf_text(certificate_pdf(replace(PRINTED, language=LANGUAGE)))
    assert "□" not in shown
    for words in ("Certificate of completion", "Completed on", "Valid up to and including", "Pathway"):
        assert words not in shown
        assert pseudo(words) in shown


def test_a_certificate_is_issued_in_the_language_of_its_holder_and_stays_in_it(
    session: Session, client: Client
) -> None:
    assert make_certificate(session).language is None
    with offered():
        found = make_certificate(session, "ann@example.org", language=LANGUAGE)
        assert found.language == LANGUAGE
        sign_in(client, session.get_one(Person, found.person_id))
        data = client.get(f"/certificate/{found.number}.pdf").body
        assert pseudo("Completed on") in pdf_text(data)
        choose(session, found.person_id, "en")
        assert client.get(f"/certificate/{found.number}.pdf").body == data


def test_the_holder_downloads_it_in_another_language(session: Session, client: Client) -> None:
    found = make_certificate(session)
    sign_in(client, session.get_one(Person, found.person_id))
    address = f"/certificate/{found.number}.pdf"
    english = client.get(address).body
    with only_english():
        assert "language=" not in client.get(f"/certificate/{found.number}").html
    client.get(f"{address}?language={LANGUAGE}", 404)
    with offered():
        assert f'href="{address}?language={LANGUAGE}"' in client.get(f"/certificate/{found.number}").html
        other = client.get(f"{address}?language={LANGUAGE}").body
        assert pseudo("Completed on") in pdf_text(other)
        assert other == client.get(f"{address}?language={LANGUAGE}").body
        assert english == client.get(address).body == client.get(f"{address}?language=en").body


def test_a_reissue_keeps_the_language_unless_another_is_chosen(app: Flask, session: Session) -> None:
    found = make_certificate(session)
    context = make_context(session, None, NOW)
    with app.app_context(), offered():
        session.execute(update(Certificate).values(language=LANGUAGE))
        second = actions.reissue(context, found.number, "Sam Lee", "married")
        assert issued(session, second).language == LANGUAGE
        third = actions.reissue(context, second, "Sam Lee", "as asked", "en")
        assert issued(session, third).language == "en"
        with pytest.raises(ValueError, match="tlh"):
            actions.reissue(context, third, "Sam Lee", "as asked", "tlh")


def test_a_check_is_answered_in_the_language_of_the_reader(session: Session, client: Client) -> None:
    found = make_certificate(session)
    with offered():
        page = client.get(f"/verify/{found.number}", headers={"Accept-Language": LANGUAGE})
        assert f'<html lang="{LANGUAGE}">' in page.html
        assert pseudo("Completed on") in page.html
        assert "Completed on" in client.get(f"/verify/{found.number}").html


def words_of_pages(data: bytes) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(data)).pages]


def languages_in(data: bytes) -> set[str]:
    """The languages that a file names for parts of its text."""
    found: set[str] = set()
    root = PdfReader(io.BytesIO(data)).root_object["/StructTreeRoot"]
    waiting: list[Any] = [root]
    while waiting:
        entry = waiting.pop()
        entry = entry.get_object() if hasattr(entry, "get_object") else entry
        if isinstance(entry, dict):
            if "/Lang" in entry:
                found.add(str(entry["/Lang"]))
            waiting.append(entry.get("/K"))
        elif isinstance(entry, list):
            waiting += entry
    return found


def test_a_certificate_in_two_languages_has_a_page_in_each_and_says_which_part_is_in_which(
    session: Session, client: Client
) -> None:
    make_organisation(session)
    with offered():
        set_usual_language(make_context(session, None, NOW), LANGUAGE)
        found = make_certificate(session)
        assert found.language == f"{LANGUAGE}+en"
        sign_in(client, session.get_one(Person, found.person_id))
        address = f"/certificate/{found.number}"
        data = client.get(f"{address}.pdf").body
        first, second = words_of_pages(data)
        assert pseudo("Completed on") in unicodedata.normalize("NFC", first)
        assert "Completed on" in second
        assert "Sam Okafor" in first
        assert "Sam Okafor" in second
        assert data == client.get(f"{address}.pdf").body
        assert len(words_of_pages(client.get(f"{address}.pdf?language=en").body)) == 1
        page = client.get(address).html
        assert f'href="{address}.pdf?language=en"' in page
        credential = json.loads(client.get(f"{address}.json").body)
        achievement = credential["credentialSubject"]["achievement"]
        assert achievement["description"] == achievement["descriptionMap"]["en"]
        assert achievement["descriptionMap"][LANGUAGE].startswith("⟦")
        assert achievement["criteria"]["narrativeMap"]["en"] == achievement["criteria"]["narrative"]
        reissued = actions.reissue(make_context(session, None, NOW), found.number, "Sam Lee", "married", "en")
        assert issued(session, reissued).language == "en"


def test_any_certificate_can_be_downloaded_in_all_languages(session: Session, client: Client) -> None:
    found = make_certificate(session)
    sign_in(client, session.get_one(Person, found.person_id))
    address = f"/certificate/{found.number}"
    assert "nameMap" not in client.get(f"{address}.json").body.decode()
    with offered():
        assert f'href="{address}.pdf?language=all"' in client.get(address).html
        pages = words_of_pages(client.get(f"{address}.pdf?language=all").body)
        assert len(pages) == len(translation.languages())
        assert "Completed on" in pages[0]


def test_the_file_says_the_language_of_each_part() -> None:
    welsh, english = replace(PRINTED, language="cy"), PRINTED
    for first, second, whole, part in ((welsh, english, "cy", "en-GB"), (english, welsh, "en-GB", "cy")):
        data = certificate_pdf(first, None, None, (second,))
        assert str(PdfReader(io.BytesIO(data)).root_object["/Lang"]) == whole
        assert part in languages_in(data)
    assert languages_in(certificate_pdf(english)) <= {"en-GB"}


@pytest.mark.parametrize(
    ("chosen", "usual", "stored"),
    [
        (None, None, None),
        ("cy", None, "cy"),
        ("cy", "en", "cy"),
        (None, "en", None),
        (None, "cy", "cy+en"),
        ("en", "cy", "en+cy"),
        ("cy", "cy", "cy+en"),
        ("ga", "cy", "ga+en"),
    ],
)
def test_an_organisation_whose_first_language_is_not_english_issues_in_both(
    chosen: str | None, usual: str | None, stored: str | None
) -> None:
    assert languages_of_issue(chosen, usual) == stored


def test_a_certificate_whose_language_is_offered_no_longer_is_in_the_others() -> None:
    with only_english():
        assert certificate_languages("cy+en") == ("en",)
        assert certificate_languages("cy") == ("en",)
    assert certificate_languages(None) == ("en",)


def test_what_a_certificate_covers_is_named_in_its_language_and_not_in_that_of_the_page_that_ended_the_course(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    english = app.extensions["course"].library
    module = english.modules["responding"].model_copy(update={"title": "Ymateb a rhoi gwybod"})
    modules = {**english.modules, module.id: module}
    welsh = replace(english, modules=modules, language="cy", english=english, translations={}, _variants={})
    monkeypatch.setitem(english.translations, "cy", welsh)
    make_organisation(session)
    # Somebody who has chosen no language, on a page in the language of the browser or of whoever enters results on paper.
    reader, welsh_reader = make_person(session), make_person(session, "Ann Lee", "ann@example.org")
    welsh_reader.language = "cy"
    session.commit()
    with app.app_context(), unit_of_work() as unit:
        complete(unit, welsh.for_("school", "england"), reader, NOW)
        complete(unit, english.for_("school", "england"), welsh_reader, NOW)
    for person, language, title in ((reader, None, "Responding and reporting"), (welsh_reader, "cy", module.title)):
        found = session.execute(select(Certificate).where(Certificate.person_id == person.id)).scalar_one()
        assert found.language == language
        assert title in (found.sections or "").splitlines()
