"""The secret key that a database is used with, and programs that run with other settings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.credentials.models import SignedCredential
from course.server import actions
from course.server.commands import _check_settings
from course.server.queries import count_unsigned_certificates, secret_key_state
from course.server.rules import KeyState, comparable_settings, differing_settings, key_fingerprint, key_state
from course.server.settings_check import own_settings
from course.web.unit_of_work import unit_of_work
from tests.certificates.makers import make_certificate
from tests.conftest import NOW, SECRET, make_app
from tests.makers import make_organisation, make_person, sign_in
from tests.pages import Client

OTHER = "another-key-0123456789abcdef0123456789abcdef"
STATES: list[tuple[str | None, bool | None, KeyState]] = [
    (None, None, "new"),
    (None, True, "new"),
    (None, False, "other"),
    (key_fingerprint(SECRET), None, "same"),
    (key_fingerprint(OTHER), None, "other"),
]


@pytest.mark.parametrize(("stored", "opens", "expected"), STATES)
def test_a_key_is_the_databases_or_new_or_another(stored: str | None, opens: bool | None, expected: KeyState) -> None:
    assert key_state(SECRET, stored, opens) == expected


def test_a_fingerprint_does_not_give_the_key_away() -> None:
    assert SECRET not in key_fingerprint(SECRET)
    assert key_fingerprint(SECRET) != key_fingerprint(OTHER)
    told = comparable_settings(SECRET, {"TIME_ZONE": "UTC"}, {"MAIL_URL": "smtp://u:password@mail.example.org"})
    assert "password" not in str(told)


HIDDEN = frozenset({"MAIL_URL"})
DIFFERENCES = [
    (SECRET, "UTC", "console:", []),
    (SECRET, "Europe/London", "console:", ["TIME_ZONE"]),
    (SECRET, "UTC", "smtp://mail.example.org", ["MAIL_URL"]),
    (OTHER, "UTC", "console:", ["SECRET_KEY"]),  # with another key every hash is another
]


@pytest.mark.parametrize(("secret", "zone", "mail", "expected"), DIFFERENCES)
def test_the_settings_in_which_two_programs_differ_are_named(
    secret: str, zone: str, mail: str, expected: list[str]
) -> None:
    own = comparable_settings(SECRET, {"TIME_ZONE": "UTC"}, {"MAIL_URL": "console:"})
    other = comparable_settings(secret, {"TIME_ZONE": zone}, {"MAIL_URL": mail})
    assert differing_settings(own, other, HIDDEN) == expected
    assert differing_settings(own, {}, HIDDEN) == [], "a worker of an earlier version has not said with what it runs"


def test_the_first_key_is_noted_and_another_is_recognised(session: Session) -> None:
    assert actions.check_secret_key(session, SECRET, NOW) == "same"
    assert actions.check_secret_key(session, SECRET, NOW) == "same"
    assert actions.check_secret_key(session, OTHER, NOW) == "other"
    actions.accept_secret_key(session, OTHER, "lost in a fire", NOW)
    assert (secret_key_state(session, OTHER), secret_key_state(session, SECRET)) == ("same", "other")


@pytest.fixture
def restored(committed: Flask) -> Iterator[Flask]:
    """The same database with another secret key, in which a certificate was signed before."""
    with committed.app_context(), unit_of_work() as session:
        make_organisation(session)
        make_certificate(session)
        make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    url = committed.extensions["course"].config.database_url
    app = make_app(url, SECRET_KEY=OTHER, TIME_ZONE="Europe/Paris")
    yield app
    app.extensions["course"].engine.dispose()


def test_a_database_without_its_key_says_so_until_another_is_accepted(
    committed: Flask, restored: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also one that was made before fingerprints were kept: its signing key does not open."""
    with committed.app_context(), unit_of_work() as session:
        person = make_person(session, "Ines Lund", "ines@example.org", "administrator")
        actions.register_worker(session, "serve on here", NOW + timedelta(days=9000), own_settings())
    with restored.app_context(), unit_of_work() as session:
        assert actions.check_secret_key(session, OTHER, NOW) == "other"
        make_certificate(session, "noor@example.org")
        assert count_unsigned_certificates(session) == 1
    with restored.app_context():
        _check_settings()
    told = capsys.readouterr().err
    assert "Warning: SECRET_KEY is not the key that this database was used with." in told
    assert "runs with other settings: SECRET_KEY, TIME_ZONE" in told
    # What could not be signed is signed as soon as the key is back.
    with committed.app_context():
        _check_settings()
        with unit_of_work() as session:
            assert count_unsigned_certificates(session) == 0
    assert "signed now: 1 of 1" in capsys.readouterr().err
    with restored.app_context(), unit_of_work() as session:
        make_certificate(session, "femi@example.org")
    page = sign_in(Client(restored), person).get("/system").text
    assert "SECRET_KEY is not the key that this database was used with." in page
    assert "1 certificate has no signature." in page
    assert "serve on here runs with other settings: SECRET_KEY, TIME_ZONE" in page
    runner = restored.test_cli_runner()
    restored.extensions["course"].engine.dispose()
    # As in a process that has just begun.
    restored.extensions["course.opening"]._is_done = False
    said = runner.invoke(args=["audit", "head"])
    assert said.stdout.count("\n") == 1
    assert "Warning: SECRET_KEY is not the key" in said.stderr
    assert "runs with other settings: SECRET_KEY, TIME_ZONE" in said.stderr
    done = runner.invoke(args=["system", "accept-key", "--reason", "the disk with the key is lost"])
    assert (done.exit_code, "Certificates signed: 1." in done.stdout) == (0, True), done.output
    assert runner.invoke(args=["system", "accept-key", "--reason", "again"]).exit_code == 1
    with restored.app_context(), unit_of_work() as session:
        assert (secret_key_state(session, OTHER), count_unsigned_certificates(session)) == ("same", 0)
        assert session.execute(select(func.count()).select_from(SignedCredential)).scalar_one() == 3
        last = session.execute(select(AuditEntry.what).order_by(AuditEntry.number.desc()).limit(1)).scalar_one()
        assert last == "secret_key.changed"
    page = sign_in(Client(restored), person).get("/system").text
    assert "The secret key is the right one for this database." in page
