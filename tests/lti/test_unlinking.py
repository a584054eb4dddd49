"""People unlink their own accounts at learning platforms, also while somebody comes from there."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.clock import now
from course.cmi5.actions import Cmi5PlatformSettings, add_platform
from course.cmi5.models import Cmi5Account
from course.context import make_context
from course.lti import actions
from course.lti.models import LtiAccount
from course.lti.queries import platform
from course.lti.rules.accounts import own_unlink_refusal
from course.lti.rules.launch import LaunchMessage, PlatformLink, PlatformUser
from course.lti.rules.problems import LtiProblem, problem_words
from course.lti.rules.targets import LinkTarget
from course.people.actions import correct_identity, merge_people
from course.people.models import Person
from course.web.unit_of_work import unit_of_work
from tests.lti.making import enter, open_course, register, sign_in_from
from tests.lti.platform import DEPLOYMENT, FakePlatform
from tests.lti.test_linking import NAME
from tests.makers import PASSWORD, make_organisation, make_person, set_password, sign_in
from tests.pages import Client, Page
from tests.support.racing import at_once, overtaken

ADDRESS = "sam@example.org"  # the platform calls Sam so too


def link(session: Session, number: int, person: int, subject: str = "user-2481") -> int:
    """Sam's account at the platform is linked; its number."""
    settings = platform(session, number)
    assert settings is not None
    user = PlatformUser(subject, ADDRESS, "Sam Okafor", True)
    assert actions.link_account(make_context(session, person, now()), settings, user, person, "person")
    return session.execute(select(LtiAccount.id).where(LtiAccount.ended_at.is_(None))).scalar_one()


def unlink(client: Client, account: int, system: str = "lti") -> Page:
    client.post(f"/me/platforms/{'cmi5/' if system == 'cmi5' else ''}{account}/unlink", {})
    return client.get("/me/platforms")


@pytest.mark.parametrize(("has_password", "has_provider", "refused"),
                         [(False, False, True), (True, False, False), (False, True, False)])  # fmt: skip
def test_a_way_to_sign_in_has_to_be_left(has_password: bool, has_provider: bool, refused: bool) -> None:
    assert (own_unlink_refusal(has_password, has_provider) is not None) == refused


def test_who_unlinks_an_account_ends_what_it_opened_and_can_link_it_again_themselves(
    app: Flask, client: Client, session: Session, fake: FakePlatform
) -> None:
    make_organisation(session)
    sam, kim = make_person(session, "Sam Okafor", ADDRESS), make_person(session, "Kim Duval", "kim@example.org")
    number = register(session, fake, makes_accounts=True, links_by_address=True)
    sign_in(client, sam)
    assert "/me/platforms" not in client.get("/me").html
    assert "No account at a learning platform" in client.get("/me/platforms").text
    account = link(session, number, sam.id)
    session.commit()
    from_there, other_tab, stranger = Client(app), Client(app), sign_in(Client(app), kim)
    assert sign_in_from(from_there, fake).status == 303
    sign_in(other_tab, sam)
    ready = open_course(Client(app), fake)  # its button is not pressed yet
    assert "/me/platforms" in client.get("/me").html
    shown = client.get("/me/platforms")
    assert f"{NAME} · {ADDRESS}" in shown.text
    assert "press “I have an account here already”" in shown.text
    # Somebody else's number, one that there is not, and another system with the same number.
    for who, system in ((stranger, "lti"), (client, "cmi5")):
        assert "not linked any more" in unlink(who, account, system).text
    assert client.is_signed_in()
    assert "no longer linked to you" in unlink(client, account).text
    assert client.is_signed_in()
    assert not from_there.is_signed_in()
    assert not other_tab.is_signed_in()
    # A second press, from a page that is still open; and the button of a launch that stood ready.
    assert "not linked any more" in unlink(client, account).text
    refused = enter(Client(app), ready)
    assert (refused.status, problem_words(LtiProblem.NOT_KNOWN, NAME)[0] in refused.text) == (403, True)
    log = select(AuditEntry.actor_id, AuditEntry.subject_id).where(AuditEntry.what == "lti.unlinked")
    assert session.execute(log).all() == [(sam.id, sam.id)]
    # The address does not bring them in behind their back; signing in links the account again.
    again = open_course(client, fake)
    assert problem_words(LtiProblem.ADDRESS_OF_ANOTHER, NAME)[0] in again.text
    begun = Page(client.flask.post("/lti/link", data=again.fields(), headers={"Origin": "http://127.0.0.1:8000"}))
    asked = client.get(begun.location)
    assert client.post("/link-account", asked.fields(0)).location == "/"
    assert session.execute(select(LtiAccount.person_id).where(LtiAccount.ended_at.is_(None))).scalars().all() == [
        sam.id
    ]
    assert len(session.execute(select(Person.id)).all()) == 2


