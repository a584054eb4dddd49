"""The commands that docs/operations.md names; some are started as a newcomer would, in a new process with no settings at all."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app import create_app
from course.clock import now
from course.content.guessers import PLAIN_SIGNS
from tests.conftest import make_app, make_config
from tests.support.ports import free_port
from tests.support.served import SAMPLE

ROOT = Path(__file__).resolve().parents[2]
FLASK = Path(sys.executable).with_name("flask")


def flask(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environ = {
        name: os.environ[name] for name in ("PATH", "HOME", "LANG", "FLASK_SKIP_DOTENV") if name in os.environ
    } | settings
    return subprocess.run(
        [str(FLASK), *arguments], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=180, check=False
    )


def printed(*arguments: str) -> str:
    """What a command that reads the content alone prints."""
    done = make_app(f"sqlite:///{ROOT / 'there-is-none.db'}").test_cli_runner().invoke(args=arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_content_check_says_that_all_is_well() -> None:
    done = flask("content", "check")
    assert done.returncode == 0, done.stderr
    assert "The content is sound" in done.stdout


def test_the_content_check_refuses_mistakes_and_so_does_the_server(tmp_path: Path) -> None:
    modules = Path(shutil.copytree(ROOT / "modules", tmp_path / "modules"))
    page = modules / "responding" / "pages" / "who-to-tell.md"
    page.write_text(
        page.read_text(encoding="utf-8").replace("source=ceop-part-of-nca", "source=nobody"), encoding="utf-8"
    )
    database = f"sqlite:///{tmp_path / 'x.db'}"
    for command in (("content", "check"), ("serve",)):
        done = flask(*command, CONTENT=str(modules), DATABASE_URL=database)
        assert done.returncode == 1
        assert re.search(r"modules/responding/pages/who-to-tell\.md:\d+: unknown source 'nobody'", done.stderr)
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "x.db").exists()


def test_coverage_is_a_list_with_one_object_for_each_point() -> None:
    rows = json.loads(printed("content", "coverage", "--format", "json"))
    assert len(rows) == 43
    assert all(set(row) == {"id", "taught", "practised", "assessed"} for row in rows)


def test_the_export_has_the_whole_bank_with_reasons() -> None:
    rows = json.loads(printed("content", "export", "--format", "json"))
    assert len(rows) > 60
    for row in rows:
        assert set(row) - {"settings", "intro"} == {"id", "form", "stem", "options", "points", "critical"}
        assert row["points"]
        assert all(option["text"] and option["reason"] for option in row["options"])
        if row["form"] == "one-best":
            assert [option["correct"] for option in row["options"]].count(True) == 1


def test_wrong_settings_are_listed_without_a_traceback() -> None:
    done = flask("serve", PORT="none", TIME_ZONE="Nowhere")
    assert done.returncode == 1
    assert "PORT" in done.stderr
    assert "TIME_ZONE" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_demonstration_shows_two_years_of_an_organisation_and_keeps_what_was_done(
    demo_file: Path, tmp_path: Path
) -> None:
    file = Path(shutil.copyfile(demo_file, tmp_path / "demo.db"))

    def run(*command: str, **settings: str) -> str:
        app = create_app(make_config(f"sqlite:///{file}", **settings))
        done = app.test_cli_runner().invoke(args=command)
        assert done.exit_code == 0, done.output
        app.extensions["course"].engine.dispose()
        return done.stdout

    first = run("demo", "prepare")
    for email in (
        "learner@demo.example",
        "manager@demo.example",
        "admin@demo.example",
        "hr@demo.example",
        "auditor@demo.example",
    ):
        assert email in first
    assert run("demo", "prepare") == first
    assert "demo-password-1" in run("demo", "prepare", DEMO_PASSWORD="demo-password-1")
    # Nothing waits that would fill the screen of whoever looks around, and the facts hold together. At a weekend reminders
    # are queued that leave on Monday.
    run("reminders", "send")
    assert run("boosters", "send", "--dry-run") == "0 boosters.\n"
    assert "has a next due day" in run("refreshers", "guard")
    run("audit", "verify")
    with closing(sqlite3.connect(file)) as database:
        people, teams, years = database.execute(
            "select (select count(*) from person), (select count(*) from team),"
            " (select (max(completed_on) - min(completed_on)) from certificate)"
        ).fetchone()
        due = "select count(*) from outbox_mail where next_try_at <= ?"
        waiting = database.execute(due, (f"{now():%Y-%m-%d %H:%M:%S}",)).fetchone()[0]
    assert (people, teams, waiting) == (247, 14, 0)
    assert years >= 1


@pytest.fixture
def served(tmp_path: Path) -> Iterator[int]:
    """`flask serve` in a process of its own, on a port that was free a moment ago; gives the port."""
    port = free_port()
    environ = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "FLASK_SKIP_DOTENV") if name in os.environ}
    environ |= {"DATABASE_URL": f"sqlite:///{tmp_path / 'course.db'}", "SECRET_KEY": "x" * 40, "PORT": str(port),
                "CONTENT": str(SAMPLE)}  # fmt: skip
    with subprocess.Popen([str(FLASK), "serve"], cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True) as server:  # fmt: skip
        try:
            assert server.stdout is not None
            while "Press Ctrl+C" not in server.stdout.readline():
                assert server.poll() is None, "the server has stopped"
            yield port
        finally:
            server.terminate()
    # Whoever copies the database now has all of it, as it was when the server was stopped.
    assert [path.name for path in tmp_path.iterdir()] == ["course.db"]


def test_a_hundred_and_fifty_idle_browsers_leave_room_for_the_next(served: int) -> None:
    browsers = [http.client.HTTPConnection("127.0.0.1", served, timeout=20) for _ in range(151)]
    for browser in browsers:
        browser.request("GET", "/concern")
        answer = browser.getresponse()
        assert answer.status == 200
        answer.read()
    for browser in browsers:
        browser.close()


def test_the_facts_and_their_days_can_be_listed() -> None:
    rows = json.loads(printed("content", "facts", "--format", "json"))
    assert {row["status"] for row in rows} == {"confirmed", "known", "open"}
    assert all(row["owner"] and row["check_by"] >= row["checked"] for row in rows)
    assert len(rows) > 150
    soon = printed("content", "facts", "--before", "2026-11-29")
    assert "open-school-guidance-2026" in soon
    assert "wales-duty" not in soon
    assert not any(row["late"] for row in rows if row["status"] == "open")


def test_the_content_report_says_how_guessers_do() -> None:
    report = printed("content", "report")
    assert all(sign in report for sign in PLAIN_SIGNS)
    assert "too good" not in report


def test_a_database_that_cannot_be_reached_is_said_in_words() -> None:
    url = "postgresql://u:p@127.0.0.1:1/course"
    done = flask("serve", DATABASE_URL=url, SECRET_KEY="x" * 40, PORT="8397", CONTENT=str(SAMPLE))
    assert done.returncode == 1
    assert "Look at DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr
