"""How passwords are hashed: with today's parameters, never many at once, and nobody else has to wait for it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from course.auth import actions
from course.auth import password_hashing as passwords
from course.auth.password_hashing import (
    MAX_CONCURRENT_HASHES,
    MAX_WAITING_THREADS,
    HashingBusyError,
    _places,
    hash_password,
    hashing_turn,
    is_outdated_hash,
    verify_password,
)
from course.clock import now
from tests.makers import PASSWORD, make_person, sign_in
from tests.pages import Client

PLACES = MAX_CONCURRENT_HASHES + MAX_WAITING_THREADS


@contextmanager
def all_places_taken() -> Iterator[list[int]]:
    """As many threads hash and wait as may; how many were ever at work at the same time."""
    release, begun, at_work = threading.Event(), threading.Semaphore(0), list[int]()
    lock, most = threading.Lock(), [0]

    def slow() -> None:
        with hashing_turn():
            with lock:
                at_work.append(1)
                most[0] = max(most[0], len(at_work))
            begun.release()
            release.wait(10)
            with lock:
                at_work.pop()

    threads = [threading.Thread(target=slow) for _ in range(PLACES)]
    for thread in threads:
        thread.start()
    for _ in range(MAX_CONCURRENT_HASHES):
        assert begun.acquire(timeout=10)
    while _places.acquire(blocking=False):  # until each of the threads has its place
        _places.release()
    yield most
    release.set()
    for thread in threads:
        thread.join()


def test_a_hash_is_made_with_19_mib_two_passes_and_one_lane() -> None:
    code = "from course.auth.password_hashing import hash_password; print(hash_password('quiet'))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize(
    "kept",
    [
        # As other programs make them from the same password: the defaults of argon2-cffi, and what this course had before.
        "$argon2id$v=19$m=65536,t=3,p=4$PmXdPQHLhEnQ9BUcsl+Jxg$kt416J4G48zm6ZVU5F9NlEelfVQF8BiWtkwT2STeX3o",
        "$argon2id$v=19$m=19456,t=2,p=1$ZyEnyBq+uXkFfQ4qqsZh5A$nLKLlapn7yKweCNNYKNJU3oWCBQiCIgfGphR470+aJ0",
    ],
)
def test_a_hash_that_another_library_made_verifies_its_password_and_no_other(kept: str) -> None:
    assert verify_password(kept, "quiet-river-stones-42")
    assert not verify_password(kept, "quiet-river-stones-43")


@pytest.mark.parametrize("kept", ["", "!", "ß", "$argon2id$v=19$m=19456,t=2,p=1$x$y", "$argon2id$" + "x" * 300])
def test_no_password_belongs_to_a_text_that_is_no_hash(kept: str) -> None:
    assert not verify_password(kept, "")


def test_a_hash_is_outdated_once_others_cost_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = hash_password(PASSWORD)
    assert not is_outdated_hash(kept)
    for other in (replace(passwords.PARAMETERS, passes=2), replace(passwords.PARAMETERS, memory_kib=16)):
        monkeypatch.setattr(passwords, "PARAMETERS", other)
        assert is_outdated_hash(kept)
        assert not is_outdated_hash(hash_password(PASSWORD))


def test_few_hashes_are_computed_at_once_few_threads_wait_and_the_next_does_not() -> None:
    kept = hash_password(PASSWORD)
    with all_places_taken() as most:
        with pytest.raises(HashingBusyError):
            verify_password(kept, PASSWORD)
        with pytest.raises(HashingBusyError):
            hash_password(PASSWORD)
    assert most == [MAX_CONCURRENT_HASHES]
    assert MAX_CONCURRENT_HASHES <= 2
    assert verify_password(kept, PASSWORD)


def test_a_sign_in_for_which_there_is_no_place_keeps_the_address_and_says_when_to_try_again(
    session: Session, client: Client
) -> None:
    make_person(session)
    with all_places_taken():
        page = client.post("/sign-in", {"email": "sam@example.org", "password": PASSWORD}, 503)
    assert page.headers["Retry-After"] == "5"
    assert "Very many people are signing in at this moment" in page.text
    assert page.fields()["email"] == "sam@example.org"
    assert page.title.startswith("Error")
    assert client.post("/sign-in", {"email": "sam@example.org", "password": PASSWORD}).location == "/"


def test_other_forms_with_a_password_are_kept_too(session: Session, client: Client) -> None:
    token = actions.create_set_up_link(session, now())
    session.commit()
    given = {"organisation": "Hill Trust", "nation": "wales", "pathway": "clubs", "name": "Ann Hill"}
    with all_places_taken():
        page = client.post(
            f"/set-up/{token}", {**given, "email": "ann@example.org", "password": "a-long-password"}, 503
        )
        assert page.fields()["organisation"] == "Hill Trust"
    link = actions.create_link(session, make_person(session).id, "forgotten", now())
    session.commit()
    with all_places_taken():
        client.post(f"/link/{link}", {"password": "another-password"}, 503)
    assert client.post(f"/link/{link}", {"password": "another-password"}).location == "/"


def test_a_password_is_not_changed_while_there_is_no_place(session: Session, client: Client) -> None:
    sign_in(client, make_person(session))
    change = {"current": PASSWORD, "password": "another-password"}
    with all_places_taken():
        client.post("/me", change, 503)
    assert client.post("/me", change).location == "/me"
