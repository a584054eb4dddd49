"""Owners of contacts: the warning, the page on which they confirm a contact, and the mail."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.clock import now
from course.context import make_context
from course.dates import format_date
from course.organisation import actions
from course.organisation.contact_review_mail import queue_contact_reviews
from course.organisation.models import Contact
from course.organisation.queries import ContactView, contact_owners, organisation
from course.people.models import Person
from tests.makers import make_organisation, make_person, make_team, sign_in
from tests.pages import Client
from tests.support.asked import asked
from tests.support.outbox import rendered_mails

pytestmark = pytest.mark.both_engines

LONG_AGO = timedelta(days=400)
WARNING = "Check this contact today"


def make_contact(session: Session, at: datetime, owner: Person | None = None, months: int = 12) -> None:
    make_organisation(session)
    actions.confirm_contact(make_context(session, None, at), "lead", "Jo Lee", "01632 960101", "")
    actions.assign_contact_owner(make_context(session, None, at), "lead", owner.id if owner else None, months)
    session.commit()


def lead(session: Session) -> ContactView:
    session.expire_all()
    ours = organisation(session)
    assert ours is not None
    return ours.contacts["lead"]


def test_the_owner_confirms_or_corrects_a_stale_contact_and_the_warning_disappears(
    session: Session, client: Client
) -> None:
    owner = make_person(session)
    make_contact(session, now() - LONG_AGO, owner)
    sign_in(client, owner)
    assert WARNING in client.get("/").text
    form = client.get("/organisation/contact/lead").fields()
    assert "Enter the telephone number." in client.post("/organisation/contact/lead", form | {"phone": ""}, 422).text
    page = client.follow(client.post("/organisation/contact/lead", form | {"phone": "01632 960109"}))
    assert "confirmed as of today" in page.text
    assert WARNING not in client.get("/").text
    found = lead(session)
    assert (found.phone, found.owner_id) == ("01632 960109", owner.id)
    assert found.confirmed_at > now() - timedelta(minutes=5)
    assert session.execute(select(Contact.confirmed_by).order_by(Contact.id.desc()).limit(1)).scalar() == owner.id


def test_a_misspelt_address_or_a_damaged_name_of_a_contact_is_asked_about_once(
    session: Session, client: Client
) -> None:
    owner = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    make_contact(session, now(), owner)
    team = make_team(session, "North")
    session.commit()
    sign_in(client, owner)
    for path, start in (
        ("/organisation", "lead-"),
        (f"/organisation/team/{team.id}", "lead-"),
        ("/organisation/contact/lead", ""),
    ):
        typed = {"name": f"JosÃ© {path}", "phone": "01632 960101", "email": f"{len(path)}.safeguarding@gmial.com"}
        form = client.get(path).fields() | {f"{start}{part}": text for part, text in typed.items()}
        page = client.post(path, form, 200)
        for words in (
            f"It may be “José {path}”",
            f"Is it “{len(path)}.safeguarding@gmail.com”?",
            "Nothing is saved yet.",
        ):
            assert words in page.text
        assert page.fields()[f"{start}email"] == typed["email"]
        assert client.post(path, page.fields()).status == 303, path
        # What is stored is not asked about again.
        client.post(path, client.get(path).fields(), 303)
    assert lead(session).email.endswith("safeguarding@gmial.com")


def test_a_page_that_the_owner_opened_earlier_does_not_bring_back_the_former_number_unseen(
    session: Session, client: Client
) -> None:
    owner, path = make_person(session), "/organisation/contact/lead"
    make_contact(session, now() - LONG_AGO, owner)
    form = sign_in(client, owner).get(path).fields()
    actions.confirm_contact(make_context(session, None, now()), "lead", "Jo Lee", "01632 960109", "")
    session.commit()
    page = client.post(path, form, 422)
    assert "It now says “01632 960109” here. Save again to replace that." in page.text
    assert lead(session).phone == "01632 960109"
    assert "confirmed as of today" in client.follow(client.post(path, page.fields())).text
    assert lead(session).phone == "01632 960101"


def test_nobody_else_sees_the_warning_or_the_page_but_administrators_do(app: Flask, session: Session) -> None:
    owner = make_person(session)
    make_contact(session, now() - LONG_AGO, owner)
    other = sign_in(Client(app), make_person(session, "Kim Else", "kim@example.org", "manager"))
    assert WARNING not in other.get("/").text
    other.get("/organisation/contact/lead", 404)
    boss = sign_in(Client(app), make_person(session, "Alex", "alex@example.org", "administrator"))
    for path in ("/", "/organisation"):
        assert WARNING in boss.get(path).text
    boss.get("/organisation/contact/lead")
    boss.get("/organisation/contact/deputy", 404)


def test_an_owner_is_assigned_by_address_and_that_confirms_nothing(session: Session, client: Client) -> None:
    owner, at = make_person(session), now() - LONG_AGO
    make_contact(session, at)
    sign_in(client, make_person(session, "Alex", "alex@example.org", "administrator"))
    form = client.get("/organisation").fields() | {"lead-owner": "Sam@example.org", "lead-review": "3"}
    wrong = {"lead-owner": "who@example.org", "lead-phone": "ask Jo", "nation": "wales"}
    page = client.post("/organisation", form | wrong, 422)
    for mistake in (": no one here has the address who@example.org", ": Enter one whole telephone number"):
        assert f"Designated safeguarding person{mistake}" in page.text
    assert lead(session).owner_id is None
    client.post("/organisation", form)
    found = lead(session)
    assert (found.owner_id, found.review_months, found.confirmed_at) == (owner.id, 3, at)
    assert client.get("/organisation").fields()["lead-owner"] == "sam@example.org"


def test_an_owner_needs_a_contact_and_only_the_known_intervals_exist(session: Session, client: Client) -> None:
    sign_in(client, make_person(session, role="administrator"))
    form = client.get("/organisation").fields()
    page = client.post("/organisation", form | {"deputy-owner": "sam@example.org"}, 422)
    assert "Deputy: Enter who answers" in page.text
    assert "Choose one" in client.post("/organisation", form | {"deputy-review": "5"}, 422).text
    with pytest.raises(ValueError, match="5 months"):
        actions.assign_contact_owner(make_context(session, None, now()), "lead", None, 5)


def test_an_owner_who_has_left_is_shown_to_administrators_and_gets_no_mail(
    app: Flask, session: Session, client: Client
) -> None:
    owner = make_person(session)
    make_contact(session, now() - LONG_AGO, owner)
    owner.left_at = now()
    session.commit()
    assert [entry.is_active for entry in contact_owners(session, organisation(session)).values()] == [False]
    sign_in(client, make_person(session, "Alex", "alex@example.org", "administrator"))
    assert "Sam Okafor has left" in client.get("/organisation").text
    with app.app_context():
        assert queue_contact_reviews(now()) == 0


def test_the_owner_gets_one_mail_each_time_a_contact_becomes_stale(app: Flask, session: Session) -> None:
    owner = make_person(session)
    at = now()
    make_contact(session, at, owner, 3)
    with app.app_context():
        assert [queue_contact_reviews(at + timedelta(days=days)) for days in (60, 100, 101)] == [0, 1, 0]
    actions.confirm_contact(
        make_context(session, owner.id, at + timedelta(days=110)), "lead", "Jo Lee", "01632 960101", ""
    )
    session.commit()
    with app.app_context():
        assert [queue_contact_reviews(at + timedelta(days=days)) for days in (120, 220)] == [0, 1]
    mail = rendered_mails(app, session, "contact:")[0]
    assert mail.recipient == "sam@example.org"
    assert "/organisation/contact/lead" in mail.text


def test_the_concern_page_shows_when_a_contact_was_last_confirmed(session: Session, client: Client) -> None:
    context = make_context(session, None, now() - timedelta(days=200))
    make_contact(session, context.now)
    for path in ("/concern", "/first-hour"):
        assert f"Last confirmed on {format_date(context.today)}" in client.get(path).text


def test_a_warning_needs_no_query_on_my_training(app: Flask, session: Session, client: Client) -> None:
    owner = make_person(session)
    sign_in(client, owner)
    client.get("/")
    with asked(app) as before:
        client.get("/")
    make_contact(session, now() - LONG_AGO, owner)
    client.get("/")
    with asked(app) as after:
        assert WARNING in client.get("/").text
    assert len(after) == len(before)
