"""The people of a course at a platform, fetched page by page into a list that is looked at before anything changes."""

from __future__ import annotations

from typing import Any

from flask import Flask
from sqlalchemy import func, select

from course.audit.models import AuditEntry
from course.people.models import Membership, Person, RoleGrant
from course.people_import.models import PeopleImport
from course.web.unit_of_work import read_only_session, unit_of_work
from tests.lti_services.gradebook import Gradebook
from tests.lti_services.making import graded_course
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client

LETTERS = str.maketrans("0123456789", "ABCDEFGHIJ")  # a name with a digit is asked about
ROLE = "http://purl.imsglobal.org/vocab/lis/v2/membership#"


def _member(number: int, role: str = "Learner", **changed: Any) -> dict[str, Any]:
    return {
        "user_id": str(number), "name": f"Person {str(number).translate(LETTERS)}", "email": f"person-{number}@example.org",
        "roles": [ROLE + role], "status": "Active", **changed,
    }  # fmt: skip


def test_people_are_fetched_as_a_list_with_a_preview_and_nobody_is_deleted(fresh_app: Flask, book: Gradebook) -> None:
    course = graded_course(fresh_app, book)
    course.launch()
    with course.app.app_context(), unit_of_work() as session:
        team = make_team(session, "Sixth form")
        boss = make_person(session, "Robin Boss", "boss@example.org", "administrator")
        stays = make_person(session, "Kim Stays", "kim@example.org", team=team).id
    client = sign_in(Client(course.app), boss)
    page = f"/platforms/{course.number}/courses/1/people"
    assert page in client.get(f"/platforms/{course.number}/grades").html
    book.pages = [
        [_member(1), _member(2, status="Inactive")],
        [_member(3, "Instructor"), _member(4, email=""), _member(5, "Mentor"), _member(1)],
    ]
    chosen = {"team": str(team.id), "learners": "member", "instructors": "manager"}
    made = client.post(page, chosen)
    assert made.location.endswith("/columns")
    assert [one for one in book.asked if "members" in one] == ["GET /members", "GET /members?page=1"]
    columns = client.get(made.location)
    assert "1 person is not in the list" in columns.text
    client.post(made.location, columns.fields())
    preview = client.get(made.location.removesuffix("/columns"))
    for words in ("Person B", "Person D", "Person F"):
        assert words in preview.text
    for words in ("Person C", "Person E"):
        assert words not in preview.text
    with course.app.app_context(), read_only_session() as session:
        names = set(session.execute(select(Person.name)).scalars())
        assert not names & {"Person B", "Person D"}
        what = session.execute(select(AuditEntry.details).where(AuditEntry.what == "lti.members_fetched")).scalar_one()
        assert "example.org" not in what
        assert '"members": 4' in what.replace('":', '": ').replace(":  ", ": ")
    assert "Added 3" in preview.text
    client.post(f"{made.location.removesuffix('/columns')}/apply", {"mark": preview.fields(0)["mark"]})
    with course.app.app_context(), read_only_session() as session:
        found = {row[0]: row[1] for row in session.execute(select(Person.name, Person.id))}
        assert {"Person B", "Person D", "Person F", "Kim Stays"} <= set(found)
        managers = session.execute(select(RoleGrant.person_id).where(RoleGrant.role == "manager")).scalars().all()
        assert managers == [found["Person D"]]
        members = select(Membership.person_id).where(Membership.team_id == team.id, Membership.until.is_(None))
        assert stays in session.execute(members).scalars().all()


def test_somebody_whose_account_is_linked_is_found_and_not_added_again(fresh_app: Flask, book: Gradebook) -> None:
    course = graded_course(fresh_app, book)
    known, without_address = course.launch("7"), course.launch("8")
    with course.app.app_context(), unit_of_work() as session:
        team = make_team(session, "Sixth form")
        boss = make_person(session, "Robin Boss", "boss@example.org", "administrator")
        nameless = session.get_one(Person, without_address)
        nameless.email, nameless.sign_in_name = None, "platform-8"
    # They are called otherwise there, and one has no address here at all.
    book.pages = [[_member(7, email="other@example.org"), _member(8, name="P. Eight"), _member(9)]]
    client = sign_in(Client(course.app), boss)
    chosen = {"team": str(team.id), "learners": "member", "instructors": "leave"}
    made = client.post(f"/platforms/{course.number}/courses/1/people", chosen)
    client.post(made.location, client.get(made.location).fields())
    preview = client.get(made.location.removesuffix("/columns"))
    assert "Added 1" in preview.text
    client.post(f"{made.location.removesuffix('/columns')}/apply", {"mark": preview.fields(0)["mark"]})
    with course.app.app_context(), read_only_session() as session:
        names = sorted(session.execute(select(Person.name)).scalars())
        assert names == ["Person 7", "Person 8", "Person J", "Robin Boss"]
        members = select(Membership.person_id).where(Membership.team_id == team.id, Membership.until.is_(None))
        assert {known, without_address} < set(session.execute(members).scalars())


def test_what_cannot_be_fetched_is_said_and_nothing_is_stored(fresh_app: Flask, book: Gradebook) -> None:
    course = graded_course(fresh_app, book)
    course.launch()
    with course.app.app_context(), unit_of_work() as session:
        team = make_team(session, "Sixth form")
        boss = make_person(session, "Robin Boss", "boss@example.org", "administrator")
    client = sign_in(Client(course.app), boss)
    page = f"/platforms/{course.number}/courses/1/people"
    chosen = {"team": str(team.id), "learners": "member", "instructors": "leave"}
    assert "Choose one from the list" in client.post(page, {**chosen, "team": ""}, 422).text
    book.pages = [[_member(1)]]
    book.members_status = 403
    assert "does not let this course read who is in it" in client.post(page, chosen, 424).text
    book.members_status = 404
    assert "no longer there" in client.post(page, chosen, 424).text
    book.members_status = 200
    book.following = '<https://elsewhere.example/members>; rel="next"'
    assert "cannot be read" in client.post(page, chosen, 424).text
    book.following = f'<{book.issuer}/members?page=0>; rel="next"'
    assert "does not come to an end" in client.post(page, chosen, 424).text
    book.following, book.pages = None, [[_member(1, "Instructor")]]
    kept = client.post(page, chosen, 424)
    assert "There is no one in this course with such a role" in kept.text
    assert f'selected value="{team.id}"' in kept.html
    book.pages = [[_member(number) for number in range(2001)], [_member(9000)]]
    assert "more than 2000 people" in client.post(page, chosen, 424).text
    client.get(f"/platforms/{course.number}/courses/77/people", 404)
    with course.app.app_context(), read_only_session() as session:
        assert session.execute(select(func.count(PeopleImport.id))).scalar_one() == 0
