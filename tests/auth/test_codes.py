"""One-time codes and sign-in names, for people without an e-mail address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.auth import actions, queries
from course.auth.actions import CodeCheck, IssuedCode, RequestSource, SignInGranted, TooManyAttempts, WrongCode
from course.auth.models import SignInAttempt, SignInToken
from course.auth.password_hashing import hash_password
from course.auth.rules import (
    CODE_LIFETIME,
    CODES_PER_LOGIN,
    CodeSubject,
    code_hash,
    common_passwords,
    derive_code,
    format_code,
    may_issue_code,
    parse_code,
    pin_mistake,
)
from course.context import make_context
from course.people.actions import add_identity, delegate, grant_role, record_departure
from course.people.models import Person, Team
from course.people.rules import PersonIdentity, Viewer, is_sign_in_name, sign_in_key
from course.web.unit_of_work import unit_of_work
from tests.auth.entering import sign_in as sign_in_with
from tests.conftest import NOW
from tests.makers import make_organisation, make_person, make_team
from tests.support.racing import at_once

SECRET = "a secret for tests"
ORIGIN = RequestSource("192.0.2.1", SECRET)
PIN = "83920417"


def make_cook(session: Session, team: Team | None = None, number: str = "K-17", name: str = "Dana Bell") -> Person:
    """A person without an e-mail address, who signs in with the staff number."""
    make_organisation(session)
    identity = PersonIdentity(name, staff_number=number)
    person = add_identity(make_context(session, None, NOW), identity, team.id if team else None, "learner")
    assert isinstance(person, Person), person
    session.commit()
    return person


def issue(session: Session, person: Person, days: float = 0) -> str:
    issued = actions.issue_code(make_context(session, None, NOW + timedelta(days=days)), person.id, SECRET)
    assert issued is not None
    return issued.code


def find(session: Session, login: str, code: str, days: float = 0) -> CodeCheck:
    found = actions.find_code(session, login, code, ORIGIN, NOW + timedelta(days=days))
    assert isinstance(found, CodeCheck)
    return found


def redeem(session: Session, login: str, code: str, days: float = 0) -> SignInGranted | WrongCode | TooManyAttempts:
    found = find(session, login, code, days)
    return actions.set_password_by_code(session, found, hash_password(PIN), NOW + timedelta(days=days))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("K-17", "k-17", True),
        ("K 17", "k17", True),
        ("Zoë.B", "ZOE.B", True),
        ("ＫＵ12", "ku12", True),
        ("K-17", "K17", False),
        ("1.23", "123", False),
    ],
)
def test_sign_in_names_are_compared_without_case_accents_and_spaces(one: str, other: str, same: bool) -> None:
    assert (sign_in_key(one) == sign_in_key(other)) is same


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("4711", True),
        ("K-17", True),
        ("dana bell", True),
        ("Łucja.Å", True),
        ("x", False),
        ("dana@example.org", False),
        ("@4711", False),
        ("-17", False),
        ("17\t18", False),
        ("a" * 51, False),
        ("", False),
    ],
)
def test_a_sign_in_name_never_looks_like_an_address(name: str, allowed: bool) -> None:
    assert is_sign_in_name(name) is allowed


@pytest.mark.parametrize(
    ("pin", "words"),
    [
        (PIN, ""),
        ("8392 0417", ""),
        ("4071936285", ""),
        ("1234567", "at least 8 digits"),
        ("12345678", "easy to guess"),
        ("87654321", "easy to guess"),
        ("24680246", "easy to guess"),
        ("00000000", "easy to guess"),
        ("12341234", "easy to guess"),
        ("11223344", "easy to guess"),
        ("17111983", "not a date"),
        ("11171983", "not a date"),
        ("19831117", "not a date"),
        ("47119283", "staff number"),
    ],
)
def test_a_pin_that_is_guessed_first_is_refused(pin: str, words: str) -> None:
    mistake = pin_mistake(pin, "K-4711", common_passwords())
    assert (mistake is None) if not words else words in str(mistake)


def test_a_code_is_read_with_or_without_what_stands_between_its_groups() -> None:
    assert format_code("482190736552") == "4821 9073 6552"
    assert {parse_code(typed) for typed in ("4821 9073 6552", "4821-9073-6552", "482190736552")} == {"482190736552"}
    assert derive_code(SECRET, "sheet", 1) == derive_code(SECRET, "sheet", 1)
    assert len({derive_code(SECRET, sheet, person) for sheet in ("a", "b") for person in (1, 2)}) == 4


ADMINISTRATOR = Viewer(1, "Alex Morgan", "alex@example.org", administrator=True)
MANAGER = Viewer(2, "Priya Shah", "priya@example.org", manages=(1,))
HR = Viewer(3, "Noor Haddad", "noor@example.org", hr=True)


@pytest.mark.parametrize(
    ("viewer", "subject", "allowed"),
    [
        (MANAGER, CodeSubject(9, has_address=False, has_role=False), True),
        (MANAGER, CodeSubject(9, has_address=True, has_role=False), False),
        (MANAGER, CodeSubject(9, has_address=False, has_role=True), False),
        (MANAGER, CodeSubject(2, has_address=False, has_role=False), False),
        (ADMINISTRATOR, CodeSubject(9, has_address=True, has_role=True), True),
        (ADMINISTRATOR, CodeSubject(1, has_address=False, has_role=True), False),
        (HR, CodeSubject(9, has_address=True, has_role=False), True),
        (HR, CodeSubject(9, has_address=False, has_role=True), False),
        (HR, CodeSubject(3, has_address=False, has_role=False), False),
    ],
)
def test_no_manager_gets_into_the_account_of_someone_with_a_role_or_an_address(
    viewer: Viewer, subject: CodeSubject, allowed: bool
) -> None:
    assert may_issue_code(viewer, subject) is allowed


@pytest.mark.both_engines
def test_a_code_lets_somebody_choose_a_pin_once_and_ends_what_was_before(session: Session) -> None:
    cook = make_cook(session)
    code = issue(session, cook)
    stored = session.execute(select(SignInToken).where(SignInToken.purpose == "code")).scalar_one()
    assert stored.token_hash == code_hash(SECRET, cook.id, code)
    granted = redeem(session, " k-17 ", code)
    assert isinstance(granted, SignInGranted)
    assert redeem(session, "K-17", code) == WrongCode()
    assert isinstance(sign_in_with(session, "k-17", PIN, ORIGIN, NOW), SignInGranted)
    again = redeem(session, "K-17", issue(session, cook))
    assert isinstance(again, SignInGranted)
    assert queries.session_key(session, cook.id) == again.session_key != granted.session_key


def test_a_code_ends_with_its_time_with_a_newer_one_and_with_the_employment(session: Session) -> None:
    cook = make_cook(session)
    late = issue(session, cook)
    assert redeem(session, "K-17", late, CODE_LIFETIME.days) == WrongCode()
    assert not find(session, "K-17", late, CODE_LIFETIME.days).is_correct
    issue(session, cook)
    assert redeem(session, "K-17", late) == WrongCode()
    last = issue(session, cook)
    record_departure(make_context(session, None, NOW), cook.id, NOW.date(), "left")
    assert redeem(session, "K-17", last) == WrongCode()
    with pytest.raises(LookupError):
        issue(session, cook)


@pytest.mark.both_engines
@pytest.mark.parametrize("role", ["manager", "hr", "administrator", "deputy"])
def test_a_code_from_before_somebody_got_a_role_opens_nothing(session: Session, role: str) -> None:
    """Whoever made it may make none for somebody with that role."""
    cook, at = make_cook(session), make_context(session, None, NOW + timedelta(hours=1))
    priya = make_person(session, "Priya Shah", "priya@example.org", "manager", at=NOW - timedelta(days=1))
    code = issue(session, cook)
    checked = find(session, "K-17", code)
    if role == "deputy":
        assert delegate(replace(at, actor=priya.id), "K-17", at.today, "holiday") is None
    else:
        grant_role(at, cook.id, role, make_team(session, "Kitchen").id if role == "manager" else None)
    session.commit()
    assert not find(session, "K-17", code, 0.1).is_correct
    # Also if it was looked up just before.
    assert actions.set_password_by_code(session, checked, hash_password(PIN), at.now) == WrongCode()
    assert queries.code_expiries(session, [cook.id], at.now, at.today) == {}
    assert isinstance(redeem(session, "K-17", issue(session, cook, 0.1), 0.1), SignInGranted)


def test_the_same_sheet_gives_the_same_code_until_it_is_used(session: Session) -> None:
    cook = make_cook(session)
    context = make_context(session, None, NOW)
    first = actions.issue_code(context, cook.id, SECRET, "sheet")
    assert isinstance(first, IssuedCode)
    assert actions.issue_code(context, cook.id, SECRET, "sheet") == first
    assert isinstance(redeem(session, "K-17", first.code), SignInGranted)
    assert actions.issue_code(context, cook.id, SECRET, "sheet") is None
    session.commit()
    made = select(func.count()).select_from(AuditEntry).where(AuditEntry.what == "sign_in.code_made")
    assert session.execute(made).scalar_one() == 1


@pytest.mark.parametrize("login", ["K-17", "nobody-there", "nobody@example.org"])
def test_guessing_codes_is_stopped_alike_whether_or_not_somebody_has_the_name(session: Session, login: str) -> None:
    issue(session, make_cook(session))
    for _ in range(6):
        assert redeem(session, login, "000000000000") == WrongCode()
    assert isinstance(actions.find_code(session, login, "000000000000", ORIGIN, NOW), TooManyAttempts)
    session.commit()
    rows = session.execute(select(func.count()).select_from(SignInAttempt)).scalar_one()
    assert rows == 18, "each counts for the name here, for the name, and for the network"
    what = select(AuditEntry.what).where(AuditEntry.what.like("sign_in.code_%")).order_by(AuditEntry.number)
    assert list(session.execute(what).scalars())[-2:] == ["sign_in.code_refused", "sign_in.code_locked"]


def test_guessing_from_many_networks_is_stopped_by_the_name(session: Session) -> None:
    code = issue(session, make_cook(session))
    for number in range(CODES_PER_LOGIN.count):
        source = RequestSource(f"192.0.2.{number}", SECRET)
        found = actions.find_code(session, "K-17", "000000000000", source, NOW)
        assert isinstance(found, CodeCheck)
        actions.set_password_by_code(session, found, hash_password(PIN), NOW)
    assert isinstance(
        actions.find_code(session, "K-17", code, RequestSource("198.51.100.9", SECRET), NOW), TooManyAttempts
    )


def in_transaction(app: Flask, action: Callable[[Session], object]) -> Callable[[], int]:
    """Runs the action in a transaction of its own; 1 if it returned something true."""

    def run() -> int:
        with app.app_context(), unit_of_work() as session:
            return int(bool(action(session)))

    return run


def test_of_four_who_use_one_code_at_once_one_gets_in(committed: Flask) -> None:
    with committed.app_context(), unit_of_work() as session:
        cook = make_cook(session)
        code = issue(session, cook)
        checked = find(session, "K-17", code)
    password_hash = hash_password(PIN)

    def use(session: Session) -> bool:
        return isinstance(actions.set_password_by_code(session, checked, password_hash, NOW), SignInGranted)

    assert sum(at_once([in_transaction(committed, use)] * 4)) == 1


def test_a_code_that_is_used_while_a_new_one_is_made_leaves_one_way_in_at_most(committed: Flask) -> None:
    with committed.app_context(), unit_of_work() as session:
        cook = make_cook(session)
        checked = find(session, "K-17", issue(session, cook))
        person_id = cook.id
    password_hash, made = hash_password(PIN), []

    def use(session: Session) -> bool:
        return isinstance(actions.set_password_by_code(session, checked, password_hash, NOW), SignInGranted)

    def renew(session: Session) -> bool:
        made.append(actions.issue_code(make_context(session, None, NOW), person_id, SECRET))
        return False

    used = sum(at_once([in_transaction(committed, use), in_transaction(committed, renew)]))
    with committed.app_context(), unit_of_work() as session:
        assert made[0] is not None
        # Used first: the new code is a fresh way in. Made first: the old one is refused, and the new one stays. Used last
        # is not possible, because it would have found its code replaced.
        tokens = session.execute(select(SignInToken).where(SignInToken.used_at.is_(None))).scalars().all()
        assert len(tokens) == 1
        assert tokens[0].token_hash == code_hash(SECRET, person_id, made[0].code)
        assert used == (1 if queries.password_hash(session, person_id) else 0)


def test_two_who_take_one_sign_in_name_at_once_are_told_apart(committed: Flask) -> None:
    def add(number: str) -> Callable[[Session], bool]:
        def run(session: Session) -> bool:
            identity = PersonIdentity("Dana Bell", sign_in_name=number)
            return isinstance(add_identity(make_context(session, None, NOW), identity, None, "learner"), Person)

        return run

    assert sum(at_once([in_transaction(committed, add(name)) for name in ("Küche 1", "kuche1", "KUCHE 1")])) == 1
