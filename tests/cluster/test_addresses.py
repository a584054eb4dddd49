"""Addresses of several database servers, and a standby to read from, in the settings."""

from __future__ import annotations

import pytest
from sqlalchemy.engine import make_url

from config import Config, ConfigError
from course.database_address import hosts, parse_address
from course.db import database_name
from tests.conftest import SECRET

SEVERAL = "postgresql://user:secret@h1:5432,h2:5433/course"
# An address, its servers, the database it is, and what its server must be.
ADDRESSES = [
    (SEVERAL, [("h1", "5432"), ("h2", "5433")], "PostgreSQL course at h1 or h2, port 5433", "read-write"),
    (f"{SEVERAL}?target_session_attrs=any", [("h1", "5432"), ("h2", "5433")],
     "PostgreSQL course at h1 or h2, port 5433", "any"),
    ("postgresql://user@h1,h2/course", [("h1", "5432"), ("h2", "5432")], "PostgreSQL course at h1 or h2", "read-write"),
    ("postgresql://user@[::1]:6000,h2/course", [("::1", "6000"), ("h2", "5432")],
     "PostgreSQL course at ::1, port 6000 or h2", "read-write"),
    ("postgresql://user@/course?host=h1:6000&host=h2", [("h1", "6000"), ("h2", "")],
     "PostgreSQL course at h1, port 6000 or h2", "read-write"),
    ("postgresql://user@/course?host=/run/a,/run/b&port=1,2", [("/run/a", "1"), ("/run/b", "2")],
     "PostgreSQL course at /run/a, port 1 or /run/b, port 2", "read-write"),
    ("postgresql://user@h1/course", [("h1", "")], "PostgreSQL course at h1", None),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "servers", "words", "attributes"), ADDRESSES)
def test_an_address_names_one_server_or_several(
    raw: str, servers: list[tuple[str, str]], words: str, attributes: str | None
) -> None:
    kept = Config.from_env({"SECRET_KEY": SECRET, "DATABASE_URL": raw}).database_url
    assert hosts(make_url(kept)) == servers
    assert database_name(kept) == words
    assert make_url(kept).query.get("target_session_attrs") == attributes
    assert make_url(kept).password == (make_url("postgresql://user:secret@h/c").password if "secret" in raw else None)


def test_the_address_for_reading_leads_to_a_standby_where_there_is_one() -> None:
    settings = {"SECRET_KEY": SECRET, "DATABASE_URL": SEVERAL, "DATABASE_READ_URL": SEVERAL}
    config = Config.from_env(settings)
    assert make_url(config.database_read_url).query["target_session_attrs"] == "prefer-standby"
    assert make_url(config.database_url).query["target_session_attrs"] == "read-write"


MISTAKES = [
    {"DATABASE_URL": "postgresql://user@h1:x,h2/course"},
    {"DATABASE_URL": "postgresql://user@h1,/course"},
    {"DATABASE_READ_URL": "postgresql://host/course"},  # beside SQLite
    {"DATABASE_URL": "postgresql://host/course", "DATABASE_READ_URL": "sqlite:////srv/copy.db"},
    {"DATABASE_URL": "postgresql://host/course", "DATABASE_READ_URL": "postgresql://u:p@pass/word@host/course"},
]


@pytest.mark.parametrize("settings", MISTAKES)
def test_an_address_that_leads_nowhere_is_a_mistake_in_the_settings(settings: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_env({"SECRET_KEY": SECRET, **settings})
    assert list(settings)[-1] in str(caught.value)


def test_an_address_of_sqlite_stays_as_it_is() -> None:
    assert parse_address("sqlite:////srv/course.db", "read-write").render_as_string() == "sqlite:////srv/course.db"
