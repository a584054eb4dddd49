"""What was written twice, or without a key, before deeds were unique: the migration keeps every row. On both engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from course import schema_upgrade
from course.clock import now
from course.db import make_engine
from course.standings.jobs import catch_up
from course.text import search_key

BEFORE, AFTER = "0028", "0029"
ROWS = (
    "INSERT INTO person (id, name, email, created_at) VALUES (1, 'Łucja Åkesson', 'a@example.org', '2026-01-01 09:00:00')",
    "INSERT INTO person (id, name, email, created_at) VALUES (2, 'Bo Lee', 'b@example.org', '2026-01-01 09:00:00')",
    "INSERT INTO team (id, name, opened_at) VALUES (1, 'Café', '2026-01-01 09:00:00')",
    "INSERT INTO team (id, name, opened_at) VALUES (2, 'CAFÉ', '2026-01-02 09:00:00')",
    "INSERT INTO team (id, name, opened_at, closed_at) VALUES (3, 'Café', '2026-01-01 09:00:00', '2026-02-01 09:00:00')",
    *(f"INSERT INTO membership (id, person_id, team_id, since) VALUES ({n}, 1, 1, '2026-01-0{n} 09:00:00')" for n in (1, 2)),
    *(f"INSERT INTO role_grant (id, person_id, role, team_id, since) VALUES ({n}, 1, 'manager', 1, '2026-01-0{n} 09:00:00')"
      for n in (1, 2)),
    *(f"INSERT INTO role_grant (id, person_id, role, since) VALUES ({n}, 2, 'administrator', '2026-01-0{n} 09:00:00')"
      for n in (3, 4)),
    "INSERT INTO audit_entry (number, at, what, subject_kind, subject_id, details, previous, hash) VALUES "
    "(1, '2026-01-03 09:00:00', 'person.invited', 'person', 2, '{}', '', 'x')",
    # Invited before there was a log; and invited at an address that was corrected since.
    *(f"INSERT INTO person (id, name, email, created_at) VALUES ({n}, 'Cy', 'p{n}@example.org', '2026-01-01 09:00:00')"
      for n in (3, 4, 5)),
    *(f"INSERT INTO sign_in_token (id, person_id, purpose, token_hash, created_at, expires_at) VALUES "
      f"({n}, {n}, '{purpose}', '{n}', '2026-01-04 09:00:00', '2026-01-11 09:00:00')"
      for n, purpose in ((3, "invitation"), (4, "invitation"), (5, "forgotten"))),
    "INSERT INTO person_change (id, person_id, name, email, reason, changed_at) VALUES "
    "(1, 4, 'Cy', 'wrong@example.org', '', '2026-01-05 09:00:00')",
)  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        engine = make_engine(f"sqlite:///{tmp_path / 'before.db'}")
    else:
        url = make_url(request.getfixturevalue("postgres_url"))
        with create_engine(url, isolation_level="AUTOCOMMIT").connect() as server:
            server.execute(text("drop database if exists keys"))
            server.execute(text("create database keys"))
        engine = make_engine(url.set(database="keys").render_as_string(hide_password=False))
    yield engine
    engine.dispose()


def test_rows_that_were_written_twice_stay_and_the_later_one_has_ended(engine: Engine) -> None:
    schema_upgrade.upgrade(engine, BEFORE)
    with engine.begin() as connection:
        for row in ROWS:
            connection.execute(text(row))
    schema_upgrade.upgrade(engine, AFTER)
    with engine.begin() as connection:

        def rows(statement: str) -> list[tuple[object, ...]]:
            return [tuple(row) for row in connection.execute(text(statement))]

        assert rows("SELECT id, name_key FROM person ORDER BY id") == [
            (1, "lucja akesson"), (2, "bo lee"), (3, "cy"), (4, "cy"), (5, "cy"),
        ]  # fmt: skip
        assert rows("SELECT id, open_key FROM team ORDER BY id") == [(1, "0/café"), (2, "0/café#2"), (3, None)]
        assert rows("SELECT id FROM membership WHERE until IS NULL") == [(1,)]
        assert rows("SELECT id FROM role_grant WHERE until IS NULL ORDER BY id") == [(1,), (3,)]
        assert rows("SELECT count(*) FROM role_grant") == [(4,)]
        assert rows("SELECT id FROM person WHERE invited_at IS NOT NULL ORDER BY id") == [(2,), (3,)]
    schema_upgrade.downgrade(engine, BEFORE)
    with engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM membership")).scalar_one() == 2


NAMES = [f"Ann O{sign}Neill" for sign in "´\u1ffd‛ʹʽˊˋ′‵ʾʿ‒—−'’-"]


def test_names_with_another_sign_for_an_apostrophe_or_a_hyphen_are_found_after_the_upgrade(committed: Flask) -> None:
    engine = committed.extensions["course"].engine
    with committed.app_context():
        catch_up(now())
    schema_upgrade.downgrade(engine, "0072")
    row = "INSERT INTO person (name, email, name_key, created_at) VALUES (:name, :email, 'ann o neill as before', :at)"
    with engine.begin() as connection:
        for number, name in enumerate(NAMES):
            at = "2026-01-01 09:00:00+00:00"
            connection.execute(text(row), {"name": name, "email": f"{number}@example.org", "at": at})
    schema_upgrade.upgrade(engine)
    with engine.connect() as connection:
        keys = {row.name: row.name_key for row in connection.execute(text("SELECT name, name_key FROM person"))}
        assert keys == {name: search_key(name) if name in NAMES[:-3] else "ann o neill as before" for name in NAMES}
        assert connection.execute(text("SELECT cursor FROM standings_mark")).scalars().all() == [0]
