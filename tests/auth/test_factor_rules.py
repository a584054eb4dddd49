"""Second factors as rules: codes of an app, recovery codes, challenges of passkeys, and who needs one from when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from course.auth.passkey_checks import passkey_site
from course.auth.rules import (
    APP_CODE_DIGITS,
    CHALLENGE_LIFETIME,
    FactorRule,
    app_code_step,
    factor_deadline,
    format_recovery_code,
    is_app_code,
    is_challenge_good,
    new_challenge,
    new_recovery_codes,
    parse_factor_code,
    recovery_code_hash,
    required_since,
    seal_app_secret,
    unseal_app_secret,
)

AT = datetime(2026, 11, 29, 12, 0, 10, tzinfo=UTC)
STEP = int(AT.timestamp()) // 30
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("steps_away", "last_step", "accepted"),
    [
        (0, 0, True),
        (-1, 0, True),
        (1, 0, True),
        (-2, 0, False),
        (2, 0, False),
        (0, STEP, False),  # used already
        (-1, STEP - 1, False),
        (-1, STEP, False),  # an older one than the last
        (1, STEP, True),
    ],
)
def test_a_code_of_the_app_counts_one_step_around_now_and_once(steps_away: int, last_step: int, accepted: bool) -> None:
    code = pyotp.TOTP(SEED).at((STEP + steps_away) * 30)
    assert app_code_step(SEED, code, last_step, AT) == (STEP + steps_away if accepted else None)


@pytest.mark.parametrize("typed", ["", "12345", "abcdef", "１２３４５６", "0000000"])
def test_what_is_no_code_of_the_app_is_refused(typed: str) -> None:
    assert app_code_step(SEED, typed, 0, AT) is None


def test_the_seed_in_a_form_is_that_of_its_person_only() -> None:
    sealed = seal_app_secret(SEED, "secret", 7)
    assert SEED not in sealed
    assert unseal_app_secret(sealed, "secret", 7) == SEED
    for other in (
        (sealed, "secret", 8),
        (sealed, "another", 7),
        ("", "secret", 7),
        ("é", "secret", 7),
        ("AAAA", "secret", 7),
    ):
        assert unseal_app_secret(*other) is None


def test_recovery_codes_are_ten_different_ones_that_are_never_taken_for_codes_of_the_app() -> None:
    codes = new_recovery_codes()
    assert len(set(codes)) == 10
    for code in codes:
        printed = format_recovery_code(code)
        assert len(printed.split("-")) == 3
        assert parse_factor_code(f" {printed.upper()} ") == code
        assert not is_app_code(code)
        assert recovery_code_hash("secret", 7, printed) == recovery_code_hash("secret", 7, code)
        assert recovery_code_hash("secret", 8, code) != recovery_code_hash("secret", 7, code)
    assert is_app_code("0" * APP_CODE_DIGITS)


def rules(*decided: tuple[int, bool, int]) -> list[FactorRule]:
    return [FactorRule(is_required, days, AT + day * DAY) for day, is_required, days in decided]


@pytest.mark.parametrize(
    ("decided", "role_day", "deadline_day"),
    [
        ((), 0, None),  # nothing was ever decided
        (((0, True, 14),), None, None),  # sees nobody
        (((0, True, 14),), -100, 14),  # the rule came later
        (((0, True, 14),), 5, 19),  # the role came later
        (((0, True, 0),), -100, 0),
        (((0, True, 14), (3, True, 7)), -100, 7),  # another number of days does not begin anew
        (((0, True, 14), (3, False, 14)), -100, None),
        (((0, True, 14), (3, False, 14), (9, True, 2)), -100, 11),  # after a break it does
    ],
)
def test_the_grace_begins_with_the_rule_or_with_the_role(
    decided: tuple[tuple[int, bool, int], ...], role_day: int | None, deadline_day: int | None
) -> None:
    since = None if role_day is None else AT + role_day * DAY
    assert factor_deadline(rules(*decided), since) == (None if deadline_day is None else AT + deadline_day * DAY)


def test_a_rule_holds_until_it_is_taken_back() -> None:
    assert required_since(rules((0, False, 3))) is None
    assert required_since(rules((0, True, 3), (2, True, 9))) == AT


@pytest.mark.parametrize(
    ("purpose", "person", "secret", "age", "good"),
    [
        ("second", 7, "secret", timedelta(0), True),
        ("second", 7, "secret", CHALLENGE_LIFETIME, True),
        ("second", 7, "secret", CHALLENGE_LIFETIME + timedelta(seconds=1), False),
        ("second", 7, "secret", timedelta(minutes=-1), False),
        ("sign-in", 7, "secret", timedelta(0), False),
        ("second", 8, "secret", timedelta(0), False),
        ("second", 7, "another", timedelta(0), False),
    ],
)
def test_a_challenge_is_good_for_its_purpose_and_person_for_ten_minutes(
    purpose: str, person: int, secret: str, age: timedelta, good: bool
) -> None:
    made = new_challenge("second", 7, "secret", AT.replace(microsecond=0))
    assert is_challenge_good(made, purpose, person, secret, AT.replace(microsecond=0) + age) == good  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("address", "host", "origin", "takes"),
    [
        ("https://course.example.org", "course.example.org", "https://course.example.org", True),
        ("https://course.example.org:8443/x", "course.example.org", "https://course.example.org:8443", True),
        ("http://localhost:8000", "localhost", "http://localhost:8000", True),
        ("http://course.example.org", "course.example.org", "http://course.example.org", False),
        ("http://127.0.0.1:8000", "127.0.0.1", "http://127.0.0.1:8000", False),
        ("https://[::1]:8000", "::1", "https://[::1]:8000", False),
    ],
)
def test_passkeys_belong_to_the_host_of_the_public_address(address: str, host: str, origin: str, takes: bool) -> None:
    found = passkey_site(address)
    assert (found.host, found.origin, found.takes_passkeys) == (host, origin, takes)
