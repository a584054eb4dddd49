"""People whom somebody types in: the pages ask once what a list asks about such a row."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.context import make_context
from course.people import actions as staff
from course.people.events import IdentityEntered
from course.people.models import Person
from course.people.rules import PersonIdentity
from course.people_import.actions.identity_questions import ask_about_identity
from tests.conftest import NOW
from tests.makers import make_person, sign_in
from tests.pages import Client, Page

pytestmark = pytest.mark.both_engines

CARA = PersonIdentity("Cara Three", "cara3@example.org", "00417")
NELL = PersonIdentity("Nell Ash", "nell@example.org")
# What is entered for a new person, and what is asked ("" for nothing).
NEW = [
    (NELL, ""),
    (PersonIdentity("Bono", "bono@example.org"), ""),
    (PersonIdentity("Nell Ash", "office@north.example.org"), "looks like a mailbox that several people read"),
    (PersonIdentity("Nell Ash", "nell@gmial.com"), "Is it “nell@gmail.com”?"),
    (PersonIdentity("JosÃ© Diaz", "jose@example.org"), "It may be “José Diaz”."),
    (PersonIdentity("Ann “Annie” Lee", "ann@example.org"), "” has a “"),
    (PersonIdentity("Ann Le3e", "ann@example.org"), "There is a digit inside a word"),
    (PersonIdentity("NELL ASH", "nell@example.org"), "is in capitals"),
    (
        PersonIdentity("Cara Three", "cara.three@example.org"),
        "may be Cara Three (cara3@example.org), with a new address.",
    ),
    (
        PersonIdentity("Three, Cara", "c@example.org", "9"),
        "Cara Three (cara3@example.org, staff number 00417) is already",
    ),
    (
        PersonIdentity("Carla Three", "c@example.org", "417"),
        "may be Cara Three (cara3@example.org, staff number 00417)",
    ),
    (PersonIdentity("Una Gone", "una.gone@example.org"), "may be Una Gone (una@example.org, who has left)"),
    (PersonIdentity("Cara Three", "cara.old@example.org"), "cara.old@example.org is an earlier address of Cara Three"),
    # What is taken is refused, so it is not asked about as well.
    (PersonIdentity("Cara Three", "cara3@example.org"), ""),
    (PersonIdentity("Cara Three", None, "00417"), ""),
]
# The same for another identity of Cara Three, beside whom there is another Jane Fox.
CORRECTED = [
    (CARA, ""),
    (PersonIdentity("Cara Four", "cara3@example.org", "417"), ""),
    (PersonIdentity("CARA THREE", "cara3@example.org", "00417"), "is in capitals"),
    (PersonIdentity("Cara Three", "staff@example.org", "00417"), "looks like a mailbox that several people read"),
    (PersonIdentity("Cara Three", "cara.old@example.org", "00417"), ""),
    (PersonIdentity("Una Gone", "cara3@example.org", "00417"), "This may be Una Gone (una@example.org)."),
]


def make_people(session: Session) -> int:
    """Cara Three with an earlier address, and Una Gone, who has left; returns the id of Cara."""
    context = make_context(session, None, NOW)
    cara, una = (
        staff.add_identity(context, one, None, "learner")
        for one in (
            PersonIdentity("Cara Three", "cara.old@example.org", "00417"),
            PersonIdentity("Una Gone", "una@example.org"),
        )
    )
    assert isinstance(cara, Person)
    assert isinstance(una, Person)
    assert staff.change_identity(context, cara.id, CARA, "a new address") is None
    assert staff.record_departure(context, una.id, context.today, "") is None
    session.commit()
    return cara.id


def test_what_a_list_asks_is_asked_about_somebody_who_is_typed_in(session: Session) -> None:
    cara = make_people(session)
    about = [(IdentityEntered(given, "Europe/London"), words) for given, words in NEW]
    about += [(IdentityEntered(given, "Europe/London", cara, CARA), words) for given, words in CORRECTED]
    for event, words in about:
        ask_about_identity(session, event)
        asked = " ".join(map(str, event.questions))
        assert words in asked if words else not asked, (event.identity, asked)


def test_a_person_is_added_and_corrected_after_the_question_was_shown_once(session: Session, client: Client) -> None:
    make_people(session)
    sign_in(client, make_person(session, "Alex Morgan", "alex@example.org", "administrator"))
    form = {
        "name": "Nell Ash",
        "email": "nell@gmial.com",
        "job_role": "Nurse",
        "team": "",
        "role": "learner",
        "pathway": "",
    }

    def asked(path: str, sent: dict[str, str], question: str) -> Page:
        page = client.post(path, sent, 200)
        assert question in page.text
        assert {name: page.fields()[name] for name in sent if name in form} == {
            name: sent[name] for name in sent if name in form
        }
        session.rollback()
        return page

    page = asked("/people/add", form, "Is it “nell@gmail.com”?")
    assert "Add anyway" in page.text
    # Another question than the one that was shown is asked all the same; one that was shown is not asked again.
    page = asked("/people/add", page.fields() | {"name": "Cara Three"}, "This may be Cara Three")
    assert client.post("/people/add", page.fields() | {"role": "manager"}, 422).fields()["confirmed"]
    assert (
        "We are sending an invitation to nell@gmial.com."
        in client.follow(client.post("/people/add", page.fields())).text
    )
    nell = session.execute(select(Person).where(Person.email == "nell@gmial.com")).scalar_one()
    path = f"/people/{nell.id}/correct"
    changed = client.get(path).fields() | {"email": "reception@example.org", "reason": "new"}
    page = asked(path, changed, "looks like a mailbox that several people read")
    assert "Save anyway" in page.text
    assert "Saved." in client.follow(client.post(path, page.fields())).text
