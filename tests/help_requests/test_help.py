"""A learner asks for help: their manager gets a mail about that, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.clock import now
from course.content.library import Library
from course.help_requests.models import HelpRequest
from course.help_requests.rules import HelpRecipient, choose_recipients
from course.learning.models import Attempt, AttemptOutcome
from course.mail.models import OutboxMail
from course.people.models import Membership, Person
from course.translation import use_language
from course.web.template_filters import format_names
from course.web.unit_of_work import unit_of_work
from tests.learning.test_withheld import take
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.support.outbox import rendered_mails
from tests.support.racing import at_once

pytestmark = pytest.mark.both_engines

ANN, BOB, SAM = HelpRecipient(1, "Ann", "ann@example.org", True), HelpRecipient(2, "Bob", "bob@example.org", True), 9
BOSS = HelpRecipient(3, "Alex", "alex@example.org", False)
TREE = {10: None, 11: 10, 12: 11}


@pytest.mark.parametrize(
    ("teams", "managers", "recipients"),
    [
        ((12,), {12: [ANN]}, (ANN,)),
        ((12,), {12: [ANN], 11: [BOB]}, (ANN,)),
        ((12,), {10: [BOB]}, (BOB,)),
        ((12,), {12: [ANN, BOB]}, (ANN, BOB)),
        ((11, 12), {11: [BOB], 12: [ANN]}, (BOB, ANN)),
        # A learner who manages their own team asks the manager of the team above.
        ((12,), {12: [HelpRecipient(SAM, "Sam", "sam@example.org", True)], 11: [BOB]}, (BOB,)),
        ((12,), {}, (BOSS,)),
        ((), {12: [ANN]}, (BOSS,)),
    ],
)
def test_the_nearest_managers_are_the_recipients(
    teams: tuple[int, ...], managers: dict[int, list[HelpRecipient]], recipients: tuple[HelpRecipient, ...]
) -> None:
    assert choose_recipients(SAM, teams, TREE, managers, [BOSS]) == recipients


def test_an_administrator_is_no_recipient_of_their_own_request_and_a_cycle_of_teams_ends() -> None:
    assert choose_recipients(BOSS.id, (), {}, {}, [BOSS]) == ()
    assert choose_recipients(SAM, (1,), {1: 2, 2: 1}, {}, [BOSS]) == (BOSS,)


@pytest.fixture
def library(app: Flask) -> Library:
    found: Library = app.extensions["course"].library.for_("school", "england")
    return found


def failed(session: Session, library: Library, person: Person, times: int) -> None:
    for _ in range(times):
        take(session, library, person, ("police-when-immediate-risk",))


def learner(session: Session) -> Person:
    """A learner in a team with a manager."""
    team = make_team(session)
    make_person(session, "Ann Hill", "ann@example.org", "manager", team=team)
    make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    person = make_person(session, team=team)
    assert session.execute(select(Membership.id).where(Membership.person_id == person.id)).first()
    return person


def count_mails(session: Session) -> int:
    return session.execute(select(func.count()).where(OutboxMail.template == "help")).scalar_one()


def mails(app: Flask, session: Session) -> list[OutboxMail]:
    return rendered_mails(app, session, "help:")


def test_after_the_third_failed_attempt_help_is_offered_and_the_manager_is_mailed_nothing_more(
    app: Flask, session: Session, client: Client, library: Library
) -> None:
    person = learner(session)
    sign_in(client, person)
    failed(session, library, person, 2)
    assert "Ask for help" not in client.get("/assessment").text
    failed(session, library, person, 1)
    page = client.get("/assessment")
    assert "Ann Hill will get an e-mail that you asked for help. It does not show your results or answers." in page.text
    newest = session.execute(select(Attempt.id).order_by(Attempt.id.desc())).scalars().first()
    assert "Ask for help" in client.get(f"/attempt/{newest}").text
    page = client.follow(client.post("/help", {"from": "assessment"}))
    assert "Ann Hill will get an e-mail that says only that you asked for help." in page.text
    assert "You asked for help today." in page.text
    client.post("/help", {"from": "assessment"})
    (mail,) = mails(app, session)
    assert mail.recipient == "ann@example.org"
    assert "Sam Okafor asks for help" in mail.subject
    for secret in ("assessment", "failed", "try", "tries", "question", "%", "point", "refresher", "attempt"):
        assert secret not in mail.text.lower(), secret
    assert session.execute(select(HelpRequest.person_id)).scalars().all() == [person.id]
    entries = session.execute(select(AuditEntry).where(AuditEntry.what == "person.help_asked")).scalars().all()
    assert [(entry.actor_id, entry.details) for entry in entries] == [(person.id, "{}")]


def test_help_is_mailed_also_if_the_request_has_the_number_of_an_erased_one(
    app: Flask, session: Session, client: Client, library: Library
) -> None:
    # SQLite gives the number of the newest row again once that row is deleted; the mail to the manager stays.
    first = learner(session)
    failed(session, library, first, 3)
    sign_in(client, first).post("/help", {"from": "assessment"})
    session.execute(delete(HelpRequest))
    session.commit()
    second = make_person(session, "Kim Reed", "kim@example.org")
    session.add(
        Membership(
            person_id=second.id, team_id=session.execute(select(Membership.team_id)).scalars().first(), since=now()
        )
    )
    failed(session, library, second, 3)
    other = Client(app)
    sign_in(other, second).post("/help", {"from": "assessment"})
    assert [mail.recipient for mail in mails(app, session)] == ["ann@example.org", "ann@example.org"]
    assert "Kim Reed asks for help" in mails(app, session)[1].subject


def test_an_open_or_passed_attempt_does_not_count_as_failed(session: Session, client: Client, library: Library) -> None:
    person = learner(session)
    sign_in(client, person)
    failed(session, library, person, 2)
    take(session, library, person, ("police-when-immediate-risk",), leave=1)
    assert "Ask for help" not in client.get("/assessment").text
    for number in session.execute(select(AttemptOutcome.attempt_id)).scalars():
        assert "Ask for help" not in client.get(f"/attempt/{number}").text
    take(session, library, person, ())
    assert take(session, library, person, ()).passed
    assert "Ask for help" not in client.get("/assessment").text


def test_a_learner_without_a_manager_asks_an_administrator_and_the_page_says_if_there_is_none(
    app: Flask, session: Session
) -> None:
    person = make_person(session)
    client = sign_in(Client(app), person)
    assert "There is no one to e-mail here" in client.follow(client.post("/help", {})).text
    make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    client.post("/help", {"from": "//evil.example.org"})
    (mail,) = mails(app, session)
    assert mail.recipient == "alex@example.org"
    assert "no one manages a team" in mail.text


def test_two_recipients_are_named_as_the_language_of_the_learner_joins_names(session: Session, client: Client) -> None:
    person = make_person(session)
    for name, address in (("Alex Morgan", "alex@example.org"), ("Kim Low", "kim@example.org")):
        make_person(session, name, address, "administrator")
    person.language = "cy"
    session.commit()
    sign_in(client, person)
    page = client.follow(client.post("/help", {"from": "assessment"}))
    with use_language("cy"):
        assert f"Bydd {format_names(['Alex Morgan', 'Kim Low'])} yn cael e-bost" in page.text
    assert "Alex Morgan and Kim Low" not in page.text


def test_pressing_it_several_times_at_once_is_one_request_and_one_mail(committed: Flask) -> None:
    with committed.app_context(), unit_of_work() as session:
        person = learner(session)
    windows = [sign_in(Client(committed), person) for _ in range(4)]
    tokens = [window.token() for window in windows]

    def press(window: Client, token: str) -> int:
        return window.flask.post("/help", data={"csrf_token": token, "from": "assessment"}).status_code

    pairs = zip(windows, tokens, strict=True)
    assert at_once([partial(press, window, token) for window, token in pairs]) == [303] * 4
    with committed.app_context(), unit_of_work() as session:
        assert count_mails(session) == 1
        session.execute(select(HelpRequest)).scalar_one().day -= timedelta(days=1)
    assert press(windows[0], tokens[0]) == 303
    with committed.app_context(), unit_of_work() as session:
        assert count_mails(session) == 2
