"""What administrators change about a person, on both engines."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.auth import actions as auth
from course.auth import queries as signin_queries
from course.context import make_context
from course.mail.models import OutboxMail
from course.people import actions, queries
from course.people.actions import Refusal
from course.people.models import Membership, Person, RoleGrant, Team
from course.translation import use_language
from course.web.unit_of_work import unit_of_work
from tests.auth.entering import sign_in as sign_in_with
from tests.conftest import NOW
from tests.makers import PASSWORD, make_person, make_team, sign_in
from tests.pages import Client, words
from tests.support.asked import asked
from tests.support.days import this_day

pytestmark = pytest.mark.both_engines

DAY = timedelta(days=1)


@pytest.fixture
def boss(session: Session) -> Person:
    return make_person(session, "Alex Morgan", "alex@example.org", "administrator")


def correct(session: Session, person: Person, days: int = 1, /, **wanted: str) -> Refusal | None:
    new = {"name": person.name, "email": str(person.email), "number": person.staff_number or ""} | wanted
    name, email, number = new["name"], new["email"], new["number"]
    return actions.correct_identity(
        make_context(session, None, NOW + days * DAY), person.id, name, email, number, "a reason"
    )


def test_a_name_changes_and_the_past_stays(session: Session) -> None:
    person = make_person(session)
    assert correct(session, person, 1, name="Sam Lee") is None
    assert correct(session, person, 2, name="Sam Hill", email="SAM.HILL@example.org") is None
    assert [queries.name_at(session, person.id, NOW + days * DAY) for days in (0, 1, 2)] == [
        "Sam Okafor", "Sam Lee", "Sam Hill",
    ]  # fmt: skip
    assert person.email == "sam.hill@example.org"
    assert queries.name_at(session, 999, NOW) is None


def test_the_same_again_leaves_no_row(session: Session) -> None:
    person = make_person(session)
    assert correct(session, person, email=" SAM@example.org ") is None
    sheet = queries.person_detail(session, person.id)
    assert sheet is not None
    assert sheet.changes == ()


@pytest.mark.parametrize(("field", "value"), [("email", "KIM@example.org"), ("staff_number", "K1")])
def test_what_somebody_else_has_is_refused_and_nothing_is_half_done(session: Session, field: str, value: str) -> None:
    other = make_person(session, "Kim Else", "kim@example.org")
    assert correct(session, other, number="K1") is None
    person = make_person(session)
    refused = correct(session, person, name="Sam Lee", **{field.removeprefix("staff_"): value})
    assert isinstance(refused, Refusal)
    assert refused.field == field
    session.expire_all()
    assert (person.name, person.email, person.staff_number) == ("Sam Okafor", "sam@example.org", None)


def test_sign_in_follows_the_address_and_old_links_die(session: Session) -> None:
    person = make_person(session)
    token = auth.create_link(session, person.id, "forgotten", NOW)
    correct(session, person, email="new@example.org")
    origin = auth.RequestSource("192.0.2.1", "x")
    assert isinstance(sign_in_with(session, "new@example.org", PASSWORD, origin, NOW), auth.SignInGranted)
    assert sign_in_with(session, "sam@example.org", PASSWORD, origin, NOW) == auth.WrongPassword()
    assert signin_queries.find_link(session, token, set_up=False, at=NOW) is None


def bonds(session: Session) -> list[tuple[str, bool]]:
    rows = select(Team.name, Membership.until).join(Team, Team.id == Membership.team_id).order_by(Membership.id)
    return [(row.name, row.until is None) for row in session.execute(rows)]


def test_moving_ends_the_other_teams_and_adding_does_not(session: Session) -> None:
    first, second, third = (make_team(session, name) for name in ("First", "Second", "Third"))
    person = make_person(session, team=first)
    assert actions.join_team(make_context(session, None, NOW + DAY), person.id, second.id, False) is None
    assert bonds(session) == [("First", True), ("Second", True)]
    assert actions.join_team(make_context(session, None, NOW + DAY), person.id, third.id, True) is None
    assert actions.join_team(make_context(session, None, NOW + DAY), person.id, third.id, True) is None
    assert bonds(session) == [("First", False), ("Second", False), ("Third", True)]
    third.closed_at = NOW
    assert isinstance(actions.join_team(make_context(session, None, NOW), person.id, third.id, True), Refusal)


def grant_of(session: Session, person: Person) -> int:
    rows = select(RoleGrant.id).where(RoleGrant.person_id == person.id, RoleGrant.until.is_(None))
    return session.execute(rows).scalar_one()


def test_the_last_administrator_can_neither_lose_the_role_nor_leave(session: Session, boss: Person) -> None:
    refused = actions.revoke_role(make_context(session, None, NOW), boss.id, grant_of(session, boss))
    assert refused == Refusal("role", actions.LAST_ADMINISTRATOR)
    assert actions.record_departure(make_context(session, None, NOW), boss.id, NOW.date(), "x") == Refusal(
        "last_day", actions.LAST_ADMINISTRATOR
    )


def test_an_administrator_who_has_no_password_yet_does_not_count(session: Session, boss: Person) -> None:
    invited = make_person(session, "Kim Else", "kim@example.org", "administrator", password=None)
    assert isinstance(actions.revoke_role(make_context(session, None, NOW), boss.id, grant_of(session, boss)), Refusal)
    assert actions.revoke_role(make_context(session, None, NOW), invited.id, grant_of(session, invited)) is None


def test_of_two_administrators_one_can_go(session: Session, boss: Person) -> None:
    other = make_person(session, "Kim Else", "kim@example.org", "administrator")
    assert actions.record_departure(make_context(session, None, NOW), boss.id, NOW.date(), "x") is None
    assert isinstance(
        actions.revoke_role(make_context(session, None, NOW), other.id, grant_of(session, other)), Refusal
    )


def test_two_who_take_each_others_role_away_at_once_do_not_leave_nobody(fresh_app: Flask) -> None:
    with fresh_app.app_context(), unit_of_work() as session:
        pair = [make_person(session, name, f"{name}@example.org", "administrator") for name in ("ann", "bo")]
        wanted = [(one.id, grant_of(session, one)) for one in pair]
    results: list[Refusal | None] = []
    start = threading.Barrier(2)

    def deed(person_id: int, grant: int) -> None:
        with fresh_app.app_context():
            start.wait()
            with unit_of_work() as session:
                results.append(actions.revoke_role(make_context(session, None, NOW), person_id, grant))

    threads = [threading.Thread(target=deed, args=pair) for pair in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(result is None for result in results) == [False, True]


def test_who_leaves_loses_sessions_teams_roles_and_password_and_can_come_back(session: Session) -> None:
    team = make_team(session)
    person = make_person(session, role="manager", team=team)
    assert actions.record_departure(make_context(session, None, NOW), person.id, NOW.date(), "moved") is None
    assert bonds(session) == [("Staff", False)]
    sheet = queries.person_detail(session, person.id)
    assert sheet is not None
    assert sheet.seen is None
    assert sheet.roles == ()
    assert [bond.words for bond in sheet.earlier] == ["Staff", "Manager of Staff"]
    assert [one.name for one in queries.leavers(session)] == ["Sam Okafor"]
    back = NOW + 30 * DAY
    assert isinstance(
        actions.record_return(make_context(session, None, back), person.id, NOW.date(), None, "x"), Refusal
    )
    assert actions.record_return(make_context(session, None, back), person.id, back.date(), team.id, "x") is None
    assert bonds(session) == [("Staff", False), ("Staff", True)]
    origin = auth.RequestSource("192.0.2.1", "x")
    assert sign_in_with(session, str(person.email), PASSWORD, origin, back) == auth.WrongPassword()
    sheet = queries.person_detail(session, person.id)
    assert sheet is not None
    assert [(stay.start, stay.end) for stay in sheet.stays] == [
        (NOW.date(), NOW.date()), (back.date(), None),
    ]  # fmt: skip


def test_a_departure_that_was_recorded_by_mistake_is_put_right_on_the_same_day(
    session: Session, client: Client, boss: Person
) -> None:
    sign_in(client, boss)
    team = make_team(session)
    person = make_person(session, team=team)
    path = f"/people/{person.id}/return"
    left = client.get(f"/people/{person.id}/leave").fields() | {"reason": "moved"}
    client.post(f"/people/{person.id}/leave", left)
    fields = client.get(path).fields() | {"what": "never left", "reason": "it was somebody else"}
    assert fields["first_day"] == this_day().isoformat(), "which a return could not have"
    page = client.follow(client.post(path, fields | {"team": str(team.id)}))
    assert "Sam Okafor is here again." in page.text
    assert bonds(session)[-1] == ("Staff", True)
    sheet = queries.person_detail(session, person.id)
    assert sheet is not None
    assert [stay.end for stay in sheet.stays] == [None], "they never left"
    client.post(path, fields | {"team": str(team.id)})  # the button was pressed twice
    assert session.execute(select(OutboxMail.recipient)).scalars().all() == [person.email]


def test_a_last_day_more_than_a_year_away_is_refused(session: Session) -> None:
    person = make_person(session)
    refused = actions.record_departure(make_context(session, None, NOW), person.id, (NOW + 367 * DAY).date(), "x")
    assert isinstance(refused, Refusal)
    assert refused.field == "last_day"


def test_a_day_that_cannot_be_is_refused_with_what_to_enter_in_the_language_of_the_reader(
    session: Session, client: Client, boss: Person
) -> None:
    sign_in(client, boss)
    person = make_person(session)
    path, before = f"/people/{person.id}", (NOW - 30 * DAY).date()
    page = client.post(f"{path}/leave", {"last_day": before.isoformat(), "reason": "moved"}, 422)
    assert "Enter a day that is not before the first day." in page.text
    context = make_context(session, None, NOW)
    too_early = actions.record_departure(context, person.id, before, "moved")
    assert actions.record_departure(context, person.id, NOW.date(), "moved") is None
    session.commit()
    page = client.post(f"{path}/return", {"first_day": before.isoformat(), "team": "", "reason": "is back"}, 422)
    assert "Enter a day after the day on which they left." in page.text
    left_already = actions.record_departure(context, person.id, NOW.date(), "moved")
    too_early_back = actions.record_return(context, person.id, before, None, "is back")
    for refused in (too_early, left_already, too_early_back):
        assert isinstance(refused, Refusal)
        english = str(refused.message)
        with use_language("cy"):
            assert str(refused.message) != english


def test_the_page_of_a_person_leads_to_all_of_it(session: Session, client: Client, boss: Person) -> None:
    sign_in(client, boss)
    team = make_team(session, "Schools")
    person = make_person(session, team=team)
    path = f"/people/{person.id}"
    assert client.get(path).h1 == "Sam Okafor"
    form = client.get(f"{path}/correct").fields() | {"name": "Sam Lee", "reason": "married"}
    page = client.follow(client.post(f"{path}/correct", form))
    assert page.h1 == "Sam Lee"
    assert "Sam Okafor, sam@example.org. Alex Morgan: married" in page.text
    page = client.post(f"{path}/role", {"role": "manager", "team": ""}, 422)
    assert "Choose the team that this person manages." in page.text
    page = client.follow(client.post(f"{path}/role", {"role": "manager", "team": str(team.id)}))
    assert "Manager of Schools since" in page.text
    grant = grant_of(session, person)
    page = client.follow(client.post(f"{path}/role/{grant}/end", {}))
    assert "The role was removed." in page.text
    page = client.post(f"{path}/teams", {"team": "", "how": "move"}, 422)
    assert "Choose a team." in page.text
    page = client.follow(client.post(f"{path}/leave", client.get(f"{path}/leave").fields() | {"reason": "moved"}))
    assert "Left on" in page.text
    assert "Sam Lee" in client.get("/people/left").text
    client.get(f"{path}/leave", 404)
    client.get("/people/999", 404)


def test_coming_back_mails_an_invitation(session: Session, client: Client, boss: Person) -> None:
    sign_in(client, boss)
    person = make_person(session)
    assert actions.record_departure(make_context(session, None, NOW), person.id, NOW.date(), "x") is None
    session.commit()
    form = {"first_day": "2026-11-23", "team": "", "reason": "is back"}
    assert (
        "has returned. We are sending an invitation"
        in client.follow(client.post(f"/people/{person.id}/return", form)).text
    )
    mail = session.execute(select(OutboxMail)).scalar_one()
    assert mail.recipient == "sam@example.org"


def test_one_administrator_is_asked_to_make_a_second(session: Session, client: Client, boss: Person) -> None:
    sign_in(client, boss)
    words = "Only one administrator can sign in"
    assert words in client.get("/people").text
    assert words in client.get(f"/people/{boss.id}").text
    grant = grant_of(session, boss)
    page = client.follow(client.post(f"/people/{boss.id}/role/{grant}/end", {}))
    assert actions.LAST_ADMINISTRATOR in page.text
    make_person(session, "Kim Else", "kim@example.org", "administrator")
    assert words not in client.get("/people").text
    # Who takes the role from themselves may not open the page any more.
    assert client.post(f"/people/{boss.id}/role/{grant}/end", {}).location == "/"


def test_the_list_has_pages_and_finds_by_name_address_and_number(
    app: Flask, session: Session, client: Client, boss: Person
) -> None:
    sign_in(client, boss)
    for number in range(60):
        person = Person(name=f"Person {number:02}", email=f"p{number}@example.org", created_at=NOW,
                        staff_number=f"N{number}")  # fmt: skip
        session.add(person)
    session.commit()
    with asked(app) as statements:
        page = client.get("/people")
    assert len(statements) <= 6
    assert "61 people" in page.text
    assert "Page 1 of 2" in page.text
    second = client.get("/people?page=2")
    assert "Person 59" in second.text
    assert second.title.startswith("People, page 2 of 2 – ")
    assert page.title.startswith("People – ")
    for entered in ("person 07", "P7@EXAMPLE", "N7"):
        page = client.get(f"/people?q={entered}")
        assert "1 person found" in page.text
        assert "Person 07" in page.text
    assert "No one was found" in client.get("/people?q=%25").text


def test_on_paper_a_list_says_in_words_what_narrows_it(session: Session, client: Client, boss: Person) -> None:
    sign_in(client, boss)
    team = make_team(session, "Hill School")

    def said(address: str) -> list[str]:
        return [words(one) for one in client.get(address).all("p") if one.get("class") == "on-paper"]

    assert said("/people") == []
    assert said(f"/people?team={team.id}&signed-in=no&from=2026-09-01&sort=new") == [
        "Team and sub-teams: Hill School; Sign-in: Never signed in; Started on or after: 1 September 2026; "
        "Order: Newest first"
    ]
    assert said("/people?team=none") == ["Team and sub-teams: Not in a team"]
    assert said("/people?team=999&q=ada") == ["Name, e-mail, sign-in name or staff number: ada"]
    assert said("/report?status=overdue&q=ada") == ["Name or e-mail: ada; Status: Overdue"]


def test_certificates_can_be_issued_anew_in_the_new_name(session: Session, client: Client, boss: Person) -> None:
    sign_in(client, boss)
    person = make_person(session)
    assert "Certificates in another name" not in client.get(f"/people/{person.id}").text
    page = client.follow(client.post(f"/certificate/of/{person.id}/reissue", {}))
    assert "0 certificates issued in the name Sam Okafor" in page.text
