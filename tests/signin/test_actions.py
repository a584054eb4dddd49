"""Passwords and links in the database, on both engines."""

from __future__ import annotations

from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from course.mail.models import OutboxMail
from course.mail.rules import Letter
from course.organisation.queries import organisation
from course.people.models import Person
from course.signin import actions, queries
from course.signin.actions import Entered, Origin, SetUp, Wait, Wrong
from course.signin.models import Credential, SignInAttempt, SignInToken
from course.signin.rules import PER_ADDRESS, PER_NETWORK, Limit, attempt_key
from tests.conftest import NOW
from tests.makers import PASSWORD, make_person

ORIGIN = Origin("192.0.2.1", "a secret for tests")
MINUTE = timedelta(minutes=1)


def letter(token: str) -> Letter:
    return Letter("A subject", f"token={token}")


def token_in_mail(session: Session) -> str:
    mail = session.execute(select(OutboxMail).order_by(OutboxMail.id.desc())).scalars().first()
    assert mail is not None
    return mail.text.partition("token=")[2]


def test_the_right_password_lets_in_whatever_the_capitals_of_the_address(session: Session) -> None:
    person = make_person(session)
    result = actions.sign_in(session, " SAM@Example.org", PASSWORD, ORIGIN, NOW)
    assert isinstance(result, Entered)
    assert result.person_id == person.id
    assert session.execute(select(func.count()).select_from(SignInAttempt)).scalar_one() == 0


@pytest.mark.parametrize("email", ["sam@example.org", "nobody@example.org"])
def test_a_wrong_password_and_an_unknown_address_are_answered_alike(session: Session, email: str) -> None:
    make_person(session)
    assert actions.sign_in(session, email, "not it at all", ORIGIN, NOW) == Wrong()
    assert session.execute(select(func.count()).select_from(SignInAttempt)).scalar_one() == 3


def test_somebody_who_was_only_invited_cannot_sign_in(session: Session) -> None:
    make_person(session, password=None)
    assert actions.sign_in(session, "sam@example.org", "", ORIGIN, NOW) == Wrong()


def test_somebody_who_has_left_cannot_sign_in(session: Session) -> None:
    make_person(session).left_at = NOW
    session.flush()
    assert actions.sign_in(session, "sam@example.org", PASSWORD, ORIGIN, NOW) == Wrong()


@pytest.mark.parametrize("email", ["sam@example.org", "nobody@example.org"])
def test_after_ten_failures_from_one_place_even_the_right_password_waits_there(session: Session, email: str) -> None:
    make_person(session)
    for number in range(10):
        assert actions.sign_in(session, email, "wrong", ORIGIN, NOW + number * MINUTE) == Wrong()
    assert actions.sign_in(session, email, PASSWORD, ORIGIN, NOW + 10 * MINUTE) == Wait(NOW + 15 * MINUTE)
    later = actions.sign_in(session, email, PASSWORD, ORIGIN, NOW + 15 * MINUTE)
    assert isinstance(later, Entered if email.startswith("sam") else Wrong)


def test_who_guesses_at_an_account_does_not_shut_its_owner_out_elsewhere(session: Session) -> None:
    make_person(session)
    for _ in range(10):
        actions.sign_in(session, "sam@example.org", "wrong", ORIGIN, NOW)
    elsewhere = Origin("192.0.2.99", ORIGIN.secret)
    assert isinstance(actions.sign_in(session, "sam@example.org", PASSWORD, elsewhere, NOW), Entered)


@pytest.mark.parametrize(
    ("kind", "value", "limit"),
    [("sign-in", "sam@example.org", PER_ADDRESS), ("sign-in from", "192.0.2.1", PER_NETWORK)],
)
def test_an_account_and_a_place_have_their_own_limits(session: Session, kind: str, value: str, limit: Limit) -> None:
    make_person(session)
    key = attempt_key(ORIGIN.secret, kind, value)
    session.add_all(SignInAttempt(key=key, at=NOW) for _ in range(limit.count - 1))
    session.flush()
    assert isinstance(actions.sign_in(session, "sam@example.org", PASSWORD, ORIGIN, NOW), Entered)
    session.add(SignInAttempt(key=key, at=NOW))
    session.flush()
    assert actions.sign_in(session, "sam@example.org", PASSWORD, ORIGIN, NOW) == Wait(NOW + limit.window)


def test_old_tries_are_forgotten_when_a_new_one_is_noted(session: Session) -> None:
    for moment in (NOW, NOW + 20 * MINUTE):
        actions.sign_in(session, "nobody@example.org", "wrong", ORIGIN, moment)
    times = set(session.execute(select(SignInAttempt.at)).scalars())
    assert times == {NOW + 20 * MINUTE}


def test_a_hash_with_old_parameters_is_made_anew_and_the_session_goes_on(session: Session) -> None:
    person = make_person(session)
    old = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    session.execute(update(Credential).values(password_hash=old))
    key = session.execute(select(Credential.session_key)).scalar_one()
    result = actions.sign_in(session, person.email, PASSWORD, ORIGIN, NOW)
    assert result == Entered(person.id, key)
    fresh = queries.password_hash(session, person.id)
    assert fresh not in (None, old)
    assert actions.verify(str(fresh), PASSWORD)


