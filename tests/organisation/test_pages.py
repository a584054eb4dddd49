"""The settings of the organisation, and the page "Worried about a child?"."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.context import make_context
from course.organisation import actions
from course.organisation.models import Contact
from course.organisation.queries import organisation
from tests.conftest import NOW
from tests.makers import make_organisation, make_person, sign_in
from tests.pages import Client
from tests.support.asked import asked

LEAD = {"lead-name": "Jo Lee", "lead-phone": "01632 960101", "lead-email": "jo@example.org"}


@pytest.fixture
def administrator(session: Session, client: Client) -> Client:
    return sign_in(client, make_person(session, role="administrator"))


def confirmed(session: Session) -> dict[str, object]:
    session.expire_all()
    ours = organisation(session)
    assert ours is not None
    return {kind: entry.confirmed_at for kind, entry in ours.contacts.items()}


def test_there_is_one_organisation(session: Session) -> None:
    assert actions.create_organisation(session, "One", "england", NOW)
    assert not actions.create_organisation(session, "Two", "wales", NOW)
    ours = organisation(session)
    assert ours is not None
    assert ours.name == "One"
    with pytest.raises(ValueError, match="atlantis"):
        actions.change_organisation(make_context(session, None, NOW), "One", "atlantis", "school")
    with pytest.raises(ValueError, match="plumbing"):
        actions.change_organisation(make_context(session, None, NOW), "One", "wales", "plumbing")
    with pytest.raises(ValueError, match="friend"):
        actions.confirm_contact(make_context(session, None, NOW), "friend", "", "", "")


def test_the_newest_contact_is_valid_and_an_emptied_one_is_gone(session: Session) -> None:
    make_organisation(session)
    for number, name in enumerate(("Jo", "Kim")):
        actions.confirm_contact(
            make_context(session, None, NOW + timedelta(days=number)), "lead", name, "01632 960101", ""
        )
    ours = organisation(session)
    assert ours is not None
    assert ours.contacts["lead"].name == "Kim"
    actions.confirm_contact(make_context(session, None, NOW), "lead", "", "", "")
    ours = organisation(session)
    assert ours is not None
    assert ours.contacts == {}
    assert session.execute(select(func.count()).select_from(Contact)).scalar_one() == 3


def test_the_settings_are_changed_in_one_form(session: Session, administrator: Client) -> None:
    form = administrator.get("/organisation").fields()
    page = administrator.follow(
        administrator.post("/organisation", {**form, **LEAD, "name": "Hill Trust", "nation": "wales"})
    )
    assert "Saved." in page.text
    assert "Designated safeguarding person" in page.text
    assert page.fields() | LEAD == page.fields()
    assert set(confirmed(session)) == {"lead"}
    assert "Hill Trust" in administrator.get("/concern").text


def test_only_a_change_or_a_tick_confirms_a_contact(session: Session, administrator: Client) -> None:
    make_organisation(session)
    for kind in ("lead", "deputy"):
        actions.confirm_contact(make_context(session, None, NOW), kind, "Jo Lee", "01632 960101", "jo@example.org")
    session.commit()
    page = administrator.get("/organisation")
    assert "Last confirmed on 22 November 2026" in page.text
    form = page.fields()
    administrator.post("/organisation", form)
    assert set(confirmed(session).values()) == {NOW}
    administrator.post("/organisation", {**form, "deputy-still": "y"})
    after = confirmed(session)
    assert after["lead"] == NOW
    assert after["deputy"] != NOW
    administrator.post("/organisation", {**form, "lead-phone": "01632 960109"})
    assert confirmed(session)["lead"] != NOW


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"lead-name": ""}, "Enter who answers"),
        ({"lead-phone": ""}, "Enter the telephone number"),
        ({"lead-phone": "ask Jo"}, "in digits"),
        ({"lead-phone": "----"}, "in digits"),
        ({"lead-email": "jo"}, "such as lead@example.org"),
        ({"name": ""}, "Enter the name of the organisation"),
        ({"nation": "atlantis"}, "Choose one from the list"),
    ],
)
def test_a_mistake_is_shown_and_nothing_is_changed(
    session: Session, administrator: Client, typed: dict[str, str], words: str
) -> None:
    form = administrator.get("/organisation").fields()
    page = administrator.post("/organisation", {**form, **LEAD, **typed}, 422)
    assert words in page.text
    assert confirmed(session) == {}


def test_the_concern_page_works_before_the_set_up(client: Client) -> None:
    page = client.get("/concern")
    assert page.h1 == "Worried about a child?"
    assert "Safeguarding lead: not filled in yet" in page.text
    assert "Children’s social care (England)" in page.text
    assert "Gateway team of the Health and Social Care Trust (Northern Ireland)" in page.text


def test_the_concern_page_puts_999_first_then_our_contacts_then_the_routes_of_the_nation(
    session: Session, client: Client
) -> None:
    make_organisation(session, nation="scotland")
    actions.confirm_contact(make_context(session, None, NOW), "lead", "Jo Lee", "01632 960101", "jo@example.org")
    session.commit()
    page = client.get("/concern")
    order = ["Ring 999", "Child protection coordinator, Jo Lee", "What not to do", "Children’s social work"]
    places = [page.text.index(words) for words in order]
    assert places == sorted(places)
    links = [a.get("href") for a in page.all("a")]
    assert links.index("tel:999") < links.index("tel:01632960101") < links.index("tel:08001111")
    assert "Gateway team" not in page.text
    assert "Local authority social services" not in page.text


def test_the_concern_page_writes_nothing_and_is_not_logged(
    app: Flask, session: Session, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    make_organisation(session)
    app.config["LOG_REQUESTS"] = True
    with asked(app) as statements:
        page = client.get("/concern")
    app.config["LOG_REQUESTS"] = False
    assert statements
    assert not [s for s in statements if s.split()[0].upper() in ("INSERT", "UPDATE", "DELETE")]
    assert "concern" not in capsys.readouterr().err
    assert "Set-Cookie" not in page.headers


def test_every_page_links_to_the_concern_page(client: Client) -> None:
    for path in ("/sign-in", "/privacy", "/forgotten"):
        assert 'href="/concern"' in client.get(path).html
