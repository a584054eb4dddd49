"""The start page "Today": what needs a manager or an administrator, where each line leads, and what it asks of the database."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from course.analytics.actions import DiscussionEntry, record_discussion
from course.analytics.models import FigureRelease, PublishedFigure
from course.backups.models import Backup
from course.clock import now
from course.context import make_context
from course.dates import civil_date
from course.join_requests.models import RegistrationLink, RegistrationRequest
from course.mail.models import AddressFault, OutboxMail
from course.mail.rules import RenderedMail
from course.organisation.actions import confirm_contact
from course.organisation.models import Organisation
from course.people.actions import add_identity, delegate, grant_role, record_departure
from course.people.models import Person, Team
from course.people.rules import PersonIdentity
from tests.makers import make_organisation, make_person, make_team, sign_in
from tests.pages import Client, Page, words
from tests.support.asked import asked
from tests.support.outbox import queue_text

pytestmark = pytest.mark.both_engines
LONG_AGO = timedelta(days=200)


def lines(page: Page) -> dict[str, list[str]]:
    """The things that need the reader, each with the addresses that it leads to."""
    found = {}
    for item in page.all("li"):
        title = item.find(".//h2")
        if title is not None:
            found[words(title)] = [link.get("href", "") for link in item.iter("a")]
    return found


def set_up_well(session: Session) -> None:
    """Contacts that were just confirmed, and a backup that was verified today."""
    make_organisation(session)
    session.execute(update(Organisation).values(set_up_at=now() - 2 * LONG_AGO))
    context = make_context(session, None, now())
    for kind in ("lead", "out-of-hours"):
        confirm_contact(context, kind, "Jo Lee", "01632 960101", "")
    session.add(Backup(file="a.db", size=1, made_at=now(), verified_at=now()))
    session.commit()


@pytest.fixture
def trust(session: Session) -> tuple[Team, Team, Team]:
    """A trust with two schools."""
    set_up_well(session)
    top = make_team(session, "Riverside")
    return top, make_team(session, "Brook Academy", top), make_team(session, "Meadow School", top)


@pytest.fixture
def boss(session: Session) -> Person:
    return make_person(session, "Ada Vale", "ada@example.org", "administrator", at=now())


def make_late(session: Session, number: int, team: Team | None, prefix: str) -> list[Person]:
    """People who were added long ago and never began, so that they are overdue."""
    return [
        make_person(session, f"{prefix} {name}", f"{prefix}{name}@example.org".lower(), team=team, at=now() - LONG_AGO)
        for name in ("Ash", "Birch", "Cedar", "Dale")[:number]
    ]


def publish_results(session: Session, *teams: int) -> None:
    """Results of these teams that were published last Monday."""
    today = civil_date(now(), "Europe/London")
    monday = today - timedelta(days=today.weekday())
    release = FigureRelease(scope="teams", monday=monday, cutoff=now(), excluded=[], suppressed=[], recorded_at=now())
    session.add(release)
    session.flush()
    counts: dict[str, list[object]] = {"points": [], "periods": [], "scenarios": []}
    for team in teams:
        row = {"group_id": team, "rest_teams": [], "rest_people": 0, "rest_answers": 0, "counts": counts}
        session.add(PublishedFigure(release_id=release.id, **row))


def test_who_is_overdue_stands_by_team_the_worst_first_and_each_leads_to_the_list_and_the_deed(
    session: Session, client: Client, trust: tuple[Team, Team, Team], boss: Person
) -> None:
    top, brook, meadow = trust
    make_late(session, 1, brook, "Bo")
    make_late(session, 3, meadow, "May")
    make_late(session, 1, top, "Top")
    sign_in(client, boss)
    page = client.get("/today")
    found = lines(page)
    addresses = found["5 people are overdue"]
    assert [one for one in addresses if "team=" in one] == [
        f"/report?team={meadow.id}&status=overdue#people",
        f"/report?team={brook.id}&status=overdue#people",
        f"/report?team={top.id}&status=overdue#people",
    ]
    assert "/report/remind?status=overdue" in addresses
    assert "Riverside itself 1 overdue" in page.text
    assert "May Cedar" in client.get(f"/report?team={meadow.id}&status=overdue").text
    assert "May Cedar" in client.get("/report/remind?status=overdue").text


def test_a_manager_sees_the_own_teams_and_nothing_of_the_system(
    session: Session, client: Client, trust: tuple[Team, Team, Team]
) -> None:
    _top, brook, meadow = trust
    make_late(session, 1, brook, "Bo")
    make_late(session, 3, meadow, "May")
    manager = make_person(session, "Mona Field", "mona@example.org", "manager", brook, at=now())
    page = sign_in(client, manager).get("/today")
    found = lines(page)
    assert "1 person is overdue" in found
    assert "May" not in page.text
    assert "Meadow" not in page.text
    assert not [title for title in found if "mail is" in title or "manager" in title or "fact" in title]
    assert "First steps" not in page.text


def test_a_deputy_who_only_looks_is_not_offered_to_remind(
    session: Session, client: Client, trust: tuple[Team, Team, Team]
) -> None:
    _top, brook, _meadow = trust
    make_late(session, 2, brook, "Bo")
    manager = make_person(session, "Mona Field", "mona@example.org", "manager", brook, at=now())
    ann = make_person(session, "Ann Hill", "ann@example.org", at=now())
    until = civil_date(now(), "Europe/London") + timedelta(days=3)
    assert delegate(make_context(session, manager.id, now()), ann.email or "", until, "holiday") is None
    session.commit()
    found = lines(sign_in(client, ann).get("/today"))
    assert [one for one in found["2 people are overdue"] if "remind" in one] == []


def test_a_learner_has_no_such_page_and_home_is_as_it_was(session: Session, client: Client) -> None:
    sign_in(client, make_person(session, at=now()))
    client.get("/today", 403)
    page = client.get("/", headers={"Sec-Fetch-Site": "none"})
    assert "Today" not in [words(link) for link in page.all("a")]
    assert page.h1.startswith("Welcome")


@pytest.mark.parametrize(
    ("headers", "comes_first"),
    [
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Referer": "http://localhost/sign-in"}, True),
        ({"Referer": "http://localhost/link/abc"}, True),
        ({"Referer": "http://localhost/today", "Sec-Fetch-Site": "same-origin"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({}, False),
    ],
)
def test_who_manages_others_and_opens_the_course_finds_today_before_the_own_training(
    client: Client, boss: Person, headers: dict[str, str], comes_first: bool
) -> None:
    sign_in(client, boss)
    if comes_first:
        assert client.get("/", 303, headers).location == "/today"
    else:
        assert client.get("/", 200, headers).h1.startswith("Welcome")
    assert client.get("/?from=mail", 200, headers).h1.startswith("Welcome")


def test_people_requests_and_addresses_are_lines_that_go_when_they_are_dealt_with(
    session: Session, client: Client, trust: tuple[Team, Team, Team], boss: Person
) -> None:
    _top, brook, _meadow = trust
    new = make_person(session, "Nia New", "nia@example.org", team=brook, password=None, at=now())
    old = make_person(session, "Oli Old", "oli@example.org", team=brook, password=None, at=now())
    old.invited_at = now() - timedelta(days=3)
    link = RegistrationLink(token="t" * 20, team_id=brook.id, domains="example.org", ends_on=date(2030, 1, 1),
                            made_by=boss.id, made_at=now())  # fmt: skip
    session.add(link)
    session.flush()
    asking = RegistrationRequest(link_id=link.id, name="Dev Ray", email="dev@example.org", asked_at=now())
    session.add(asking)
    session.add(AddressFault(address="oli@example.org", kind="bounced", reason="no mailbox", made_at=now()))
    session.commit()
    found = lines(sign_in(client, boss).get("/today"))
    assert found["1 person asks to join"] == ["/registrations"]
    assert "/people?invited=no" in found["1 person has not been invited yet"]
    assert found["1 person was invited and has never signed in"][0].startswith("/people?invited=yes&invited_until=")
    assert "/reminders/addresses" in found["E-mail to 1 person does not arrive"]
    asking.decided_at, asking.decided_by = now(), boss.id
    for person in (new, old):
        record_departure(make_context(session, boss.id, now()), person.id, civil_date(now(), "Europe/London"), "left")
    session.commit()
    after = lines(client.get("/today"))
    assert not [title for title in after if "join" in title or "invited" in title or "arrive" in title]


def test_who_was_invited_is_listed_once_they_have_had_three_days_to_sign_in(
    session: Session, client: Client, trust: tuple[Team, Team, Team], boss: Person
) -> None:
    asked = {"Nia New": timedelta(minutes=5), "Mia Mid": timedelta(days=2), "Oli Old": timedelta(days=3)}
    people = [
        make_person(session, name, f"{name[0]}@example.org", team=trust[1], password=None, at=now() - LONG_AGO)
        for name in asked
    ]
    for person in people[:2]:
        person.invited_at = now() - asked[person.name]
    session.commit()
    sign_in(client, boss)
    title = "1 person was invited and has never signed in"
    assert title not in lines(client.get("/today"))
    people[2].invited_at = now() - asked["Oli Old"]
    session.commit()
    (address,) = lines(client.get("/today"))[title]
    page = client.get(address)
    assert "1 person found." in page.text
    assert "Oli Old" in page.text
    assert "Nia New" not in page.text
    # Invited again: they have time again.
    people[2].invited_at = now()
    session.commit()
    assert title not in lines(client.get("/today"))


def test_stale_and_missing_contacts_and_old_backups_are_urgent(session: Session, client: Client) -> None:
    boss = make_person(session, "Ada Vale", "ada@example.org", "administrator", at=now())
    context = make_context(session, None, now() - timedelta(days=500))
    confirm_contact(context, "lead", "Jo Lee", "01632 960101", "")
    session.add(Backup(file="a.db", size=1, made_at=now() - timedelta(days=9), verified_at=now() - timedelta(days=9)))
    session.commit()
    page = sign_in(client, boss).get("/today")
    found = lines(page)
    assert found["The newest verified backup is old"] == ["/system"]
    assert found["Staff cannot see who to ring"] == ["/organisation"]
    (stale,) = [title for title in found if title.startswith("Is this contact still right")]
    assert found[stale] == ["/organisation/contact/lead"]
    urgent = [item for item in page.all("li") if item.get("class") == "red"]
    assert len(urgent) >= 3
    lit = [link for link in page.all("a") if "turn" in (link.get("class") or "").split()]
    assert [link.get("href") for link in lit] == found[next(iter(found))][:1], "one thing to do is lit: the first"
    everything = [item for item in page.all("li") if item.find(".//h2") is not None]
    assert everything[: len(urgent)] == urgent, "what is urgent comes first"


def test_a_team_without_a_manager_is_named_until_somebody_above_it_manages_it(
    session: Session, client: Client, trust: tuple[Team, Team, Team], boss: Person
) -> None:
    top, brook, _meadow = trust
    make_person(session, "Kim Else", "kim@example.org", team=brook, at=now())
    page = sign_in(client, boss).get("/today")
    assert "or only until that manager’s last day: Riverside" in page.text
    manager = make_person(session, "Mona Field", "mona@example.org", "manager", top, at=now())
    assert not [title for title in lines(client.get("/today")) if "manager" in title]
    record_departure(make_context(session, boss.id, now()), manager.id, civil_date(now(), "Europe/London"), "left")
    session.commit()
    assert "1 team needs a manager" in lines(client.get("/today"))


def test_a_team_with_results_and_no_talk_for_a_term_is_reminded_of_one(
    session: Session, client: Client, trust: tuple[Team, Team, Team]
) -> None:
    _top, brook, meadow = trust
    publish_results(session, brook.id, meadow.id)
    manager = make_person(session, "Mona Field", "mona@example.org", "manager", brook, at=now())
    found = lines(sign_in(client, manager).get("/today"))
    assert found["1 team has not talked about its results for a term"] == [f"/insight/team/{brook.id}"]
    entry = DiscussionEntry(brook.id, "posing-as-young-people", "x", civil_date(now(), "Europe/London"), 4, "")
    assert record_discussion(make_context(session, manager.id, now()), entry) is None
    session.commit()
    assert not [title for title in lines(client.get("/today")) if "talked" in title]


def test_when_nothing_needs_them_it_says_so(session: Session, client: Client, trust: tuple[Team, Team, Team]) -> None:
    manager = make_person(session, "Mona Field", "mona@example.org", "manager", trust[1], at=now())
    page = sign_in(client, manager).get("/today")
    assert page.h1.endswith("nothing needs you")
    assert "No one is overdue or due soon" in page.text
    assert lines(page) == {}


def test_the_first_steps_tick_themselves_off_and_are_put_away_for_all_administrators(
    app: Flask, session: Session, client: Client, boss: Person
) -> None:
    page = sign_in(client, boss).get("/today")
    assert "First steps" in page.text
    assert len(page.all("s")) == 0
    set_up_well(session)
    make_person(session, "Mona Field", "mona@example.org", "manager", at=now())
    done = {words(step) for step in client.get("/today").all("s")}
    assert done == {
        "Say who staff turn to when they are worried about a child",
        "Add your people",
        "Choose who manages each team",
        "Make a backup, and let it be verified",
    }
    other = sign_in(Client(app), make_person(session, "Eve Two", "eve@example.org", "administrator", at=now()))
    page = client.follow(client.post("/today/first-steps", {}))
    assert "First steps" not in [words(title) for title in page.all("h2")]
    client.post("/today/first-steps", {})
    page = other.get("/today")
    assert "First steps" not in [words(title) for title in page.all("h2")]
    page = other.follow(other.post("/today/first-steps", {"show": "1"}))
    assert "First steps" in [words(title) for title in page.all("h2")]


def test_a_mail_that_was_only_printed_is_no_test_mail(
    app: Flask, session: Session, client: Client, boss: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a mail server the outbox is printed; beside “No e-mail is being sent” the step must stay open."""
    queue_text(session, "sent", "boss@example.org", RenderedMail("Test", "It works"), now())
    session.execute(update(OutboxMail).values(sent_at=now()))
    session.commit()
    extension = app.extensions["course"]
    page = sign_in(client, boss).get("/today")
    assert "No e-mail is being sent" in page.text
    assert "Send a test mail" not in {words(step) for step in page.all("s")}
    served = replace(extension.config, mail_url="smtp://mail.example.org:587")
    monkeypatch.setitem(app.extensions, "course", replace(extension, config=served))
    page = client.get("/today")
    assert "Send a test mail" in {words(step) for step in page.all("s")}


