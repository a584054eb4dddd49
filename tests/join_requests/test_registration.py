"""Join requests by a link: who may send one, who decides, and that the answer gives nobody away. On both engines."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import segno
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.auth.rate_limits import RateLimiter
from course.clock import now
from course.context import make_context
from course.dates import civil_date
from course.join_requests import actions, queries, views
from course.join_requests.models import RegistrationLink, RegistrationRequest
from course.join_requests.rules import MAX_OPEN_REQUESTS, has_allowed_domain, link_works, parse_domains
from course.mail.models import OutboxMail
from course.people.actions import merge_teams, set_team_setting
from course.people.models import Membership, Person, Team
from course.web.template_filters import format_minutes
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.support.days import this_day

pytestmark = pytest.mark.both_engines

TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("example.org", ["example.org"]),
        (" @Example.ORG, school.example\nexample.org. ", ["example.org", "school.example"]),
    ],
)
def test_domains_are_read_as_people_type_them(typed: str, expected: list[str]) -> None:
    assert parse_domains(typed) == expected


@pytest.mark.parametrize("typed", ["", " , ", "example", "ann@example.org", "exa mple", "-x.org", "http://example.org"])
def test_text_that_is_not_a_domain_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="mail domain"):
        parse_domains(typed)


@pytest.mark.parametrize(
    ("email", "fits"),
    [("ann@example.org", True), ("ann@EXAMPLE.org", True), ("ann@x.example.org", False), ("ann@badexample.org", False)],
)
def test_only_the_domain_itself_may_ask(email: str, fits: bool) -> None:
    assert has_allowed_domain(email, ["example.org"]) is fits


@pytest.mark.parametrize(
    ("ends_on", "revoked", "team_is_open", "expected"),
    [
        (TODAY, False, True, True),
        (TODAY - DAY, False, True, False),
        (TODAY, True, True, False),
        (TODAY, False, False, False),
    ],
)
def test_a_link_works_until_its_last_day_is_over(
    ends_on: date, revoked: bool, team_is_open: bool, expected: bool
) -> None:
    assert link_works(ends_on, revoked, team_is_open, TODAY) is expected


@pytest.fixture
def team(session: Session) -> Team:
    make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    return make_team(session, "Schools")


@pytest.fixture
def path(session: Session, team: Team) -> str:
    """The address of a link for the team."""
    token = actions.make_link(make_context(session, None, now()), team.id, ["example.org"], this_day() + 30 * DAY)
    session.commit()
    return f"/join/{token}"


ASK = {"name": "Sam Okafor", "email": "Sam@Example.org"}


def requests(session: Session) -> list[RegistrationRequest]:
    session.expire_all()
    return list(session.execute(select(RegistrationRequest).order_by(RegistrationRequest.id)).scalars())


def boss(session: Session, client: Client) -> Client:
    return sign_in(client, session.execute(select(Person).where(Person.email == "alex@example.org")).scalar_one())


def test_somebody_asks_and_is_let_in_and_invited(app: Flask, session: Session, client: Client, path: str) -> None:
    assert "For Schools." in client.get(path).text
    assert "sam@example.org" in client.post(path, ASK, 200).text.lower()
    assert [mail.recipient for mail in session.execute(select(OutboxMail)).scalars()] == ["alex@example.org"]
    admin = boss(session, Client(app))
    assert "1 request to join" in admin.get("/people").text
    page = admin.follow(admin.post(f"/registrations/{requests(session)[0].id}/approve", {}))
    assert "Sam Okafor was added." in page.text
    assert "There are no requests." in page.text
    person = session.execute(select(Person).where(Person.email == "sam@example.org")).scalar_one()
    assert requests(session)[0].person_id == person.id
    mails = session.execute(select(OutboxMail.recipient).order_by(OutboxMail.id)).scalars().all()
    assert list(mails) == ["alex@example.org", "sam@example.org"]


def test_another_domain_is_refused_and_what_was_typed_stays(session: Session, client: Client, path: str) -> None:
    page = client.post(path, {**ASK, "email": "sam@elsewhere.example.com"}, 422)
    assert "Your address ends with @example.org." in page.text
    assert page.fields()["name"] == "Sam Okafor"
    assert requests(session) == []


def test_known_people_and_second_requests_get_the_same_answer(session: Session, client: Client, path: str) -> None:
    first = client.post(path, ASK, 200)
    again = client.post(path, ASK, 200)
    known = client.post(path, {**ASK, "email": "alex@example.org"}, 200)
    assert first.h1 == again.h1 == known.h1 == "Thank you"
    assert len(requests(session)) == 1
    assert len(session.execute(select(OutboxMail)).all()) == 1


def test_a_thousand_people_behind_one_address_join_in_one_morning(app: Flask) -> None:
    with app.test_request_context("/", environ_base={"REMOTE_ADDR": "203.0.113.9"}):
        assert all(views._within_rate_limit(f"p{number}@example.org") for number in range(1000))
    assert MAX_OPEN_REQUESTS >= 1000


def test_one_address_and_a_machine_are_slowed_down_and_lose_nothing_of_what_they_typed(
    session: Session, client: Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        client.post(path, ASK, 200)
    page = client.post(path, ASK, 429)
    assert "Wait 15 minutes" in page.text
    assert page.fields()["name"] == "Sam Okafor"
    client.post(path, {**ASK, "email": "bo@example.org"}, 200)
    monkeypatch.setattr(views, "_by_network", RateLimiter("test", 1, 900))
    client.post(path, {**ASK, "email": "cy@example.org"}, 200)
    client.post(path, {**ASK, "email": "di@example.org"}, 429)
    assert [one.email for one in requests(session)] == ["sam@example.org", "bo@example.org", "cy@example.org"]


def test_a_link_that_takes_no_more_requests_says_so(
    session: Session, client: Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MAX_OPEN_REQUESTS", 1)
    client.post(path, ASK, 200)
    for email in ("bo@example.org", "alex@example.org"):
        assert "cannot take further requests" in client.post(path, {**ASK, "email": email}, 422).text
    assert len(requests(session)) == 1


def test_the_deciding_people_get_one_mail_a_day(session: Session, client: Client, path: str) -> None:
    for number in range(3):
        client.post(path, {**ASK, "email": f"p{number}@example.org"}, 200)
    assert len(requests(session)) == 3
    assert len(session.execute(select(OutboxMail)).all()) == 1


def test_a_manager_decides_for_their_teams_only(
    app: Flask, session: Session, client: Client, path: str, team: Team
) -> None:
    client.post(path, ASK, 200)
    number = requests(session)[0].id
    other = sign_in(Client(app), make_person(session, "Pat Lee", "pat@example.org", "manager"))
    assert "There are no requests." in other.get("/registrations").text
    other.post(f"/registrations/{number}/approve", {}, 404)
    manager = sign_in(Client(app), make_person(session, "Kim Lee", "kim@example.org", "manager", team=team))
    assert "Sam Okafor" in manager.get("/registrations").text
    assert "Make a link" not in manager.get("/registrations").text
    assert "You declined the request from" in manager.follow(manager.post(f"/registrations/{number}/refuse", {})).text
    manager.post(f"/registrations/{number}/approve", {}, 404)
    assert session.execute(select(Person).where(Person.email == "sam@example.org")).first() is None


def test_what_is_doubtful_about_a_request_is_shown_to_whoever_decides(
    app: Flask, session: Session, client: Client, path: str, team: Team
) -> None:
    client.post(path, {"name": "Alex Morgan", "email": "office@example.org"}, 200)
    manager = sign_in(Client(app), make_person(session, "Kim Lee", "kim@example.org", "manager", team=team))
    seen = [one.get("/registrations").text for one in (boss(session, Client(app)), manager)]
    assert all("“office@example.org” looks like a mailbox that several people read." in text for text in seen)
    # A manager learns nothing about people of other teams.
    assert ["This may be Alex Morgan (alex@example.org)" in text for text in seen] == [True, False]


def test_a_request_to_a_team_that_was_merged_is_approved_for_a_team_that_is_open(
    app: Flask, session: Session, client: Client, path: str, team: Team
) -> None:
    client.post(path, ASK, 200)
    above, beside = make_team(session, "Region"), make_team(session, "Elsewhere")
    team.parent_id = above.id
    into = make_team(session, "North", parent=above)
    assert merge_teams(make_context(session, None, now()), team.id, into.id, "one team") is None
    session.commit()
    number = requests(session)[0].id
    manager = sign_in(Client(app), make_person(session, "Kim Lee", "kim@example.org", "manager", team=above))
    page = manager.get("/registrations")
    assert "Closed" in page.text
    assert "North" in page.text
    assert "Elsewhere" not in page.text
    for wrong in ({}, {"team": str(beside.id)}, {"team": str(team.id)}, {"team": "x"}):
        assert "Choose a team." in manager.follow(manager.post(f"/registrations/{number}/approve", wrong)).text
    done = manager.follow(manager.post(f"/registrations/{number}/approve", {"team": str(into.id)}))
    assert "was added. We are sending an invitation" in done.text
    added = session.execute(select(Person).where(Person.email == "sam@example.org")).scalar_one()
    teams = session.execute(select(Membership.team_id).where(Membership.person_id == added.id)).scalars().all()
    assert teams == [into.id]


def test_managers_of_the_team_into_which_a_team_was_merged_decide_about_its_requests(
    app: Flask, session: Session, client: Client, path: str, team: Team
) -> None:
    client.post(path, ASK, 200)
    between, into = make_team(session, "North"), make_team(session, "Region")
    for old, new in ((team, between), (between, into)):
        assert merge_teams(make_context(session, None, now()), old.id, new.id, "one team") is None
    session.commit()
    number = requests(session)[0].id
    other = make_person(session, "Pat Lee", "pat@example.org", "manager", team=make_team(session, "Elsewhere"))
    assert "There are no requests." in sign_in(Client(app), other).get("/registrations").text
    manager = sign_in(Client(app), make_person(session, "Kim Lee", "kim@example.org", "manager", team=into))
    assert "1 request to join" in manager.get("/people").text
    page = manager.get("/registrations")
    assert [option.text for option in page.all("option") if option.get("selected") is not None] == ["Region"]
    done = manager.follow(manager.post(f"/registrations/{number}/approve", {"team": str(into.id)}))
    assert "Sam Okafor was added." in done.text
    added = session.execute(select(Person).where(Person.email == "sam@example.org")).scalar_one()
    assert session.execute(select(Membership.team_id).where(Membership.person_id == added.id)).scalar() == into.id


def test_a_link_is_made_shown_and_revoked(session: Session, client: Client, team: Team) -> None:
    boss(session, client)
    form = client.get("/registrations/links/add").fields()
    wrong = client.post("/registrations/links/add", {**form, "domains": "nonsense", "ends_on": "2020-01-01"}, 422)
    for words in ("Choose a team.", "“nonsense” is not a mail domain", "within the next 12 months"):
        assert words in wrong.text
    page = client.follow(
        client.post("/registrations/links/add", {**form, "team": str(team.id), "domains": "example.org"})
    )
    link = queries.join_links(session, this_day())[0]
    assert f"http://127.0.0.1:8000/join/{link.token}" in page.text
    client.get(f"/join/{link.token}")
    client.post(f"/registrations/links/{link.id}/revoke", {})
    client.get(f"/join/{link.token}", 410)
    client.post(f"/join/{link.token}", ASK, 410)


def test_two_who_decide_at_once_add_somebody_once(session: Session, client: Client, path: str) -> None:
    client.post(path, ASK, 200)
    alex = session.execute(select(Person.id)).scalars().first()
    assert alex is not None
    asked = queries.JoinRequestView(requests(session)[0].id, "Sam", "sam@example.org", 1, "Schools", now())
    assert actions.refuse_request(make_context(session, alex, now()), asked)
    assert actions.approve_request(make_context(session, alex, now()), asked, "Alex Morgan") is not None


def test_decided_requests_are_forgotten_after_a_month(session: Session, client: Client, path: str) -> None:
    client.post(path, ASK, 200)
    old = requests(session)[0]
    old.decided_at = now() - 31 * DAY
    session.commit()
    client.post(path, {**ASK, "email": "bo@example.org"}, 200)
    assert [one.email for one in requests(session)] == ["bo@example.org"]


def test_a_link_is_a_poster_with_its_code_as_long_as_it_works(session: Session, client: Client) -> None:
    boss = make_person(session, "Ada Vale", "ada@example.org", "administrator")
    team = make_team(session, "Night staff")
    context = make_context(session, boss.id, now())
    actions.make_link(context, team.id, ["example.org", "school.example"], this_day() + 9 * DAY)
    session.commit()
    (link,) = queries.join_links(session, this_day())
    sign_in(client, boss)
    path = f"/registrations/links/{link.id}/poster"
    assert path in [one.get("href") for one in client.get("/registrations").all("a")]
    page = client.get(path)
    address = f"http://127.0.0.1:8000/join/{link.token}"
    length = f"It takes about {format_minutes(client.app.extensions['course'].library.usual_length.minutes)} in all."
    for said in ("Night staff", address, "@example.org, @school.example", "This address works until", length):
        assert said in page.text
    assert segno.make(address, error="m", micro=False).svg_inline(border=4, omitsize=True) in page.html
    actions.revoke_link(context, link.id)
    session.commit()
    client.get(path, 404)
    client.get("/registrations/links/999/poster", 404)


def test_the_page_and_the_poster_name_the_site_that_people_join(app: Flask, session: Session) -> None:
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    school = make_team(session, "Hillside")
    kitchen = make_team(session, "Kitchen", school)
    context = make_context(session, boss.id, now())
    set_team_setting(context, school.id, "title", "Hillside Primary School")
    actions.make_link(context, kitchen.id, ["example.org"], civil_date(now(), "Europe/London") + timedelta(days=9))
    actions.make_link(context, make_team(session, "Office").id, ["example.org"], civil_date(now(), "Europe/London"))
    session.commit()
    admin = sign_in(Client(app), boss)
    links = {row.team_id: row for row in session.execute(select(RegistrationLink)).scalars()}
    for team, name in ((kitchen.id, "Hillside Primary School"), (max(links), "Riverside Trust")):
        link = links[team]
        for page in (Client(app).get(f"/join/{link.token}"), admin.get(f"/registrations/links/{link.id}/poster")):
            assert f"{name} · " in page.text
            assert ("Hillside" in page.text) == (team == kitchen.id)
