"""What home, the list of people and the page of a person ask of the database, whatever there is to show."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from course.certificates.queries import certificates, certificates_in_another_name
from course.dashboard.queries import person_page
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.support.asked import asked
from tests.support.world import fill_world

# The person who signed in is one of them on each page, and so are their teams, as one of these has settings of its own. The
# list of people asks for the teams to choose from, and who manages them, with the people of each.
MOST = {"/": 19, "/people": 10, "/people/1": 11}


@pytest.fixture
def administrator(session: Session, client: Client) -> Client:
    """An administrator in a world where person 1 has a row in every table."""
    return sign_in(client, fill_world(session)[2])


@pytest.mark.parametrize("address", MOST)
def test_a_page_asks_no_more_than_it_shows(app: Flask, administrator: Client, address: str) -> None:
    administrator.get(address)  # The organisation is in memory from now on.
    with asked(app) as statements:
        assert administrator.get(address).status == 200
    assert len(statements) <= MOST[address], statements


def test_home_of_a_learner_with_a_certificate_reads_the_status_once(
    app: Flask, session: Session, client: Client
) -> None:
    sign_in(client, fill_world(session)[0])
    assert "All modules are done" not in client.get("/").text
    with asked(app) as statements:
        assert client.get("/").status == 200
    assert len(statements) <= MOST["/"], statements
    assert sum("FROM renewal_policy" in statement for statement in statements) == 1


def test_a_person_is_shown_with_facts_of_every_feature(session: Session, administrator: Client) -> None:
    held = certificates(session, 1)[0]
    session.execute(text("update person set name = 'Zeb Marsh' where id = 1"))
    session.execute(text("delete from certificate_change"))
    session.commit()
    assert certificates_in_another_name(session, 1, "Zeb Marsh")
    page = administrator.get("/people/1")
    assert page.h1 == "Zeb Marsh"
    assert f"{held.number}: {held.name}" in page.text
    assert "End the link to their certificates" in page.text


def test_there_is_no_page_of_nobody(session: Session, administrator: Client) -> None:
    assert person_page(session, 9999) is None
    administrator.get("/people/9999", 404)


def test_the_only_administrator_is_asked_for_a_second_one(session: Session, client: Client) -> None:
    boss = make_person(session, "Ada Vale", "ada@example.org", "administrator")
    sign_in(client, boss)
    for address in ("/people", f"/people/{boss.id}"):
        assert "Only one administrator can sign in" in client.get(address).text
    make_person(session, "Mona Field", "mona@example.org", "administrator")
    for address in ("/people", f"/people/{boss.id}"):
        assert "Only one administrator can sign in" not in client.get(address).text
