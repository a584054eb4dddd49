"""Every page as several people, one of them in another language: what a person is shown never depends on who has read
before."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from course.clock import now
from course.content.actions import archive
from course.context import make_context
from course.organisation.actions import change_organisation, confirm_contact, set_colour
from course.people.actions import choose_pathway, set_team_setting
from course.standings.jobs import catch_up
from course.web.unit_of_work import unit_of_work
from tests.conftest import NOW
from tests.makers import make_person, make_team
from tests.support.pseudo_language import LANGUAGE
from tests.support.world import addresses, fill_world

ROOT = Path(__file__).resolve().parents[2]


def _cookies(session: Session, ids: list[int]) -> list[str | None]:
    """What the session cookie of each of these people says, and that of nobody."""
    rows = session.execute(text("select person_id, session_key from credential")).all()
    keys = {row.person_id: row.session_key for row in rows}
    return [*(f"{number}:{keys[number]}:nonce" for number in ids), None]


def test_nobody_is_shown_what_was_made_for_another_reader(fresh_app: Flask, tmp_path: Path) -> None:
    app, file = fresh_app, tmp_path / "fresh.db"
    people = []

    def keep(name: str) -> str:
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(tmp_path / name)) as copy:
            source.backup(copy)
        return str(tmp_path / name)

    with app.app_context(), unit_of_work() as session:
        archive(session, app.extensions["course"].library, NOW)
    with app.app_context(), unit_of_work() as session:
        learner, manager, administrator = fill_world(session)
        # A site with a nation and a lead of its own, the number after hours from above, and one below another.
        group = make_team(session, "Hill Group")
        home = make_team(session, "Ty Bryn", group)
        settings = make_context(session, administrator.id, NOW)
        set_team_setting(settings, home.id, "nation", "wales")
        set_team_setting(settings, home.id, "title", "Ty Bryn Home")
        confirm_contact(settings, "lead", "Lowri Fell", "01632 960101", "lowri@example.org", home.id)
        confirm_contact(settings, "out-of-hours", "Group line", "01632 960102", "", group.id)
        residential = make_person(session, "Rae Tarn", "rae@example.org", team=home)
        for person, pathway in ((learner, "school"), (manager, "social-work"), (residential, "residential")):
            choose_pathway(make_context(session, administrator.id, NOW), [person.id], pathway, "")
        session.execute(text("update person set language = :it where id = :id"), {"it": LANGUAGE, "id": residential.id})
        people.append(_cookies(session, [learner.id, residential.id, manager.id]))
        people.append(_cookies(session, [administrator.id, residential.id]))
        # A look at somebody's record is written down, and would change what the next one shows.
        session.execute(
            text("create trigger keep_no_looks before insert on record_view begin select raise(ignore); end")
        )
        paths = [address for rule, address in addresses(app, session) if rule.endpoint != "auth.choose_language_here"]
    with app.app_context():
        catch_up(now())  # as the worker does each minute: the rows that reports read
    before = keep("before.db")
    with app.app_context(), unit_of_work() as session:
        # Another organisation in all that it can say about itself, and people who moved.
        settings = make_context(session, administrator.id, NOW)
        change_organisation(settings, "Hillside Care", "scotland", "clubs")
        confirm_contact(settings, "lead", "Lena Hill", "01632 960199", "lena@example.org")
        set_colour(settings, "0f4c5c")
        set_team_setting(make_context(session, administrator.id, NOW), home.id, "nation", "northern-ireland")
        confirm_contact(
            make_context(session, administrator.id, NOW),
            "lead",
            "Nuala Glen",
            "01632 960103",
            "nuala@example.org",
            home.id,
        )
        choose_pathway(make_context(session, administrator.id, NOW), [residential.id], "leaders", "")
        session.execute(text("update role_grant set until = '2026-11-01' where person_id = :id"), {"id": manager.id})
    with app.app_context():
        catch_up(now())
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"states": [before, keep("after.db")], "people": people, "addresses": paths,
                                "work": str(tmp_path / "work.db")}), encoding="utf-8")  # fmt: skip
    command = [sys.executable, "-m", "tests.support.readers", str(plan)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout[:4000] + done.stderr[-2000:]
