"""A manager lends their sight of their teams to somebody until a day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.clock import now
from course.context import make_context
from course.dates import civil_date
from course.people.actions import add_identity
from course.people.models import Deputy, Person, RoleGrant
from course.people.rules import PersonIdentity
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client

pytestmark = pytest.mark.both_engines


@pytest.fixture
def today(app: Flask) -> date:
    return civil_date(now(), app.extensions["course"].config.time_zone)


@pytest.fixture
def people(session: Session) -> tuple[Person, Person, Person]:
    """A manager, somebody in their team, and a colleague elsewhere."""
    team = make_team(session)
    manager = make_person(session, "Priya Nair", "priya@example.org", "manager", team)
    member = make_person(session, "Kim Else", "kim@example.org", team=team)
    return manager, member, make_person(session, "Ann Hill", "ann@example.org")


def lend(client: Client, until: date, email: str = "ann@example.org", status: int = 303) -> str:
    form = {"email": email, "until": until.isoformat(), "reason": "holiday"}
    return client.post("/people/deputies", form, status).text


def test_case_44_a_deputy_sees_the_teams_until_the_last_day_and_no_longer(
    app: Flask, session: Session, people: tuple[Person, Person, Person], today: date
) -> None:
    manager, member, colleague = people
    mine, theirs = sign_in(Client(app), manager), sign_in(Client(app), colleague)
    theirs.get("/people", 403)
    lend(mine, today)
    assert "Kim Else" in theirs.get("/people").text
    theirs.get(f"/report/people/{member.id}")
    assert "You are the deputy for Priya Nair" in theirs.get("/people/deputies").text
    # Lending on what was lent is not possible: a deputy manages nothing of their own.
    session.execute(update(Deputy).values(until=today - timedelta(days=1)))
    session.commit()
    theirs.get("/people", 403)
    assert "is your deputy" not in mine.get("/people/deputies").text


def test_it_can_be_taken_back_and_ends_with_the_managers_own_role(
    app: Flask, session: Session, people: tuple[Person, Person, Person], today: date
) -> None:
    manager, _, colleague = people
    mine, theirs = sign_in(Client(app), manager), sign_in(Client(app), colleague)
    lend(mine, today + timedelta(days=30))
    assert "Ann Hill is your deputy" in mine.get("/people/deputies").text
    number = session.execute(select(Deputy.id)).scalar_one()
    theirs.post(f"/people/deputies/{number}/end", {})
    theirs.get("/people")
    mine.post(f"/people/deputies/{number}/end", {})
    theirs.get("/people", 403)
    lend(mine, today + timedelta(days=30))
    theirs.get("/people")
    session.execute(update(RoleGrant).values(until=now()))
    session.commit()
    theirs.get("/people", 403)


@pytest.mark.parametrize(
    ("email", "after", "why"),
    [
        ("nobody@example.org", 5, "No one who works here has this e-mail address or sign-in name."),
        ("priya@example.org", 5, "Enter the e-mail address or sign-in name of someone else."),
        ("ann@example.org", -1, "Enter today or a later day."),
        ("ann@example.org", 400, "Enter a day within the next 12 months."),
    ],
)
def test_what_cannot_be_lent_is_told_why_and_nothing_typed_is_lost(
    app: Flask, session: Session, people: tuple[Person, Person, Person], today: date, email: str, after: int, why: str
) -> None:
    client = sign_in(Client(app), people[0])
    page = lend(client, today + timedelta(days=after), email, 422)
    assert why in page
    assert session.execute(select(Deputy)).first() is None


def test_nobody_lends_what_they_do_not_manage_or_the_same_twice(
    app: Flask, session: Session, people: tuple[Person, Person, Person], today: date
) -> None:
    manager, member, colleague = people
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    mine, theirs = sign_in(Client(app), manager), sign_in(Client(app), colleague)
    lend(mine, today)
    assert "Ann Hill is already your deputy" in lend(mine, today + timedelta(days=9), status=422)
    for client in (theirs, sign_in(Client(app), boss)):
        assert "You do not manage a team" in lend(client, today, str(member.email), 422)
    assert session.execute(select(Deputy.deputy_id)).scalars().all() == [colleague.id]


def test_a_deputy_is_named_by_sign_in_name_and_told_apart_from_others_of_the_name(
    app: Flask, session: Session, people: tuple[Person, Person, Person], today: date
) -> None:
    kitchen = make_team(session, "Kitchen")
    identity = PersonIdentity("Ann Hill", staff_number="K-17")
    cook = add_identity(make_context(session, None, now()), identity, kitchen.id, "learner")
    assert isinstance(cook, Person)
    make_person(session, "Ann Hill", "ann.hill@example.org", team=make_team(session, "Office"))
    people[2].left_at = now()
    session.commit()
    mine = sign_in(Client(app), people[0])
    lend(mine, today, " k-17 ")
    session.expire_all()
    assert session.execute(select(Deputy.deputy_id)).scalars().all() == [cook.id]
    assert "Ann Hill (Kitchen) is your deputy" in mine.get("/people/deputies").text
    assert "Ann Hill (Kitchen) is already your deputy" in lend(mine, today, "K-17", 422)


def test_a_deputy_is_named_by_staff_number_as_long_as_it_names_one_person(
    app: Flask, session: Session, people: tuple[Person, Person, Person], today: date
) -> None:
    manager, _member, colleague = people
    identity = PersonIdentity("Dana Bell", staff_number="K-17", sign_in_name="dana.b")
    cook = add_identity(make_context(session, None, now()), identity, None, "learner")
    assert isinstance(cook, Person)
    colleague.staff_number = "A-1"
    session.commit()
    mine = sign_in(Client(app), manager)
    lend(mine, today, " k-17 ")
    lend(mine, today, "A-1")
    found = select(Deputy.deputy_id).order_by(Deputy.id)
    assert session.execute(found).scalars().all() == [cook.id, colleague.id]
    # The number of one has become the sign-in name of another; and then the cook has left.
    identity = PersonIdentity("Rob Lane", "rob@example.org", sign_in_name="K-17")
    assert isinstance(add_identity(make_context(session, None, now()), identity, None, "learner"), Person)
    session.commit()
    assert "This is the sign-in name of one person and the staff number of another." in lend(
        mine, today + timedelta(days=1), "K-17", 422
    )
    cook.left_at = now()
    session.commit()
    lend(mine, today, "K-17")
    session.expire_all()
    rob = session.execute(select(Person.id).where(Person.name == "Rob Lane")).scalar_one()
    assert session.execute(found).scalars().all()[-1] == rob