def test_who_comes_from_a_platform_alone_is_told_to_choose_a_password_first(
    app: Flask, client: Client, session: Session, fake: FakePlatform
) -> None:
    make_organisation(session)
    register(session, fake, makes_accounts=True)
    sign_in_from(client, fake, email="")
    shown = client.get("/me/platforms")
    assert "You come in from learning platforms only" in shown.text
    assert "/unlink" not in shown.html
    person = session.execute(select(Person.id).order_by(Person.id.desc()).limit(1)).scalar_one()
    account = session.execute(select(LtiAccount.id)).scalar_one()
    library = app.extensions["course"].library
    context = make_context(session, person, now())
    refusal = actions.unlink_own_account(context, library, "lti", account, None)
    assert refusal is not None
    # Another platform is no way out: nobody proves there who they are, which the deed asks for.
    other = add_platform(context, Cmi5PlatformSettings("Other", ("x.example",), True, None, True))
    session.add(
        Cmi5Account(
            platform_id=other, home_page="https://x.example", name="7", person_id=person, linked_at=now(),
            last_used_at=now(), ended_at=None, ended_by=None,
        )
    )  # fmt: skip
    session.flush()
    assert actions.unlink_own_account(context, library, "lti", account, None) == refusal
    session.commit()
    set_password(session, person, PASSWORD)
    session.commit()
    assert actions.unlink_own_account(make_context(session, person, now()), library, "lti", account, None) is None
    assert session.execute(select(LtiAccount.ended_by)).scalar_one() == person


def test_a_launch_and_an_unlinking_at_once_leave_nobody_signed_in_by_the_account(
    committed: Flask, fake: FakePlatform
) -> None:
    with committed.app_context(), unit_of_work() as session:
        make_organisation(session)
        sam = make_person(session, "Sam Okafor", ADDRESS)
        number = register(session, fake, makes_accounts=True)
    for turn in range(2):
        with committed.app_context(), unit_of_work() as session:
            account = link(session, number, sam.id)
        first, second, launched = Client(committed), Client(committed), Client(committed)
        sign_in(first, Person(email=ADDRESS))
        sign_in(second, Person(email=ADDRESS))
        ready = open_course(launched, fake)

        forms = [(tab, {"csrf_token": tab.token()}) for tab in (first, second)]

        def press(number: int, account: int = account, forms: list[tuple[Client, dict[str, str]]] = forms) -> int:
            tab, form = forms[number]
            return tab.flask.post(f"/me/platforms/{account}/unlink", data=form).status_code

        statuses = at_once([
            lambda: enter(launched, ready).status,  # noqa: B023 (they end within the turn)
            lambda: press(0),
            lambda: press(1),
        ])  # fmt: skip
        assert statuses[0] in (303, 403)
        assert max(statuses) < 500
        assert not launched.is_signed_in()
        # One of the tabs did it and stays; the other was signed out by it, or did nothing.
        assert first.is_signed_in() or second.is_signed_in()
        with committed.app_context(), unit_of_work() as session:
            assert session.execute(select(LtiAccount.id).where(LtiAccount.ended_at.is_(None))).first() is None
            log = select(AuditEntry.number).where(AuditEntry.what == "lti.unlinked")
            assert len(session.execute(log).all()) == turn + 1


@pytest.mark.parametrize("committed", ["postgresql"], indirect=True)
@pytest.mark.parametrize("merged", [True, False])
def test_an_account_is_linked_only_to_whose_address_it_still_is(
    committed: Flask, fake: FakePlatform, merged: bool
) -> None:
    with committed.app_context(), unit_of_work() as session:
        make_organisation(session)
        sam, other = make_person(session, email=ADDRESS).id, make_person(session, email="other@example.org").id
        number = register(session, fake, links_by_address=True)

    def launch() -> int:
        with committed.app_context(), unit_of_work() as session:
            settings = platform(session, number)
            assert settings is not None
            user = PlatformUser("user-2481", ADDRESS, "Sam Okafor", True)
            message = LaunchMessage(DEPLOYMENT, user, None, PlatformLink("link-1", "Online abuse"), LinkTarget())
            actions.record_launch(make_context(session, None, now()), settings, message)
            return 0

    def overtake() -> int:
        with committed.app_context(), unit_of_work() as session:
            context = make_context(session, other, now())
            if merged:
                merge_people(context, sam, other, True, "twice")
            else:
                correct_identity(context, sam, "Sam Okafor", "sam.new@example.org", None, "moved")
        return 0

    overtaken(committed.extensions["course"].engine, launch, "SELECT person.id \nFROM person", overtake)
    with committed.app_context(), unit_of_work() as session:
        linked = session.execute(select(LtiAccount.person_id).where(LtiAccount.ended_at.is_(None))).scalars().all()
    assert linked == ([other] if merged else [])
