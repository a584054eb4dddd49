"""From the launch to the way back: what the platform is told, in which order, and how often."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.clock import now
from course.cmi5.actions import Cmi5PlatformSettings, add_platform
from course.cmi5.jobs import end_idle_sessions, find_complete_modules, send_session_statements
from course.cmi5.models import Cmi5Account, Cmi5Platform, Cmi5Session, Cmi5Statement
from course.content.library import Library
from course.context import make_context
from course.people.actions import grant_role, merge_teams
from course.people.models import Person
from tests.cmi5.platform import FakePlatform
from tests.makers import PASSWORD, make_person, make_team
from tests.pages import Client, Page
from tests.support.days import this_day
from tests.walking import Learner, never


def _send(app: Flask, later: timedelta = timedelta()) -> int:
    """What the job does."""
    with app.app_context():
        find_complete_modules(now() + later)
        end_idle_sessions(now() + later)
        return send_session_statements(lambda: now() + later)


def _arrive(client: Client, path: str) -> Page:
    """Open the course from the platform; the page on which the browser arrives."""
    page = client.follow(client.follow(client.get(path, 303), 303))
    assert "You came from Moodle" in page.text
    return page


def _learner(app: Flask, client: Client, session: Session, course: Library) -> Learner:
    person = session.execute(select(Cmi5Account.person_id).order_by(Cmi5Account.id.desc())).scalars().first()
    found = Learner(app, client, person or 0)
    found.library = course.for_("school", "england")
    return found


def _audited(session: Session, prefix: str) -> list[str]:
    rows = select(AuditEntry.what).where(AuditEntry.what.startswith(prefix)).order_by(AuditEntry.number)
    return list(session.execute(rows).scalars())


@pytest.mark.both_engines
def test_a_learner_comes_completes_the_course_and_goes_back_and_each_thing_is_told_once_in_order(
    app: Flask, client: Client, session: Session, sample_course: Library, platform: FakePlatform
) -> None:
    path = platform.launch(masteryScore=0.8)
    _arrive(client, path)
    (made,) = platform.launches
    assert made.verbs == ["initialized"]
    assert platform.asked == [
        "POST /fetch",
        "GET /lrs/activities/state",
        "GET /lrs/agents/profile",
        "PUT /lrs/statements",
    ]
    person = session.execute(select(Person).order_by(Person.id.desc())).scalars().first()
    assert person is not None
    assert (person.name, person.email) == ("Robin Field", None)
    learner = _learner(app, client, session, sample_course)
    learner.modules()
    learner.final(never)
    assert _send(app) == 0  # failing is told at the end, because passing may follow
    learner.final()
    assert _send(app) == 2
    page = client.post("/cmi5/leave", {}, 200)
    assert "Go back to Moodle" in page.text
    assert page.headers["Refresh"] == "0; url=https://lms.example.org/course/51?back=1"
    assert _send(app) == 1
    assert platform.refused == []
    assert made.verbs == ["initialized", "completed", "passed", "terminated"] or made.verbs == [
        "initialized", "passed", "completed", "terminated",
    ]  # fmt: skip
    assert "You came from" not in client.get("/").text
    # In the same registration nothing is said twice; in another one at its beginning.
    _arrive(client, platform.launch(registration=made.registration))
    client.post("/cmi5/leave", {}, 200)
    _arrive(client, platform.launch())
    _send(app)
    assert [one.verbs for one in platform.launches[1:]] == [
        ["initialized", "terminated"], ["initialized", "completed", "passed"],
    ]  # fmt: skip
    assert platform.refused == []
    session.expire_all()
    assert session.execute(select(func.count(Cmi5Account.id))).scalar_one() == 1
    assert _audited(session, "cmi5.launched") == ["cmi5.launched"] * 3


def test_who_fails_and_goes_is_told_as_failed_and_who_only_looks_around_is_not_judged(
    app: Flask, client: Client, session: Session, sample_course: Library, platform: FakePlatform
) -> None:
    _arrive(client, platform.launch(mode="Browse"))
    assert "Nothing that you do is reported there" in client.get("/").text
    learner = _learner(app, client, session, sample_course)
    learner.modules()
    learner.final(never)
    client.post("/cmi5/leave", {}, 200)
    _arrive(client, platform.launch())
    learner.final(never)
    session.expire_all()
    # Nobody presses anything: after two hours in which nothing was done, the session ends by itself.
    assert _send(app, timedelta(minutes=119)) == 1
    assert _send(app, timedelta(minutes=121)) == 2
    assert [one.verbs for one in platform.launches] == [
        ["initialized", "terminated"],
        ["initialized", "failed", "terminated"],
    ]
    assert platform.refused == []
    ended = platform.launches[1].statements[-1]
    assert re.fullmatch(r"PT([0-9]+S|[1-4]M([0-9]+S)?)", ended["result"]["duration"])  # not the two hours


@pytest.mark.parametrize(
    ("broken", "changes", "words", "status"),
    [
        ({}, {"registration": "x"}, "The link from the learning platform is incomplete.", 400),
        ({}, {"actor": '{"mbox":"mailto:sam@example.org"}'}, "did not say which account you have there", 400),
        ({}, {"endpoint": "https://evil.example/lrs"}, "does not accept launches from that learning platform", 403),
        ({}, {"fetch": "https://evil.example/fetch"}, "does not accept launches from that learning platform", 403),
        ({}, {"actor": '{"account":{"homePage":"https://lms.example.org","name":"u-1"}}'}, "did not say how", 400),
        ({}, {"registration": "3d5a0e3c-8a8f-4b59-a2a6-8b6f3e6c8a11"}, "did not say how", 400),
        ({}, {"activityId": "https://lms.example.org/other"}, "did not say how", 400),
        ({"fetch": 500}, {}, "did not say how", 400),
        ({"state": 500}, {}, "did not say how", 400),
        ({"statements": 403}, {}, "did not accept that the course was opened for your account", 400),
    ],
)  # fmt: skip
def test_a_launch_that_is_not_as_it_should_be_is_refused_in_words_and_signs_nobody_in(
    client: Client, session: Session, platform: FakePlatform, broken: dict[str, int], changes: dict[str, str], words: str,
    status: int,
) -> None:  # fmt: skip
    platform.launch()
    platform.broken = broken
    people = session.execute(select(func.count(Person.id))).scalar_one()
    page = client.get(platform.address(platform.launches[0], **changes), status)
    assert words in page.text
    assert not client.is_signed_in()
    session.expire_all()
    assert session.execute(select(func.count(Person.id))).scalar_one() == people
    assert session.execute(select(Cmi5Session.id)).all() == []


def test_a_launch_opens_the_course_once_and_loading_the_page_again_does_no_harm(
    app: Flask, client: Client, platform: FakePlatform
) -> None:
    path = platform.launch()
    _arrive(client, path)
    assert "You came from Moodle" in client.follow(client.get(path, 303)).text
    stranger = Client(app)
    assert "This link has been used before" in stranger.get(path, 400).text
    assert platform.launches[0].verbs == ["initialized"]


@pytest.mark.parametrize("account", ["u-17", "u-18"], ids=["known", "new"])
def test_a_launch_replaces_nobody_who_is_signed_in_before_they_say_that_they_are_somebody_else(
    app: Flask, client: Client, session: Session, platform: FakePlatform, account: str
) -> None:
    _arrive(Client(app), platform.launch())
    make_person(session, "Sam Carter", "sam@example.org")
    client.post("/sign-in", {"email": "sam@example.org", "password": PASSWORD})
    path = platform.launch(account)
    page = client.get(path)  # as a link on another site would open it
    assert page.h1 == "Is this your account?"
    assert "Robin Field" not in page.text
    assert "Sam Carter" in client.get("/me").text
    assert not platform.launches[1].fetched
    client.post(path, {}, 400, token=False)
    assert "Sam Carter" in client.get("/me").text
    _arrive(client, client.post(path, {}).location)
    assert "Robin Field" in client.get("/me").text
    assert platform.refused == []


def test_unknown_learners_leavers_and_platforms_that_are_off_are_refused(
    app: Flask, client: Client, session: Session, platform: FakePlatform
) -> None:
    _arrive(client, platform.launch())
    session.execute(update(Cmi5Platform).values(makes_accounts=False))
    session.commit()
    _arrive(Client(app), platform.launch())  # who is known
    assert "There is no account for you" in Client(app).get(platform.launch("u-18"), 403).text
    person = session.execute(select(Cmi5Account.person_id)).scalar_one()
    grant_role(make_context(session, None, now()), person, "hr", None)
    session.commit()
    assert "You see data of other people" in Client(app).get(platform.launch(), 403).text
    session.execute(update(Person).where(Person.id == person).values(last_day=this_day(-9)))
    session.commit()
    assert "Your account in this course has ended" in Client(app).get(platform.launch(), 403).text
    session.execute(update(Cmi5Platform).values(active=False))
    session.commit()
    assert "does not accept launches" in Client(app).get(platform.launch(), 403).text
    session.expire_all()
    assert _audited(session, "cmi5.refused") == ["cmi5.refused"] * 3
    # Nothing was said about the person before the platform had said that the launch is theirs, and nothing was opened then.
    assert [one.fetched for one in platform.launches] == [True, True, True, True, True, False]
    assert [one.verbs for one in platform.launches] == [["initialized"]] * 2 + [[]] * 4


def test_an_address_that_no_platform_made_says_nothing_about_the_person_of_an_account(
    app: Flask, client: Client, session: Session, platform: FakePlatform
) -> None:
    """Anybody can write the name of an account into an address."""
    _arrive(client, platform.launch())
    person = session.execute(select(Cmi5Account.person_id)).scalar_one()
    grant_role(make_context(session, None, now()), person, "hr", None)
    session.execute(update(Cmi5Platform).values(makes_accounts=False))
    session.commit()
    answers = []
    for name in ("u-17", "u-18"):
        platform.launch(name)
        forged = platform.address(platform.launches[-1], registration="3d5a0e3c-8a8f-4b59-a2a6-8b6f3e6c8a11")
        answers.append(Client(app).get(forged, 400).text)
    assert answers[0] == answers[1]
    assert "did not say how" in answers[0]


def test_a_frame_gets_one_page_with_a_link_that_opens_the_course_in_a_window_of_its_own(
    client: Client, platform: FakePlatform
) -> None:
    path = platform.launch()
    framed = client.flask.get(path, headers={"Sec-Fetch-Dest": "iframe"})
    assert framed.status_code == 200
    assert f"frame-ancestors https://{platform.host}" in framed.headers["Content-Security-Policy"]
    assert 'target="_blank"' in framed.text
    assert "Set-Cookie" not in framed.headers
    assert not platform.launches[0].fetched
    _arrive(client, path)


def test_a_platform_that_is_away_is_told_later_in_order_and_what_it_refuses_is_seen_and_sent_again(
    app: Flask, client: Client, session: Session, sample_course: Library, platform: FakePlatform
) -> None:
    _arrive(client, platform.launch())
    _learner(app, client, session, sample_course).modules()
    _learner(app, client, session, sample_course).final()
    client.post("/cmi5/leave", {}, 200)
    platform.broken = {"statements": 503}
    assert _send(app) == 1  # the others wait for the first
    platform.broken = {"statements": 400}
    assert _send(app, timedelta(minutes=1)) == 3
    session.expire_all()
    states = session.execute(select(Cmi5Statement.verb, Cmi5Statement.status).order_by(Cmi5Statement.id)).all()
    assert [one.status for one in states] == [None, 400, 400, 400]
    platform.broken = {}
    admin = Client(app)
    admin.post("/sign-in", {"email": "alex@example.org", "password": PASSWORD})
    page = admin.get("/system/cmi5")
    assert page.text.count("The answer was 400.") == 3
    for number in session.execute(select(Cmi5Statement.id).order_by(Cmi5Statement.id)).scalars().all():
        admin.post(f"/system/cmi5/statements/{number}/repeat", {})
    assert _send(app) == 3
    assert platform.launches[0].verbs[0] == "initialized"
    assert platform.launches[0].verbs[-1] == "terminated"
    assert sorted(platform.launches[0].verbs[1:3]) == ["completed", "passed"]
    assert platform.refused == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": ""}, "Enter a name, such as Moodle."),
        ({"hosts": " "}, "Enter the name of at least one server"),
        (
            {"hosts": "lms.example.org https://lrs.example.org/x"},
            "https://lrs.example.org/x is not the name of a server",
        ),
        ({"hosts": "\n".join(f"s{n}.example.org" for n in range(21))}, "20 servers or fewer"),
        ({"team": "77"}, "Choose one from the list"),
    ],
)
def test_a_wrong_entry_for_a_platform_is_explained_and_nothing_is_lost(
    app: Flask, session: Session, change: dict[str, Any], message: str
) -> None:
    make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    admin = Client(app)
    admin.post("/sign-in", {"email": "alex@example.org", "password": PASSWORD})
    sent = {"name": "Moodle", "hosts": "lms.example.org\nLRS.example.org", "team": "", "active": "y"}
    page = admin.post("/system/cmi5/platforms/add", sent | change, 422)
    assert message in page.text
    assert page.title.startswith("Error: ")
    admin.post("/system/cmi5/platforms/add", sent)
    found = session.execute(select(Cmi5Platform.hosts, Cmi5Platform.active)).one()
    assert tuple(found) == ("lms.example.org\nlrs.example.org", True)


def test_new_people_of_a_platform_come_into_the_team_into_which_theirs_was_merged(session: Session) -> None:
    boss, pool, staff = make_person(session, role="administrator"), make_team(session, "Pool"), make_team(session)
    context = make_context(session, boss.id, now())
    number = add_platform(context, Cmi5PlatformSettings("Moodle", ("lms.example.org",), True, pool.id, True))
    assert merge_teams(context, pool.id, staff.id, "one team") is None
    session.expire_all()
    assert session.get_one(Cmi5Platform, number).team_id == staff.id


def test_the_structure_is_the_same_from_the_page_and_from_the_command(
    app: Flask, session: Session, tmp_path: Any
) -> None:
    make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    admin = Client(app)
    admin.post("/sign-in", {"email": "alex@example.org", "password": PASSWORD})
    answer = admin.flask.get("/system/cmi5/cmi5.xml")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="cmi5.xml"'
    file = tmp_path / "cmi5.xml"
    done = app.test_cli_runner().invoke(args=["cmi5", "xml", "-o", str(file)])
    assert done.exit_code == 0, done.output
    assert file.read_bytes() == answer.data
    assert b"/cmi5/launch/course</url>" in answer.data


def test_the_course_opens_in_the_language_of_the_learner_until_they_choose_one_here(
    app: Flask, platform: FakePlatform
) -> None:
    def opened(client: Client, preferred: str) -> str:
        platform.preferences = {"languagePreference": preferred, "audioPreference": "off"}
        return client.follow(client.follow(client.get(platform.launch(), 303), 303)).html

    client = Client(app)
    assert '<html lang="en-GB">' in opened(Client(app), "xx, en-US, cy")
    assert '<html lang="cy">' in opened(client, "fr, cy-GB, en-US")
    # What was chosen here comes before what a platform says.
    client.post("/me/language", {"language": "en"})
    assert '<html lang="en-GB">' in opened(client, "cy")


@pytest.mark.parametrize("way", ["the way back", "another launch", "a password"])
def test_the_language_of_a_learner_goes_with_them_from_a_shared_browser(
    client: Client, platform: FakePlatform, way: str
) -> None:
    def language_of(address: str) -> str:
        return client.get(address).html.partition('<html lang="')[2].partition('"')[0]

    platform.preferences = {"languagePreference": "cy", "audioPreference": "off"}
    client.follow(client.follow(client.get(platform.launch(), 303), 303))
    assert language_of("/") == "cy"
    if way == "the way back":
        client.post("/cmi5/leave", {}, 200)
    elif way == "another launch":
        platform.preferences = {"languagePreference": "en", "audioPreference": "off"}
        client.follow(client.follow(client.get(platform.launch(), 303), 303))
    else:
        client.post("/sign-in", {"email": "alex@example.org", "password": PASSWORD})
    assert language_of("/") == "en-GB"
