"""A learner who comes from a platform and has an account here already links the two themselves."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.clock import now
from course.context import make_context
from course.lti import actions
from course.lti.models import LtiAccount, LtiLaunch
from course.lti.rules.accounts import OwnLink, own_link_refusal
from course.lti.rules.problems import LtiProblem, problem_words
from course.people.models import Person
from tests.lti.making import ORIGIN, open_course, register, sign_in_from
from tests.lti.platform import FakePlatform
from tests.makers import PASSWORD, make_organisation, make_person
from tests.pages import Client, Page

NAME = "Riverside Moodle"


def _begin(client: Client, page: Page, origin: str = ORIGIN) -> Page:
    """Press “I have an account here already” on the page of a launch."""
    return Page(client.flask.post("/lti/link", data=page.fields(), headers={"Origin": origin}))


def _sign_in(client: Client, begun: Page, email: str = "sam@home.example.org") -> str:
    """Sign in where the button leads; the address of the page that asks whether the account is theirs."""
    asked = client.get(begun.location, 303)
    assert asked.location.startswith("/sign-in?next=")
    return client.post(asked.location, {"email": email, "password": PASSWORD}).location


def _says(page: Page, problem: LtiProblem) -> bool:
    name = "The platform" if problem == LtiProblem.LINKING else NAME
    return all(sentence in page.text for sentence in problem_words(problem, name))


def _accounts(session: Session) -> list[tuple[str, int, str]]:
    session.expire_all()
    rows = select(LtiAccount).where(LtiAccount.ended_at.is_(None)).order_by(LtiAccount.id)
    return [(one.subject, one.person_id, one.how) for one in session.execute(rows).scalars()]


@pytest.mark.both_engines
def test_whoever_has_an_account_here_signs_in_once_and_is_linked_with_a_mail_and_an_entry_in_the_log(
    client: Client, session: Session, fake: FakePlatform
) -> None:
    make_organisation(session)
    sam = make_person(session, "Sam Okafor", "sam@home.example.org")
    register(session, fake, makes_accounts=True)
    page = open_course(client, fake, custom={"course_open": "module:responding"})
    assert "You are new here" in page.text
    assert session.execute(select(Person.id)).scalars().all() == [sam.id]  # nobody is added by a launch alone
    assert _begin(client, page, "https://other.example").status == 400
    begun = _begin(client, page)
    address = _sign_in(client, begun)
    asked = client.get(address)
    assert asked.h1 == "Is this your account?"
    assert "sam@example.org" in asked.text
    assert "sam@home.example.org" in asked.text
    assert client.post("/link-account", asked.fields(0)).location == "/module/responding"
    assert _accounts(session) == [("user-2481", sam.id, "person")]
    assert session.execute(select(LtiLaunch.id)).scalars().all() != []
    entry = session.execute(select(AuditEntry).where(AuditEntry.what == "lti.linked")).scalar_one()
    assert (entry.actor_id, '"person"' in entry.details) == (sam.id, True)
    mails = session.execute(text("select recipient from outbox_mail where template = 'platform_linked'")).all()
    assert [row[0] for row in mails] == ["sam@home.example.org"]
    # Loading the page again, or pressing twice, changes nothing; the next launch needs no other password.
    assert client.get(address, 303).location == "/module/responding"
    client.post("/link-account", asked.fields(0))
    assert len(_accounts(session)) == 1
    assert sign_in_from(Client(client.app), fake).status == 303
    assert session.execute(select(Person.id)).scalars().all() == [sam.id]


def test_a_linking_belongs_to_the_browser_that_began_it_and_each_window_has_its_own(
    app: Flask, client: Client, session: Session, fake: FakePlatform
) -> None:
    make_organisation(session)
    make_person(session, "Sam Okafor", "sam@home.example.org")
    register(session, fake)
    first, second = (open_course(client, fake, sub=one, email=f"{one}@example.org") for one in ("u-1", "u-2"))
    assert _says(first, LtiProblem.NOT_KNOWN)  # nobody is added from this platform, but who signs in is let in
    one, two = _begin(client, first), _begin(client, second)
    stranger = Client(app)
    stranger.post("/sign-in", {"email": "sam@home.example.org", "password": PASSWORD})
    lured = stranger.get(one.location, 400)  # somebody sends their own link to another person
    assert _says(lured, LtiProblem.LINKING)
    linking = parse_qs(urlsplit(one.location).query)["linking"][0]
    assert _says(stranger.post("/link-account", {"linking": linking}, 400), LtiProblem.LINKING)
    assert _accounts(session) == []
    asked = client.get(_sign_in(client, two))
    assert client.post("/link-account", asked.fields(0)).location == "/"
    # The other window is about another account, and this person has one there now.
    refused = client.get(one.location, 403)
    assert _says(refused, LtiProblem.OTHER_ACCOUNT)
    assert [subject for subject, *_rest in _accounts(session)] == ["u-2"]


def test_somebody_else_who_is_signed_in_here_is_asked_and_an_account_that_is_taken_stays_where_it_is(
    app: Flask, client: Client, session: Session, fake: FakePlatform
) -> None:
    make_organisation(session)
    sam = make_person(session, "Sam Okafor", "sam@home.example.org")
    kim = make_person(session, "Kim Duval", "kim@home.example.org")
    number = register(session, fake, makes_accounts=True)
    client.post("/sign-in", {"email": "kim@home.example.org", "password": PASSWORD})
    begun = _begin(client, open_course(client, fake))
    asked = client.get(begun.location)
    assert "Kim Duval" in asked.text
    other = client.post("/link-account/someone-else", asked.fields(1))
    assert not client.is_signed_in()
    after = client.post(other.location, {"email": "sam@home.example.org", "password": PASSWORD})
    fields = client.get(after.location).fields(0)
    # Meanwhile the same account was linked to Kim, in another window.
    window = Client(app)
    again = client.get(_sign_in(window, _begin(window, open_course(window, fake)), "kim@home.example.org"), 400)
    assert _says(again, LtiProblem.LINKING)
    taken = _begin(window, open_course(window, fake))
    window.post("/link-account", window.get(taken.location).fields(0))
    assert _says(client.post("/link-account", fields, 403), LtiProblem.LINKED_TO_ANOTHER)
    assert _says(client.get(after.location, 403), LtiProblem.LINKED_TO_ANOTHER)
    assert _accounts(session) == [("user-2481", kim.id, "person")]
    # An administrator ends it: Sam may link it now, Kim may not again.
    [account] = session.execute(select(LtiAccount.id)).scalars()
    assert actions.unlink_account(make_context(session, sam.id, now()), kim.id, account)
    session.commit()
    window.get("/sign-in")  # signed out everywhere
    window.post("/sign-in", {"email": "kim@home.example.org", "password": PASSWORD})
    assert _says(window.get(taken.location, 403), LtiProblem.UNLINKED)
    assert client.post("/link-account", client.get(after.location).fields(0)).location == "/"
    assert _accounts(session) == [("user-2481", sam.id, "person")]
    actions.switch_platform(make_context(session, None, now()), number, "off")
    session.commit()
    assert _says(window.get(taken.location, 400), LtiProblem.OFF)


@pytest.mark.parametrize(
    ("known", "refusal"),
    [
        (OwnLink(None, False, False), None),
        (OwnLink(7, True, False), None),
        (OwnLink(8, False, False), LtiProblem.LINKED_TO_ANOTHER),
        (OwnLink(8, True, True), LtiProblem.LINKED_TO_ANOTHER),
        (OwnLink(None, True, False), LtiProblem.OTHER_ACCOUNT),
        (OwnLink(None, True, True), LtiProblem.UNLINKED),
        (OwnLink(None, False, True), LtiProblem.UNLINKED),
    ],
)
def test_who_may_link_an_account_to_themselves(known: OwnLink, refusal: Any) -> None:
    assert own_link_refusal(7, known) == refusal
