"""The pages of people and teams."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.mail.models import OutboxMail
from course.people.models import Person
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client, Page, words
from tests.support.outbox import rendered_mails

pytestmark = pytest.mark.both_engines


def people_ids(session: Session) -> list[int]:
    return list(session.execute(select(Person.id).order_by(Person.id)).scalars())


def path_in(mail: OutboxMail) -> str:
    found = re.search(r"http://127\.0\.0\.1:8000(/link/\S+)", mail.text)
    assert found, mail.text
    return found[1]


def row(page: Page, name: str) -> list[str]:
    """The cells of somebody's row in the table, after the name."""
    cells = [[words(cell) for cell in line] for line in page.all("tr")]
    return next(line[1:] for line in cells if line[0] == name)


def administrator(session: Session, client: Client) -> Client:
    return sign_in(client, make_person(session, "Alex Morgan", "alex@example.org", "administrator"))


def test_a_manager_sees_the_team_and_cannot_add(session: Session, client: Client) -> None:
    team = make_team(session)
    make_person(session, "Sam Okafor", "sam@example.org", team=team)
    make_person(session, "Kim Else", "kim@example.org", password=None)
    sign_in(client, make_person(session, "Pat Lee", "pat@example.org", "manager", team=team))
    page = client.get("/people")
    assert "sam@example.org" in page.text
    assert "kim@example.org" not in page.text
    assert "Manager of Staff" in page.text
    assert "Add a person" not in page.text
    client.get("/people/add", 403)


def test_a_learner_does_not_see_people(session: Session, client: Client) -> None:
    sign_in(client, make_person(session))
    client.get("/people", 403)
    assert 'href="/people"' not in client.get("/me").html


def test_adding_a_person_mails_an_invitation_that_works_once(app: Flask, session: Session, client: Client) -> None:
    administrator(session, client)
    team = make_team(session, "Schools")
    form = {"name": "Sam  Okafor", "email": "Sam@Example.org", "team": str(team.id), "role": "learner", "pathway": ""}
    page = client.follow(client.post("/people/add", form))
    assert "We are sending an invitation to sam@example.org." in page.text
    # Nobody gets it as long as no mail server is set.
    assert all("No mail server is set" in found.text for found in (page, client.get("/people/add")))
    assert row(page, "Sam Okafor") == [
        "sam@example.org", "Schools", "Learner", "Usual: choose the pathway of Sam Okafor",
        "Invited Send again to Sam Okafor", "Training of Sam Okafor Reminders to Sam Okafor",
    ]  # fmt: skip
    mail = rendered_mails(app, session)[0]
    assert mail.recipient == "sam@example.org"
    assert "Alex Morgan has added you" in mail.text
    invited, path = Client(app), path_in(mail)
    assert "Welcome, Sam Okafor." in invited.get(path).text
    assert invited.post(path, {"password": "a-long-password"}).location == "/"
    assert invited.get("/").h1 == "Welcome, Sam"
    invited.get(path, 410)
    assert row(client.get("/people"), "Sam Okafor") == [
        "sam@example.org",
        "Schools",
        "Learner",
        "Usual: choose the pathway of Sam Okafor",
        "Active",
        "Training of Sam Okafor Reminders to Sam Okafor",
    ]


def test_what_was_typed_stays_when_something_is_wrong(app: Flask, session: Session, client: Client) -> None:
    administrator(session, client)
    form = {"name": "Sam Okafor", "email": "no address", "team": "", "role": "manager", "pathway": ""}
    page = client.post("/people/add", form, 422)
    assert "Enter an e-mail address, for example sam@example.org." in page.text
    assert page.fields() | form == page.fields()
    page = client.post("/people/add", {**form, "email": "sam@example.org"}, 422)
    assert "Choose the team that this person manages." in page.text
    page = client.post("/people/add", {**form, "email": "alex@example.org", "role": "learner", "pathway": ""}, 422)
    assert "has already been added" in page.text
    client.post("/people/add", {**form, "team": "999"}, 422)
    client.post("/people/add", {**form, "role": "emperor"}, 422)
    assert not rendered_mails(app, session)


def test_an_invitation_can_be_sent_again_and_ends_the_earlier_one(app: Flask, session: Session, client: Client) -> None:
    administrator(session, client)
    client.post(
        "/people/add", {"name": "Sam", "email": "sam@example.org", "team": "", "role": "learner", "pathway": ""}
    )
    form = next(f for f in client.get("/people").all("form") if f.get("method") == "post")
    page = client.follow(client.post(form.get("action", ""), {}))
    assert "We are sending a new invitation" in page.text
    first, second = rendered_mails(app, session)
    Client(app).get(path_in(first), 410)
    Client(app).get(path_in(second))


def test_nobody_is_invited_who_has_a_password_or_is_not_there(app: Flask, session: Session, client: Client) -> None:
    administrator(session, client)
    person = make_person(session)
    assert "does not need an invitation" in client.follow(client.post(f"/people/{person.id}/invite", {})).text
    for unknown in (999999, 99999999999999999999):
        client.post(f"/people/{unknown}/invite", {}, 404)
    assert not rendered_mails(app, session)


def test_a_team_is_added_below_another(session: Session, client: Client) -> None:
    administrator(session, client)
    top = make_team(session, "Top")
    page = client.follow(client.post("/people/teams/add", {"name": "Schools", "parent": str(top.id)}))
    assert "The team Schools was added." in page.text
    assert "Top– Schools" in page.text
    page = client.post("/people/teams/add", {"name": "schools", "parent": str(top.id)}, 422)
    assert "There is already a team with this name" in page.text
    client.post("/people/teams/add", {"name": "Schools", "parent": ""})
    client.post("/people/teams/add", {"name": "", "parent": ""}, 422)


def test_a_mail_that_could_not_be_sent_is_seen_beside_the_person(app: Flask, session: Session, client: Client) -> None:
    administrator(session, client)
    client.post(
        "/people/add", {"name": "Sam", "email": "sam@example.org", "team": "", "role": "learner", "pathway": ""}
    )
    mail = rendered_mails(app, session)[-1]
    mail.failure, mail.next_try_at = "550 no such mailbox", None
    session.commit()
    page = client.get("/people")
    assert "E-mail failed" in page.text
    assert "550 no such mailbox" in page.text
    client.follow(client.post(f"/people/{people_ids(session)[-1]}/invite", {}))
    assert "E-mail failed" not in client.get("/people").text
