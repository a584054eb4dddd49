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
from course.auth.rate_limits import PageAttemptStorage, PageRateLimiter, RateLimiter
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


def shared(session: Session) -> int:
    return len(session.execute(select(SignInAttempt.id)).all())


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds since NOW that the rate limits see; the test changes the one entry."""
    seconds = [0.0]
    monkeypatch.setattr(rate_limits, "now", lambda: NOW + timedelta(seconds=seconds[0]))
    return seconds


def test_a_page_below_a_tenth_of_its_limit_writes_nothing(app: Flask, session: Session, clock: list[float]) -> None:
    limiter = PageRateLimiter("test", 30, 60)
    with app.test_request_context("/"):
        for minute in range(10):
            clock[0] = minute * 61.0
            assert [limiter.is_allowed("a") for _ in range(2)] == [True, True]
        assert shared(session) == 0
        assert limiter.is_allowed("a")
    assert shared(session) == 3


def test_a_page_has_an_exact_moving_window_in_one_process(app: Flask, clock: list[float]) -> None:
    limiter = PageRateLimiter("test", 25, 10)
    with app.test_request_context("/"):
        assert sum(limiter.is_allowed("a") for _ in range(40)) == 25
        assert limiter.is_allowed("b")
        clock[0] = 9.9
        assert not limiter.is_allowed("a")
        clock[0] = 10.1
        assert sum(limiter.is_allowed("a") for _ in range(40)) == 25


@pytest.mark.parametrize(("limit", "processes"), [(1, 3), (30, 2), (60, 4), (300, 4)])
def test_several_processes_exceed_the_limit_of_a_page_by_a_tenth_for_each_at_most(
    app: Flask, limit: int, processes: int
) -> None:
    # What a process knows is in its limiter, so several limiters of one name are several processes.
    limiters = [PageRateLimiter("test", limit, 600) for _ in range(processes)]
    with app.test_request_context("/"):
        allowed = sum(limiter.is_allowed("a") for _ in range(limit) for limiter in limiters)
        assert not any(limiter.is_allowed("a") for limiter in limiters)
    assert limit <= allowed <= limit + processes * max(1, limit // 10)


def test_threads_of_one_process_keep_the_limit_of_a_page(committed: Flask) -> None:
    limiter = PageRateLimiter("test", 20, 600)

    def ask(_number: int) -> bool:
        with committed.test_request_context("/"):
            return limiter.is_allowed("a")

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(60))) == 20


def test_a_busy_database_neither_slows_nor_opens_a_page(
    fresh_app: Flask, monkeypatch: pytest.MonkeyPatch, clock: list[float]
) -> None:
    tries: list[object] = []
    share = PageAttemptStorage._share

    def share_and_note(*arguments: object) -> None:
        tries.append(arguments)
        share(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(PageAttemptStorage, "_share", share_and_note)
    limiter, engine = PageRateLimiter("test", 30, 60), fresh_app.extensions["course"].engine
    with fresh_app.test_request_context("/"):
        with engine.connect() as connection, connection.begin():
            assert sum(limiter.is_allowed("a") for _ in range(40)) == 30, "this process keeps the limit alone"
            # One wait of a hundredth of a second for all of these requests.
            assert len(tries) == 1
        clock[0] = 61
        assert sum(limiter.is_allowed("a") for _ in range(3)) == 3
        with unit_of_work_module.read_only_session() as reading:
            assert shared(reading) == 3


def test_keys_that_were_used_long_ago_are_forgotten(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PageAttemptStorage, "MAX_KEYS", 5)
    limiter = PageRateLimiter("test", 30, 60)
    with app.test_request_context("/"):
        assert all(limiter.is_allowed(f"network {number}") for number in range(50))
        storage = limiter._strategy.storage
        assert isinstance(storage, PageAttemptStorage)
        keys = [limiter._item.key_for(f"network {number}") for number in range(45, 50)]
        assert list(storage.windows()) == [rate_limits._hashed(key) for key in keys]
