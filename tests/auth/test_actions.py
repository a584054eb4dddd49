"""Passwords and links in the database, on both engines."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from nacl.pwhash import argon2id
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from course.auth import actions, queries
from course.auth.actions import RequestSource, SetUpDetails, SignInGranted, TooManyAttempts, WrongPassword
from course.auth.models import SignInAttempt, SignInToken
from course.auth.password_hashing import hash_password, verify_password
from course.auth.rules import ATTEMPTS_PER_ADDRESS, ATTEMPTS_PER_NETWORK, LINKS_PER_NETWORK, AttemptLimit, attempt_key
from course.events import publish
from course.mail.actions import suppress_address
from course.mail.events import BeforeMailSend
from course.mail.models import OutboxMail
from course.mail.queries import suppressed_addresses, unrendered_mail
from course.organisation.queries import organisation
from course.passwords.models import Credential
from course.people.models import Person
from course.people.queries import person_by_email
from tests.auth.entering import sign_in
from tests.conftest import NOW
from tests.makers import PASSWORD, make_person

ORIGIN = RequestSource("192.0.2.1", "a secret for tests")
MINUTE = timedelta(minutes=1)


def change_password(
    session: Session, person: Person, current: str, new: str, at: datetime
) -> SignInGranted | WrongPassword | TooManyAttempts:
    found = actions.find_account(session, str(person.email), ORIGIN, at)
    if isinstance(found, TooManyAttempts):
        return found
    return actions.change_password(session, person.id, actions.check_password(found, current), hash_password(new), at)


def use_link(session: Session, token: str, password: str, at: datetime) -> SignInGranted | None:
    return actions.set_password_by_link(session, token, hash_password(password), at)


def request_link(session: Session, email: str, at: datetime) -> TooManyAttempts | None:
    """Ask for a link, as the page and what it does beside the request do."""
    wait = actions.request_link(session, email, ORIGIN, at)
    found = person_by_email(session, email)
    if wait is None and found is not None:
        actions.send_password_link(session, found.id, at)
    return wait


def token_in_mail(session: Session) -> str:
    mail = session.execute(select(OutboxMail).order_by(OutboxMail.id.desc())).scalars().first()
    assert mail is not None
    assert mail.template_values is not None
    return str(mail.template_values["token"])


def test_the_correct_password_signs_in_whatever_the_case_of_the_address(session: Session) -> None:
    person = make_person(session)
    result = sign_in(session, " SAM@Example.org", PASSWORD, ORIGIN, NOW)
    assert isinstance(result, SignInGranted)
    assert result.person_id == person.id
    assert session.execute(select(func.count()).select_from(SignInAttempt)).scalar_one() == 0


@pytest.mark.parametrize("email", ["sam@example.org", "nobody@example.org"])
def test_a_wrong_password_and_an_unknown_address_are_answered_alike(session: Session, email: str) -> None:
    make_person(session)
    assert sign_in(session, email, "not it at all", ORIGIN, NOW) == WrongPassword()
    assert session.execute(select(func.count()).select_from(SignInAttempt)).scalar_one() == 3


def test_a_person_who_was_only_invited_cannot_sign_in(session: Session) -> None:
    make_person(session, password=None)
    assert sign_in(session, "sam@example.org", "", ORIGIN, NOW) == WrongPassword()


def test_a_person_who_has_left_cannot_sign_in(session: Session) -> None:
    make_person(session).left_at = NOW
    session.flush()
    assert sign_in(session, "sam@example.org", PASSWORD, ORIGIN, NOW) == WrongPassword()


@pytest.mark.parametrize("email", ["sam@example.org", "nobody@example.org"])
def test_after_ten_failures_from_one_place_even_the_right_password_waits_there(session: Session, email: str) -> None:
    make_person(session)
    for number in range(10):
        assert sign_in(session, email, "wrong", ORIGIN, NOW + number * MINUTE) == WrongPassword()
    assert sign_in(session, email, PASSWORD, ORIGIN, NOW + 10 * MINUTE) == TooManyAttempts(NOW + 15 * MINUTE)
    later = sign_in(session, email, PASSWORD, ORIGIN, NOW + 15 * MINUTE)
    assert isinstance(later, SignInGranted if email.startswith("sam") else WrongPassword)


def test_guessing_at_an_account_does_not_lock_out_its_owner_elsewhere(session: Session) -> None:
    make_person(session)
    for _ in range(10):
        sign_in(session, "sam@example.org", "wrong", ORIGIN, NOW)
    elsewhere = RequestSource("192.0.2.99", ORIGIN.secret)
    assert isinstance(sign_in(session, "sam@example.org", PASSWORD, elsewhere, NOW), SignInGranted)


@pytest.mark.both_engines
def test_the_next_attempt_is_allowed_when_the_oldest_counted_one_leaves_the_window(session: Session) -> None:
    limit, few = AttemptLimit(3, 15 * MINUTE), AttemptLimit(1, 2 * MINUTE)
    for minutes in (20, 14, 9, 4, 1):
        session.add(SignInAttempt(key="many", at=NOW - minutes * MINUTE))
    for minutes in (9, 4):
        session.add(SignInAttempt(key="two", at=NOW - minutes * MINUTE))
    session.flush()
    assert queries.next_attempt_at(session, {"many": limit}, NOW) == NOW + 6 * MINUTE
    assert queries.next_attempt_at(session, {"two": limit}, NOW) is None
    assert queries.next_attempt_at(session, {"many": limit}, NOW + 6 * MINUTE) is None
    # Of several limits the one that lasts longest holds; a key without attempts limits nothing.
    assert queries.next_attempt_at(session, {"none": limit, "many": limit, "two": limit}, NOW) == NOW + 6 * MINUTE
    assert queries.next_attempt_at(session, {"many": few}, NOW) == NOW + MINUTE


@pytest.mark.both_engines
@pytest.mark.parametrize(
    ("kind", "value", "limit"),
    [("sign-in", "sam@example.org", ATTEMPTS_PER_ADDRESS), ("sign-in from", "192.0.2.1", ATTEMPTS_PER_NETWORK)],
)
def test_an_account_and_a_network_have_limits_of_their_own(
    session: Session, kind: str, value: str, limit: AttemptLimit
) -> None:
    make_person(session)
    key = attempt_key(ORIGIN.secret, kind, value)
    session.add_all(SignInAttempt(key=key, at=NOW) for _ in range(limit.count - 1))
    session.flush()
    assert isinstance(sign_in(session, "sam@example.org", PASSWORD, ORIGIN, NOW), SignInGranted)
    session.add(SignInAttempt(key=key, at=NOW))
    session.flush()
    assert sign_in(session, "sam@example.org", PASSWORD, ORIGIN, NOW) == TooManyAttempts(NOW + limit.window)


@pytest.mark.both_engines
def test_old_attempts_are_deleted_when_a_new_one_is_counted(session: Session) -> None:
    for moment in (NOW, NOW + 20 * MINUTE):
        sign_in(session, "nobody@example.org", "wrong", ORIGIN, moment)
    times = set(session.execute(select(SignInAttempt.at)).scalars())
    assert times == {NOW + 20 * MINUTE}


@pytest.mark.both_engines
def test_a_hash_with_old_parameters_is_made_anew_and_the_session_goes_on(session: Session) -> None:
    person = make_person(session)
    old = argon2id.str(PASSWORD.encode(), opslimit=1, memlimit=64 * 1024).decode()
    session.execute(update(Credential).values(password_hash=old))
    key = session.execute(select(Credential.session_key)).scalar_one()
    result = sign_in(session, str(person.email), PASSWORD, ORIGIN, NOW)
    assert result == SignInGranted(person.id, key)
    fresh = queries.password_hash(session, person.id)
    assert fresh not in (None, old)
    assert verify_password(str(fresh), PASSWORD)


def test_a_link_works_once_and_ends_other_sessions(session: Session) -> None:
    person = make_person(session)
    key = session.execute(select(Credential.session_key)).scalar_one()
    token = actions.create_link(session, person.id, "forgotten", NOW)
    entered = use_link(session, token, "another-password", NOW + MINUTE)
    assert entered is not None
    assert queries.viewer(session, person.id, key, NOW.date()) is None
    assert queries.viewer(session, person.id, entered.session_key, NOW.date()) is not None
    assert use_link(session, token, "a-third-password", NOW + MINUTE) is None
    assert isinstance(sign_in(session, str(person.email), "another-password", ORIGIN, NOW), SignInGranted)


def test_only_the_newest_link_works(session: Session) -> None:
    person = make_person(session)
    old, new = (actions.create_link(session, person.id, "forgotten", NOW) for _ in range(2))
    assert queries.find_link(session, old, set_up=False, at=NOW) is None
    assert queries.find_link(session, new, set_up=False, at=NOW) is not None


@pytest.mark.parametrize(
    ("purpose", "lifetime"), [("forgotten", timedelta(hours=1)), ("invitation", timedelta(days=7))]
)
def test_a_link_runs_out(session: Session, purpose: str, lifetime: timedelta) -> None:
    person = make_person(session, password=None)
    token = actions.create_link(session, person.id, "forgotten" if purpose == "forgotten" else "invitation", NOW)
    assert queries.find_link(session, token, set_up=False, at=NOW + lifetime - MINUTE) is not None
    assert queries.find_link(session, token, set_up=False, at=NOW + lifetime) is None
    assert use_link(session, token, "another-password", NOW + lifetime) is None


@pytest.mark.both_engines
def test_a_link_of_somebody_who_has_left_does_not_work(session: Session) -> None:
    person = make_person(session)
    token = actions.create_link(session, person.id, "forgotten", NOW)
    session.execute(update(Person).values(left_at=NOW))
    assert use_link(session, token, "another-password", NOW) is None


@pytest.mark.both_engines
def test_the_token_itself_is_not_kept(session: Session) -> None:
    person = make_person(session)
    token = actions.create_link(session, person.id, "forgotten", NOW)
    assert token not in str(session.execute(select(SignInToken.token_hash)).scalars().all())


def test_a_forgotten_password_is_answered_alike_and_mailed_only_to_somebody(session: Session) -> None:
    make_person(session)
    assert request_link(session, "nobody@example.org", NOW) is None
    assert session.execute(select(func.count()).select_from(OutboxMail)).scalar_one() == 0
    assert request_link(session, "SAM@example.org", NOW) is None
    assert queries.find_link(session, token_in_mail(session), set_up=False, at=NOW) is not None


def test_a_double_press_sends_one_link_that_works(session: Session) -> None:
    make_person(session)
    request_link(session, "sam@example.org", NOW)
    first = token_in_mail(session)
    request_link(session, "sam@example.org", NOW + MINUTE / 2)
    assert token_in_mail(session) == first
    assert queries.find_link(session, first, set_up=False, at=NOW + MINUTE) is not None
    request_link(session, "sam@example.org", NOW + 2 * MINUTE)
    assert queries.find_link(session, first, set_up=False, at=NOW + 2 * MINUTE) is None
    assert queries.find_link(session, token_in_mail(session), set_up=False, at=NOW + 2 * MINUTE) is not None


@pytest.mark.both_engines
def test_a_link_that_was_sent_before_the_password_was_changed_is_dead_and_is_not_mailed(session: Session) -> None:
    person = make_person(session)
    request_link(session, str(person.email), NOW)
    token = token_in_mail(session)
    assert isinstance(change_password(session, person, PASSWORD, "another-password", NOW + MINUTE), SignInGranted)
    assert use_link(session, token, "a-third-password", NOW + 2 * MINUTE) is None
    mail = session.execute(select(OutboxMail)).scalar_one()
    publish(session, BeforeMailSend(mail.key, mail.recipient, NOW + 2 * MINUTE, "Europe/London"))
    assert unrendered_mail(session) == []


def test_a_link_that_waited_for_the_mail_server_works_as_long_as_its_mail_says(session: Session) -> None:
    person = make_person(session)
    request_link(session, str(person.email), NOW)
    token, later = token_in_mail(session), NOW + timedelta(days=1)
    mail = session.execute(select(OutboxMail)).scalar_one()
    publish(session, BeforeMailSend(mail.key, mail.recipient, later, "Europe/London"))
    assert queries.find_link(session, token, set_up=False, at=later + timedelta(minutes=59)) is not None
    assert queries.find_link(session, token, set_up=False, at=later + timedelta(hours=1)) is None


def test_a_requested_link_is_mailed_even_to_a_suppressed_address(session: Session) -> None:
    person = make_person(session)
    suppress_address(session, str(person.email), "refused", "550 5.1.1", NOW)
    request_link(session, str(person.email), NOW)
    assert suppressed_addresses(session) == {}


def test_a_password_that_was_changed_while_it_was_verified_lets_nobody_in(session: Session) -> None:
    person = make_person(session)
    found = actions.find_account(session, str(person.email), ORIGIN, NOW)
    assert not isinstance(found, TooManyAttempts)
    checked = actions.check_password(found, PASSWORD)
    change_password(session, person, PASSWORD, "another-password", NOW)
    assert actions.sign_in(session, checked, NOW) == WrongPassword()
    assert (
        actions.change_password(session, person.id, checked, hash_password("a-third-password"), NOW) == WrongPassword()
    )


def test_nobody_gets_more_guesses_by_making_them_at_the_same_time(session: Session) -> None:
    person = make_person(session)
    found = actions.find_account(session, str(person.email), ORIGIN, NOW)
    assert not isinstance(found, TooManyAttempts)
    wrong, right = actions.check_password(found, "wrong"), actions.check_password(found, PASSWORD)
    for _ in range(10):
        assert actions.sign_in(session, wrong, NOW) == WrongPassword()
    assert actions.sign_in(session, wrong, NOW) == TooManyAttempts(NOW + 15 * MINUTE)
    assert actions.sign_in(session, right, NOW) == TooManyAttempts(NOW + 15 * MINUTE)


@pytest.mark.both_engines
def test_a_school_behind_one_network_address_is_not_locked_out(session: Session) -> None:
    for purpose, limit in (("links", LINKS_PER_NETWORK), ("failures", ATTEMPTS_PER_NETWORK)):
        assert limit.count >= 300 * 5, purpose
        assert limit.window <= timedelta(minutes=15), purpose
    # Everybody has asked three times, and mistyped their password as often.
    for kind in ("link from", "sign-in from"):
        key = attempt_key(ORIGIN.secret, kind, "192.0.2.1")
        session.add_all(SignInAttempt(key=key, at=NOW) for _ in range(900))
    make_person(session)
    assert request_link(session, "sam@example.org", NOW) is None
    assert isinstance(sign_in(session, "sam@example.org", PASSWORD, ORIGIN, NOW), SignInGranted)


def test_a_session_is_ended_once(session: Session) -> None:
    person = make_person(session)
    assert actions.end_sign_in_session(session, "nonce", person.id, NOW)
    assert not actions.end_sign_in_session(session, "nonce", person.id, NOW)


@pytest.mark.parametrize("email", ["sam@example.org", "nobody@example.org"])
def test_requests_for_links_are_limited_for_known_and_unknown_addresses_alike(session: Session, email: str) -> None:
    make_person(session)
    for _ in range(5):
        assert request_link(session, email, NOW) is None
    assert request_link(session, email, NOW) == TooManyAttempts(NOW + 15 * MINUTE)


def test_asking_for_a_link_does_not_count_as_a_failure_to_sign_in(session: Session) -> None:
    make_person(session)
    for _ in range(5):
        request_link(session, "sam@example.org", NOW)
    for _ in range(9):
        sign_in(session, "sam@example.org", "wrong", ORIGIN, NOW)
    assert isinstance(sign_in(session, "sam@example.org", PASSWORD, ORIGIN, NOW), SignInGranted)


def test_a_changed_password_needs_the_current_one(session: Session) -> None:
    person = make_person(session)
    assert change_password(session, person, "wrong", "another-password", NOW) == WrongPassword()
    changed = change_password(session, person, PASSWORD, "another-password", NOW)
    assert isinstance(changed, SignInGranted)
    assert queries.viewer(session, person.id, changed.session_key, NOW.date()) is not None


GIVEN = SetUpDetails("Hill Trust", "wales", "Ann Hill", "Ann@Example.org", "the hash of a password")


def test_the_set_up_makes_an_organisation_a_team_and_an_administrator(session: Session) -> None:
    token = actions.create_set_up_link(session, NOW)
    assert actions.can_set_up(session, token, NOW)
    entered = actions.set_up(session, token, GIVEN, NOW)
    assert entered is not None
    ours = organisation(session)
    assert ours is not None
    assert (ours.name, ours.nation) == ("Hill Trust", "wales")
    found = queries.viewer(session, entered.person_id, entered.session_key, NOW.date())
    assert found is not None
    viewer, *_ = found
    assert viewer.administrator
    assert viewer.email == "ann@example.org"


def test_the_set_up_happens_once(session: Session) -> None:
    token = actions.create_set_up_link(session, NOW)
    actions.set_up(session, token, GIVEN, NOW)
    assert actions.set_up(session, token, GIVEN, NOW) is None
    assert not actions.can_set_up(session, token, NOW)
    with pytest.raises(ValueError, match="already"):
        actions.create_set_up_link(session, NOW)


def test_a_set_up_link_is_for_nothing_else_and_a_password_link_sets_nothing_up(session: Session) -> None:
    token = actions.create_set_up_link(session, NOW)
    assert use_link(session, token, "another-password", NOW) is None
    assert not actions.can_set_up(session, "no-such-token", NOW)
    assert not actions.can_set_up(session, token, NOW + timedelta(days=1))


def test_a_newer_set_up_link_ends_the_earlier_one(session: Session) -> None:
    old, new = actions.create_set_up_link(session, NOW), actions.create_set_up_link(session, NOW)
    assert not actions.can_set_up(session, old, NOW)
    assert actions.can_set_up(session, new, NOW)
