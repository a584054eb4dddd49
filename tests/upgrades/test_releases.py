"""The database of each released version, made by that version's own code, brought to today's: nothing that people have, or
were told, is lost. How the files were made, and of what, is in make_release_files.py."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import create_app
from course import schema_upgrade
from course.certificates.actions import reissue
from course.certificates.queries import check_certificate as certificate
from course.certificates.rules import certificate_state
from course.clock import now
from course.context import make_context
from course.credentials import queries as credentials
from course.credentials.rules.checking import check_credential
from course.credentials.rules.keys import Key
from course.dates import civil_date
from course.recertification.queries import people, policies
from course.recertification.rules import certification_status
from course.web.unit_of_work import unit_of_work
from tests.conftest import make_config
from tests.pages import Client
from tests.upgrades.make_release_files import COMMITS, FILES, ZONE, plain

HEADINGS = {
    "valid": "This certificate is valid",
    "expired": "This certificate has expired",
    "replaced": "This certificate has been replaced",
    "revoked": "This certificate has been revoked",
}
# Tables whose rows are in another one since.
MOVED = {"ended_session": "sign_in_session"}


@dataclass(frozen=True)
class Upgraded:
    """A released version's database after the upgrade, and what that version said of it."""

    app: Flask
    path: Path
    said: dict[str, Any]


def unpacked(version: str, path: Path) -> dict[str, Any]:
    """Write the database of a version into `path`; what the version said of it."""
    with closing(sqlite3.connect(path)) as database:
        database.executescript(gzip.decompress((FILES / f"{version}.sql.gz").read_bytes()).decode())
    said = json.loads((FILES / f"{version}.json").read_text(encoding="utf-8"))
    assert isinstance(said, dict)
    return said


@pytest.fixture(scope="module", params=sorted(COMMITS))
def upgraded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgraded]:
    path = tmp_path_factory.mktemp("release") / "course.db"
    said = unpacked(request.param, path)
    app = create_app(make_config(f"sqlite:///{path}", SECRET_KEY=said["secret_key"]))
    app.config["LOG_REQUESTS"] = False
    engine = app.extensions["course"].engine
    schema_upgrade.upgrade(engine)
    schema_upgrade.check_database(engine)
    yield Upgraded(app, path, said)
    engine.dispose()


def test_no_row_is_lost_but_what_a_migration_brings_is_there(upgraded: Upgraded) -> None:
    with closing(sqlite3.connect(upgraded.path)) as database:
        for table, count in upgraded.said["rows"].items():
            found = database.execute(f'select count(*) from "{MOVED.get(table, table)}"').fetchone()[0]
            assert found == count, table


def test_everybody_signs_in_with_their_password_and_comes_to_their_page(upgraded: Upgraded) -> None:
    for key in ("admin", "mo", "bea", "cem", "dil", "eve", "fay"):
        client = Client(upgraded.app)
        client.post("/sign-in", {"email": f"{key}@example.org", "password": upgraded.said["password"]})
        client.get("/")
        client.get("/renewal/mine")
        if key == "admin":
            assert "Harbour House" in client.get("/teams").text
        if key in ("admin", "mo"):
            assert "Eve Example" in client.get("/report").text


def test_every_certificate_is_found_by_its_number_and_says_what_it_said(upgraded: Upgraded) -> None:
    client = Client(upgraded.app)
    today = civil_date(now(), ZONE)
    for one in upgraded.said["certificates"]:
        page = client.get(f"/verify/{one['number']}")
        expected = one["change"] or certificate_state(date.fromisoformat(one["valid_until"]), None, today)
        assert HEADINGS[expected] in page.text
        assert one["name"] in page.text
        assert one["course"] in page.text


def test_signed_certificates_hold_and_the_key_of_that_time_signs_on(upgraded: Upgraded) -> None:
    app, said = upgraded.app, upgraded.said
    # Version 0.2 signed nothing; what it issued is signed after the upgrade.
    done = app.test_cli_runner().invoke(args=["credentials", "sign-missing"])
    assert done.exit_code == 0, done.output
    with app.app_context(), app.extensions["course.sessions"].writing() as session:
        (key,) = credentials.keys(session)
        for one in said["certificates"]:
            if one["change"] is None:
                document = credentials.signed_credential(session, one["id"])
                assert document is not None
                holds(document, key, one["name"], one["valid_until"])
        newest = said["certificates"][-1]
        number = reissue(make_context(session, None, now()), newest["number"], "Another Name", "A name has changed")
        found = certificate(session, number)
        assert found is not None
        document = credentials.signed_credential(session, found.certificate.id)
        assert document is not None
        holds(document, key, "Another Name", newest["valid_until"])
        session.rollback()


def holds(document: bytes, key: Key, name: str, last_day: str) -> None:
    """The signature is that of this key, over this name and this last day."""
    verdict = check_credential(document, [key], now())
    assert verdict.is_signature_valid, verdict
    assert verdict.claims is not None
    assert (verdict.claims.holder_name, verdict.claims.last_day.isoformat()) == (name, last_day)


def test_the_log_is_as_it_was_written(upgraded: Upgraded) -> None:
    done = upgraded.app.test_cli_runner().invoke(args=["audit", "verify"])
    assert done.exit_code == 0, done.output
    with (
        closing(sqlite3.connect(upgraded.path)) as database,
        pytest.raises(sqlite3.DatabaseError, match="only ever added"),
    ):
        database.execute(
            "insert into audit_entry (number, at, what, details, previous, hash) values (9999, '2026-01-01', '', '', '', '')"
        )


def test_everybody_stands_as_they_stood(upgraded: Upgraded) -> None:
    app, said = upgraded.app, upgraded.said
    with app.app_context(), unit_of_work() as session:
        known, rules = people(session, ZONE), policies(session, ZONE)
    for day, expected in said["standings"].items():
        found = {one.email: plain(certification_status(one.facts, rules, date.fromisoformat(day))) for one in known}
        assert found == expected, day
    # Version 0.2 knew no rule of renewal: what it promised is the last day on the certificate.
    by_name = {one.name: one for one in known}
    for one in said["certificates"] if said["version"] == "0.2" else []:
        last = date.fromisoformat(one["valid_until"])
        found_day = certification_status(by_name[one["name"]].facts, rules, last)
        assert (found_day.state, found_day.valid_until) == ("due-soon", last)