def test_a_trust_of_fourteen_sites_takes_few_statements_and_derives_nothing(
    app: Flask, session: Session, client: Client, trust: tuple[Team, Team, Team], boss: Person
) -> None:
    for number in range(14):
        site = make_team(session, f"Site {number}", trust[0])
        make_person(session, f"Kim {number}", f"kim{number}@example.org", team=site, at=now() - LONG_AGO)
    publish_results(session, *(team.id for team in trust))
    session.commit()
    sign_in(client, boss).get("/today")  # derives what is new, once
    with asked(app) as statements:
        page = client.get("/today")
    assert "14 people are overdue" in lines(page)
    assert "6 more teams" in page.text
    assert len(statements) <= 12, (len(statements), statements)
    assert not [one for one in statements if "FROM renewal_policy" in one], "nothing is derived"


def test_whoever_gets_no_mail_is_named_to_those_who_can_tell_them_until_it_is_recorded(
    app: Flask, session: Session, client: Client, trust: tuple[Team, Team, Team], boss: Person
) -> None:
    _top, brook, meadow = trust

    def without_address(name: str, number: str, team: Team | None) -> Person:
        identity = PersonIdentity(name, staff_number=number)
        added = add_identity(
            make_context(session, None, now() - LONG_AGO), identity, team.id if team else None, "learner"
        )
        assert isinstance(added, Person)
        session.commit()
        return added

    # The manager of Brook has no address either: no weekly mail says this to them.
    head = make_person(session, "Lee Moss", "lee@example.org", "manager", brook, at=now() - LONG_AGO)
    sign_in(client, head)
    head.email, head.sign_in_name = None, "L-1"
    cook, namesake = without_address("Dana Bell", "K-17", brook), without_address("Dana Bell", "K-18", brook)
    without_address("Robin Ray", "R-1", None)
    without_address("Uma Leaver", "U-1", meadow)
    title, address = "Speak to 2 people", "/reminders/in-person?step=due"
    page = client.get("/today")
    assert lines(page)[title] == [address]
    assert "no reminder reaches them: Dana Bell (K-17), Dana Bell (K-18)." in page.text
    # Nobody manages Robin, Uma and the head; the others have somebody who can tell them.
    office = sign_in(Client(app), boss)
    assert "no reminder reaches them: Lee Moss, Robin Ray, Uma Leaver." in office.get("/today").text
    (tick,) = [
        str(box.get("value"))
        for box in client.get(address).all("input")
        if str(box.get("value")).startswith(f"{cook.id} ")
    ]
    client.post("/reminders/in-person", {"told": tick}, 303)
    assert "no reminder reaches them: Dana Bell (K-18)." in client.get("/today").text
    record_departure(make_context(session, boss.id, now()), namesake.id, civil_date(now(), "Europe/London"), "left")
    session.commit()
    assert not [one for one in lines(client.get("/today")) if "Speak to" in one]
    auditor = make_person(session, "Avery Ledger", "avery@example.org", at=now())
    until = civil_date(now(), "Europe/London") + timedelta(days=9)
    assert grant_role(make_context(session, boss.id, now()), auditor.id, "auditor", None, until) is None
    session.commit()
    assert not [one for one in lines(sign_in(Client(app), auditor).get("/today")) if "Speak to" in one]


def test_what_changes_between_two_looks_is_on_the_second(
    session: Session, client: Client, trust: tuple[Team, Team, Team], boss: Person
) -> None:
    (late,) = make_late(session, 1, trust[1], "Bo")
    assert "1 person is overdue" in lines(sign_in(client, boss).get("/today"))
    record_departure(make_context(session, boss.id, now()), late.id, civil_date(now(), "Europe/London"), "left")
    session.commit()
    assert "1 person is overdue" not in lines(client.get("/today"))


def test_the_day_in_the_title_is_that_of_the_organisation(client: Client, boss: Person) -> None:
    day = civil_date(now(), "Europe/London")
    assert f" {day.day} {day:%B}:" in sign_in(client, boss).get("/today").h1
