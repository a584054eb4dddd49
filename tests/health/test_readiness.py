"""Whether a server may be sent people: one word for each part, and what follows."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from course.clock import now
from course.health.rules import (
    DatabaseHealth,
    DiskHealth,
    disk_word,
    readiness,
)
from course.health.rules.readiness import LOW_FREE_BYTES, MIN_FREE_BYTES
from course.schema_upgrade import newest_revision
from course.server.actions import check_secret_key, register_worker
from course.server.rules import SILENT_AFTER
from tests.conftest import SECRET

SOUND = DatabaseHealth("0040", "same", True)
ROOMY = DiskHealth(10 * LOW_FREE_BYTES, None)


@pytest.mark.parametrize(
    ("database", "disk", "status", "words"),
    [
        (SOUND, ROOMY, "ready", {}),
        (replace(SOUND, key="new"), ROOMY, "ready", {}),
        (
            None,
            ROOMY,
            "not ready",
            {"database": "down", "migrations": "unknown", "worker": "unknown", "key": "unknown"},
        ),
        (replace(SOUND, revision="0039"), ROOMY, "not ready", {"migrations": "other"}),
        (replace(SOUND, revision=None), ROOMY, "not ready", {"migrations": "other"}),
        (replace(SOUND, key="other"), ROOMY, "not ready", {"key": "other"}),
        (replace(SOUND, worker=False), ROOMY, "attention", {"worker": "silent"}),
        (SOUND, DiskHealth(MIN_FREE_BYTES - 1, None), "not ready", {"disk": "full"}),
        (SOUND, DiskHealth(LOW_FREE_BYTES - 1, None), "attention", {"disk": "low"}),
        (SOUND, DiskHealth(None, MIN_FREE_BYTES - 1), "attention", {"backup_disk": "full"}),
        (SOUND, DiskHealth(None, -1), "attention", {"backup_disk": "missing"}),
    ],
)
def test_what_keeps_people_from_working_makes_a_server_not_ready_and_all_else_asks_for_attention(
    database: DatabaseHealth | None, disk: DiskHealth, status: str, words: dict[str, str]
) -> None:
    found = readiness(database, "0040", disk)
    sound = dict.fromkeys(("database", "migrations", "worker", "key", "disk", "backup_disk"), "ok")
    assert (found.status, found.words) == (status, sound | words)
    assert found.is_ready is (status != "not ready")


@pytest.mark.parametrize(("free", "word"), [(None, "ok"), (-1, "missing"), (0, "full"), (LOW_FREE_BYTES, "ok")])
def test_the_word_for_a_disk(free: int | None, word: str) -> None:
    assert disk_word(free) == word


def asked(app: Flask, path: str = "/health/ready") -> tuple[int, dict[str, Any]]:
    """Status and words; nothing that an earlier question of this test found is kept."""
    app.extensions.pop("course.readiness", None)
    response = app.test_client().get(path)
    assert response.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in response.headers
    return response.status_code, json.loads(response.data)


def test_a_process_that_answers_is_live_whatever_the_database_does(app: Flask) -> None:
    with app.extensions["course"].engine.connect() as connection:
        seen: list[str] = []
        event.listen(connection, "before_cursor_execute", lambda *given: seen.append(given[2]))
        assert asked(app, "/health/live") == (200, {"status": "live"})
        assert seen == []


@pytest.mark.both_engines
def test_a_server_with_a_worker_is_ready_and_one_without_asks_for_attention(committed: Flask) -> None:
    with committed.app_context():
        from course.web.unit_of_work import unit_of_work  # noqa: PLC0415

        status, words = asked(committed)
        assert (status, words["status"], words["worker"]) == (200, "attention", "silent")
        with unit_of_work() as session:
            check_secret_key(session, SECRET, now())
            worker = register_worker(session, "a worker", now() - SILENT_AFTER - timedelta(seconds=1))
        assert asked(committed)[1]["worker"] == "silent"
        with unit_of_work() as session:
            register_worker(session, "another worker", now())
        status, words = asked(committed)
        assert (status, words["worker"], words["key"], words["migrations"]) == (200, "ok", "ok", "ok")
        assert worker
        with unit_of_work() as session:
            session.execute(text("update alembic_version set version_num = '0001'"))
        assert newest_revision() != "0001"
        status, words = asked(committed)
        assert (status, words["status"], words["migrations"]) == (503, "not ready", "other")
        assert "0001" not in json.dumps(words)


def test_a_server_without_its_database_is_not_ready_and_says_so_in_time(fresh_app: Flask, tmp_path: Path) -> None:
    fresh_app.extensions["course"].engine.dispose()
    for file in tmp_path.glob("fresh.db*"):
        file.write_bytes(b"this is no database, and was never one" * 100)
    status, words = asked(fresh_app)
    assert (status, words["status"], words["database"]) == (503, "not ready", "down")


def test_many_questions_within_a_second_ask_the_database_once(app: Flask, session: Session) -> None:
    seen: list[str] = []
    event.listen(session.connection(), "before_cursor_execute", lambda *given: seen.append(str(given[2])))
    asked(app)
    first = len(seen)
    assert first > 0
    for _ in range(20):
        assert app.test_client().get("/health/ready").status_code == 200
    assert len(seen) == first
