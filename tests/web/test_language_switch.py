"""The links to other languages at the top of each page, and the first language of the organisation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.context import make_context
from course.mail.models import OutboxMail
from course.organisation.actions import set_usual_language
from course.people.actions import invite
from course.people.models import Person, UsualLanguage
from course.people.queries import mail_recipient
from tests.conftest import NOW, make_config
from tests.makers import PASSWORD, make_organisation, make_person, sign_in
from tests.pages import Client, Page, words
from tests.support.pseudo_language import LANGUAGE, offered, pseudo

IN_IT = f'<html lang="{LANGUAGE}"'
IN_ENGLISH = '<html lang="en-GB"'


@pytest.fixture(autouse=True)
def two_languages() -> Iterator[None]:
    with offered():
        yield


def link_to(page: Page, language: str) -> str:
    """The address of the link to this language at the top of a page."""
    (found,) = [one for one in page.all("a") if one.get("hreflang") == language and one.get("lang") == language]
    return found.get("href", "")


def press(client: Client, page: Page, language: str, status: int = 200) -> Page:
    """Press the button for this language on a page that answers a form."""
    forms = [one for one in page.all("form") if one.get("action", "").startswith(f"/language/{language}?")]
    fields = {one.get("name", ""): one.get("value", "") for one in forms[0].iter("input")}
    # As a browser says of every form.
    headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    answer = Page(client.flask.post(forms[0].get("action"), data=fields, headers=headers))
    assert answer.status == status
    return answer


def test_a_link_on_every_page_changes_the_language_of_whoever_is_signed_in_and_leads_back(
    client: Client, session: Session
) -> None:
    person = make_person(session, "Ann Vale", "ann@example.org")
    sign_in(client, person)
    for path in ("/", "/record?sort=name&sort=day", "/me", "/concern", "/offline", "/verify"):
        page = client.get(path)
        assert IN_ENGLISH in page.html, path
        answer = client.get(link_to(page, LANGUAGE), 303)
        assert answer.location == path
        page = client.get(path)
        assert IN_IT in page.html, path
        assert client.get(link_to(page, "en"), 303).location == path
    missing = client.get("/nothing/here?a=b", 404)
    assert client.get(link_to(missing, LANGUAGE), 303).location == "/nothing/here?a=b"
    session.expire_all()
    assert session.get_one(Person, person.id).language == LANGUAGE
    kinds = session.execute(select(AuditEntry.what)).scalars().all()
    assert kinds.count("person.language_chosen") == 13


def test_two_tabs_of_one_person_in_two_languages_both_go_on(client: Client, session: Session) -> None:
    sign_in(client, make_person(session, "Ann Vale", "ann@example.org", "administrator"))
    first = client.get("/people/teams/add")
    client.get(link_to(client.get("/me"), LANGUAGE), 303)  # in the other tab
    assert client.post("/people/teams/add", first.fields() | {"name": "Kitchen"}).status == 303
    again = client.post("/people/teams/add", first.fields() | {"name": ""} | {"form_key": "another"}, 422)
    assert IN_IT in again.html, "the newest choice holds in every tab"


def test_what_was_entered_into_a_form_with_mistakes_is_kept_when_the_language_changes(
    client: Client, session: Session
) -> None:
    sign_in(client, make_person(session, "Ann Vale", "ann@example.org", "administrator"))
    path = "/people/add"
    wrong = client.post(path, client.get(path).fields() | {"name": "Kim Élse", "email": "no address"}, 422)
    kept = press(client, wrong, LANGUAGE)
    assert IN_IT in kept.html
    assert pseudo("Nothing is lost") in kept.html
    assert (kept.fields()["name"], kept.fields()["email"]) == ("Kim Élse", "no address")
    again = client.post(path, kept.fields(), 422)
    assert IN_IT in again.html
    assert again.fields()["name"] == "Kim Élse"
    assert session.execute(select(Person).where(Person.name == "Kim Élse")).first() is None
    assert client.post(path, again.fields() | {"email": "kim@example.org"}).status == 303


def test_a_password_is_not_kept_and_the_next_page_says_so(client: Client, session: Session) -> None:
    make_person(session, "Ann Vale", "ann@example.org")
    wrong = client.post("/sign-in?next=/record", {"email": "ann@example.org", "password": "not this one"}, 422)
    answer = press(client, wrong, LANGUAGE, 303)
    assert answer.location == "/sign-in?next=%2Frecord"
    page = client.get(answer.location)
    assert pseudo("What you entered was not kept. Enter it again.") in page.html
    assert "not this one" not in page.html


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-origin", "Sec-Purpose": "prefetch"}]
)
def test_no_other_site_and_no_reading_ahead_chooses_a_language(
    client: Client, session: Session, headers: dict[str, str]
) -> None:
    person = make_person(session, "Ann Vale", "ann@example.org")
    sign_in(client, person)
    assert client.get(f"/language/{LANGUAGE}?next=/me", 303, headers).location == "/me"
    assert client.get(f"/language/{LANGUAGE}?next=//evil.example", 303, headers).location == "/"
    session.expire_all()
    assert session.get_one(Person, person.id).language is None
    assert IN_ENGLISH in client.get("/me").html


def test_the_first_language_is_that_of_pages_and_mail_for_whoever_has_chosen_none(
    app: Flask, client: Client, session: Session
) -> None:
    make_organisation(session)
    english = {"Accept-Language": "en-GB,en"}
    assert IN_ENGLISH in client.get("/sign-in", headers=english).html
    boss = make_person(session, "Ann Vale", "ann@example.org", "administrator")
    sign_in(client, boss)
    page = client.get("/organisation")
    assert page.fields()["language"] == "en"
    client.post("/organisation", page.fields() | {"language": LANGUAGE})
    assert IN_IT in client.get("/organisation").html
    recorded = session.execute(select(AuditEntry.what)).scalars().all()
    assert recorded.count("organisation.language_chosen") == 1
    assert "organisation.changed" not in recorded
    # A page that was opened before says what somebody else has changed, and does not undo it.
    stale = client.post("/organisation", page.fields() | {"form_key": "another"}, 422)
    assert 'href="#language"' in stale.html
    other = Client(app)
    assert IN_IT in other.get("/sign-in", headers=english).html
    assert IN_IT in other.get("/nothing", 404, english).html
    assert IN_ENGLISH in other.get(other.get("/sign-in?language=en", 303).location, headers=english).html, "chosen"
    new = make_person(session, "Ben Moss", "ben@example.org", password=None)
    chosen = make_person(session, "Kim Else", "kim@example.org")
    chosen.language = "en"
    session.commit()
    invite(make_context(session, boss.id, NOW), new.id, boss.name)
    session.commit()
    mail = session.execute(select(OutboxMail).where(OutboxMail.recipient == "ben@example.org")).scalar_one()
    assert mail.language == LANGUAGE
    assert mail_recipient(session, "kim@example.org").language == "en"
    assert mail_recipient(session, "stranger@example.org").language == LANGUAGE


def test_a_first_language_is_kept_with_its_day_and_only_if_it_is_offered(session: Session) -> None:
    make_organisation(session)
    context = make_context(session, None, NOW)
    assert not set_usual_language(context, "en"), "it is English from the start"
    assert set_usual_language(context, LANGUAGE)
    assert not set_usual_language(context, LANGUAGE)
    assert set_usual_language(context, "en")
    with pytest.raises(ValueError, match="tlh"):
        set_usual_language(context, "tlh")
    rows = session.execute(select(UsualLanguage.language, UsualLanguage.chosen_at)).all()
    assert [tuple(row) for row in rows] == [(LANGUAGE, NOW), ("en", NOW)]


def test_a_person_keeps_the_language_of_the_sign_in_page_only_until_they_choose(
    client: Client, session: Session
) -> None:
    """Two people at one browser: what the first chose for themselves is not what the second gets."""
    first, second = (
        make_person(session, "Ann Vale", "ann@example.org"),
        make_person(session, "Kim Else", "kim@example.org"),
    )
    second.language = "en"
    session.commit()
    sign_in(client, first)
    client.get(link_to(client.get("/me"), LANGUAGE), 303)
    client.post("/sign-out", {})
    sign_in(client, second, PASSWORD)
    assert IN_ENGLISH in client.get("/me").html


def test_what_no_speaker_has_checked_says_so_once_in_the_foot_and_on_health(
    client: Client, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(client, make_person(session, "Ann Vale", "ann@example.org", "administrator"))
    sentence = "has checked this translation yet"
    assert sentence not in client.get("/me").html
    health = client.get("/system")
    assert "no one who speaks it has checked the translation yet" in health.text
    assert "LANGUAGE_CORRECTIONS" in health.text
    client.get(f"/language/{LANGUAGE}?next=/me", 303)
    page = client.get("/me")
    (address,) = [one.get("href", "") for one in page.all("a") if one.get("href", "").startswith("mailto:")]
    assert address == "mailto:course@localhost"
    footer = page.tree.find(".//footer")
    assert pseudo("report mistakes").strip("⟦⟧ ·") in words(footer)
    monkeypatch.setattr("course.organisation.header_footer.CHECKED_LANGUAGES", {"en", LANGUAGE})
    assert not [one for one in client.get("/me").all("a") if one.get("href", "").startswith("mailto:")]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("", "mailto:training@example.org"),
        ("welsh@example.org", "mailto:welsh@example.org"),
        ("https://example.org/cymraeg", "https://example.org/cymraeg"),
    ],
)
def test_corrections_go_to_an_address_or_a_page(app: Flask, given: str, found: str) -> None:
    sender = "Training <training@example.org>"
    config = make_config("sqlite:////tmp/none.db", MAIL_FROM=sender, LANGUAGE_CORRECTIONS=given)
    app.extensions["course"] = replace(app.extensions["course"], config=config)
    assert f'href="{found}"' in Client(app).get("/verify", headers={"Accept-Language": LANGUAGE}).html


@pytest.mark.parametrize("referer", ["http://[", "x", "", "http://[::1", "//localhost", "http://localhost:99999999/a"])
def test_a_page_of_an_error_has_its_switch_wherever_the_request_came_from(client: Client, referer: str) -> None:
    answer = client.flask.delete("/sign-in", headers={"Referer": referer})
    assert answer.status_code == 405
    assert 'hreflang="cy"' in answer.get_data(as_text=True)