def test_a_link_works_once_and_ends_other_sessions(session: Session) -> None:
    person = make_person(session)
    key = session.execute(select(Credential.session_key)).scalar_one()
    token = actions.new_link(session, person.id, "forgotten", NOW)
    entered = actions.use_link(session, token, "another-password", NOW + MINUTE)
    assert entered is not None
    assert queries.viewer(session, person.id, key, NOW.date()) is None
    assert queries.viewer(session, person.id, entered.session_key, NOW.date()) is not None
    assert actions.use_link(session, token, "a-third-password", NOW + MINUTE) is None
    assert isinstance(actions.sign_in(session, person.email, "another-password", ORIGIN, NOW), Entered)


def test_only_the_newest_link_works(session: Session) -> None:
    person = make_person(session)
    old, new = (actions.new_link(session, person.id, "forgotten", NOW) for _ in range(2))
    assert queries.link(session, old, set_up=False, at=NOW) is None
    assert queries.link(session, new, set_up=False, at=NOW) is not None


@pytest.mark.parametrize(
    ("purpose", "lifetime"), [("forgotten", timedelta(hours=1)), ("invitation", timedelta(days=7))]
)
def test_a_link_runs_out(session: Session, purpose: str, lifetime: timedelta) -> None:
    person = make_person(session, password=None)
    token = actions.new_link(session, person.id, "forgotten" if purpose == "forgotten" else "invitation", NOW)
    assert queries.link(session, token, set_up=False, at=NOW + lifetime - MINUTE) is not None
    assert queries.link(session, token, set_up=False, at=NOW + lifetime) is None
    assert actions.use_link(session, token, "another-password", NOW + lifetime) is None


def test_a_link_of_somebody_who_has_left_does_not_work(session: Session) -> None:
    person = make_person(session)
    token = actions.new_link(session, person.id, "forgotten", NOW)
    session.execute(update(Person).values(left_at=NOW))
    assert actions.use_link(session, token, "another-password", NOW) is None


def test_the_token_itself_is_not_kept(session: Session) -> None:
    person = make_person(session)
    token = actions.new_link(session, person.id, "forgotten", NOW)
    assert token not in str(session.execute(select(SignInToken.token_hash)).scalars().all())


def test_a_forgotten_password_is_answered_alike_and_mailed_only_to_somebody(session: Session) -> None:
    make_person(session)
    assert actions.forgotten(session, "nobody@example.org", letter, ORIGIN, NOW) is None
    assert session.execute(select(func.count()).select_from(OutboxMail)).scalar_one() == 0
    assert actions.forgotten(session, "SAM@example.org", letter, ORIGIN, NOW) is None
    assert queries.link(session, token_in_mail(session), set_up=False, at=NOW) is not None


@pytest.mark.parametrize("email", ["sam@example.org", "nobody@example.org"])
def test_asking_for_links_is_slowed_down_for_known_and_unknown_alike(session: Session, email: str) -> None:
    make_person(session)
    for _ in range(5):
        assert actions.forgotten(session, email, letter, ORIGIN, NOW) is None
    assert actions.forgotten(session, email, letter, ORIGIN, NOW) == Wait(NOW + 15 * MINUTE)


def test_asking_for_a_link_does_not_count_as_a_failure_to_sign_in(session: Session) -> None:
    make_person(session)
    for _ in range(5):
        actions.forgotten(session, "sam@example.org", letter, ORIGIN, NOW)
    for _ in range(9):
        actions.sign_in(session, "sam@example.org", "wrong", ORIGIN, NOW)
    assert isinstance(actions.sign_in(session, "sam@example.org", PASSWORD, ORIGIN, NOW), Entered)


def test_a_changed_password_needs_the_current_one(session: Session) -> None:
    person = make_person(session)
    assert actions.change_password(session, person.id, "wrong", "another-password", ORIGIN, NOW) == Wrong()
    changed = actions.change_password(session, person.id, PASSWORD, "another-password", ORIGIN, NOW)
    assert isinstance(changed, Entered)
    assert queries.viewer(session, person.id, changed.session_key, NOW.date()) is not None


GIVEN = SetUp("Hill Trust", "wales", "Ann Hill", "Ann@Example.org", "a-long-password")


def test_the_set_up_makes_an_organisation_a_team_and_an_administrator(session: Session) -> None:
    token = actions.set_up_link(session, NOW)
    assert actions.can_set_up(session, token, NOW)
    entered = actions.set_up(session, token, GIVEN, NOW)
    assert entered is not None
    ours = organisation(session)
    assert ours is not None
    assert (ours.name, ours.nation) == ("Hill Trust", "wales")
    found = queries.viewer(session, entered.person_id, entered.session_key, NOW.date())
    assert found is not None
    viewer, _ = found
    assert viewer.administrator
    assert viewer.email == "ann@example.org"


def test_the_set_up_happens_once(session: Session) -> None:
    token = actions.set_up_link(session, NOW)
    actions.set_up(session, token, GIVEN, NOW)
    assert actions.set_up(session, token, GIVEN, NOW) is None
    assert not actions.can_set_up(session, token, NOW)
    with pytest.raises(ValueError, match="already"):
        actions.set_up_link(session, NOW)


def test_a_set_up_link_is_for_nothing_else_and_a_password_link_sets_nothing_up(session: Session) -> None:
    token = actions.set_up_link(session, NOW)
    assert actions.use_link(session, token, "another-password", NOW) is None
    assert not actions.can_set_up(session, "no-such-token", NOW)
    assert not actions.can_set_up(session, token, NOW + timedelta(days=1))


def test_a_newer_set_up_link_ends_the_earlier_one(session: Session) -> None:
    old, new = actions.set_up_link(session, NOW), actions.set_up_link(session, NOW)
    assert not actions.can_set_up(session, old, NOW)
    assert actions.can_set_up(session, new, NOW)
