"""Rate limits that are counted in the database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.auth import rate_limits
from course.auth.models import SignInAttempt
from course.auth.rate_limits import RateLimiter
from course.web import unit_of_work as unit_of_work_module
from tests.conftest import NOW


def test_requests_are_counted_for_each_key_within_a_moving_window(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    limiter, seconds = RateLimiter("test", 2, 10), [0, 1, 2, 9.9, 10.1, 10.2, 11.1]
    allowed = []
    with app.test_request_context("/"):
        for second in seconds:
            monkeypatch.setattr(rate_limits, "now", lambda at=NOW + timedelta(seconds=second): at)
            allowed.append(limiter.is_allowed("a"))
        assert allowed == [True, True, False, False, True, False, True]
        assert limiter.is_allowed("b")


def test_two_limits_with_the_same_numbers_count_apart_and_no_key_is_stored_as_it_is(
    app: Flask, session: Session
) -> None:
    with app.test_request_context("/"):
        assert RateLimiter("one", 1, 60).is_allowed("192.0.2.1")
        assert RateLimiter("two", 1, 60).is_allowed("192.0.2.1")
        assert not RateLimiter("one", 1, 60).is_allowed("192.0.2.1")
    keys = session.execute(select(SignInAttempt.key)).scalars().all()
    assert len(keys) == 2
    assert all(len(key) == 64 and "192" not in key[:4] for key in keys)


def test_a_window_longer_than_attempts_are_kept_is_refused() -> None:
    with pytest.raises(ValueError, match="attempts are kept"):
        RateLimiter("test", 1, 901)


def test_requests_at_the_same_moment_do_not_pass_the_limit(committed: Flask) -> None:
    limiter = RateLimiter("test", 3, 600)

    def ask(_number: int) -> bool:
        with committed.test_request_context("/"):
            return limiter.is_allowed("a")

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(16))) == 3


def test_a_busy_database_closes_no_page(fresh_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit_of_work_module, "REQUEST_LOCK_SECONDS", 0.1)
    with (
        fresh_app.extensions["course"].engine.connect() as connection,
        connection.begin(),
        fresh_app.test_request_context("/"),
    ):
        assert RateLimiter("test", 1, 60).is_allowed("a")
