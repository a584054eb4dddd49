"""Makes the files of each released version that the tests upgrade: python -m tests.upgrades.make_release_files [VERSION ...]

For each version its own code is taken from the history into a temporary folder, and run there: it migrates an empty
database, people sign in and learn page by page, at dates in 2025 and 2026, as if on those days. What it then says of them is
written beside the database, so that the tests can ask today's version for the same. A file is made once, when a version has
been released, and never again: keys and passwords' hashes would be others.
"""

from __future__ import annotations

import gzip
import importlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, redirect_stdout
from datetime import date, datetime, timedelta
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

from itsdangerous import TimestampSigner
from sqlalchemy.orm import Session

FILES = Path(__file__).resolve().parent / "files"
ROOT = Path(__file__).resolve().parents[2]
# The last commit of each version.
COMMITS = {"0.2": "4c2e8c0", "0.3": "a167586", "0.4": "c96308e", "0.5": "301f324"}
# Since 0.5 the code has the names that it has today.
WITH_OTHER_NAMES = ("0.2", "0.3", "0.4")
LATER = "tests.upgrades.later_story"
PASSWORD = "quiet-river-stones-42"
SECRET = "the-key-of-version-{}-0123456789abcdef0123456789"
ZONE = "Europe/London"
PEOPLE = (
    ("admin", "Ada Administrator", "administrator", None),
    ("mo", "Mo Manager", "manager", "whole"),
    ("bea", "Bea Beispiel", "learner", "house"),
    ("cem", "Cem Örnek", "learner", "house"),
    ("dil", "Dil D’Example-Şahin", "learner", "whole"),
    ("eve", "Eve Example", "learner", "house"),
    ("fay", "Fay Example", "learner", "house"),
)
# The days for which each version says how people stand: when all is new, later, much later.
DAYS = ("2026-11-28", "2027-01-20", "2027-06-01", "2029-03-01")


def make(version: str) -> None:
    """Run this file, and the one beside it, within the code of `version`."""
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(["git", "archive", COMMITS[version]], cwd=ROOT, capture_output=True, check=True).stdout
        with tarfile.open(fileobj=BytesIO(archive)) as tar:
            tar.extractall(folder, filter="data")
        beside = Path(folder) / "tests" / "upgrades"
        beside.mkdir(exist_ok=True)
        for file in (Path(__file__), Path(__file__).with_name("later_story.py")):
            shutil.copy(file, beside)
        environ = {**os.environ, "PYTHONPATH": folder, "PYTHONSAFEPATH": "1"}
        command = [sys.executable, "-m", "tests.upgrades.make_release_files", "--inside", version, str(FILES)]
        subprocess.run(command, cwd=folder, env=environ, check=True)


class Story:
    """What happens in one organisation, done with the code of the version in whose folder this runs."""

    migrations = "course.migrating"

    def __init__(self, version: str, database: Path) -> None:
        from app import create_app  # noqa: PLC0415
        from config import Config  # noqa: PLC0415

        self.clock = importlib.import_module("course.clock")
        url = f"sqlite:///{database}"
        self.config = Config.from_env({"SECRET_KEY": SECRET.format(version), "DATABASE_URL": url})
        self.app = create_app(self.config)
        self.app.config["LOG_REQUESTS"] = False
        self.app.config["IN_BACKGROUND"] = False
        self.renews = version != "0.2"
        importlib.import_module(self.migrations).upgrade(self.app.extensions["course"].engine)

    def tell(self) -> None:
        """Two years of learning."""
        self.on("2025-02-03")
        self.people()
        self.on("2025-02-10")
        self.complete("bea")
        self.on("2025-03-05")
        self.complete("cem")
        self.on("2025-03-10")
        self.begin("eve")
        if self.renews:
            self.renewals()
        self.on("2026-10-05")
        self.complete("admin" if self.renews else "dil")

    def on(self, day: str) -> None:
        """From now on it is that day, at nine, and a second later at each look."""
        moment = datetime.fromisoformat(f"{day}T09:00:00+00:00")

        def later(*_: object) -> datetime:
            nonlocal moment
            moment += timedelta(seconds=1)
            return moment

        vars(self.clock)["datetime"] = type("Clock", (datetime,), {"now": later})
        # Cookies are signed with a time too, and those from another year are not taken.
        setattr(TimestampSigner, "get_timestamp", lambda _: int(moment.timestamp()))  # noqa: B010

    def now(self) -> datetime:
        found = self.clock.now()
        assert isinstance(found, datetime)
        return found

    @contextmanager
    def session(self) -> Iterator[Any]:
        with self.app.app_context(), self.app.extensions["course.sessions"].writing() as session:
            yield session
            session.commit()

    def people(self) -> None:
        from course.content.actions import archive  # noqa: PLC0415
        from course.organisation.actions import create  # noqa: PLC0415
        from course.people.actions import add_person, add_team  # noqa: PLC0415
        from course.signin.actions import set_password  # noqa: PLC0415

        at = self.now()
        with self.session() as session:
            create(session, "Lantern Trust", "england", at)
            archive(session, self.app.extensions["course"].library, at)
            whole = add_team(session, "All of Lantern", None, at)
            house = add_team(session, "Harbour House", whole.id, at)
            # Somebody has clicked twice.
            add_team(session, "Harbour House", whole.id, at)
            self.ids = {}
            teams = {None: None, "whole": whole.id, "house": house.id}
            for key, name, role, team in PEOPLE:
                person: Any = add_person(session, name, f"{key}@example.org", teams[team], role, at)
                self.ids[key] = person.id
                set_password(session, person.id, PASSWORD, at)

    def learner(self, key: str) -> Any:
        """Somebody who has signed in through the page."""
        from tests.pages import Client  # noqa: PLC0415
        from tests.walking import Learner  # noqa: PLC0415

        client = Client(self.app)
        client.post("/sign-in", {"email": f"{key}@example.org", "password": PASSWORD})
        return Learner(self.app, client, self.ids[key])

    def complete(self, key: str) -> None:
        """The whole course, page by page, with one wrong answer to a check on the way."""
        learner = self.learner(key)
        first = next(iter(learner.library.modules.values()))
        learner.check(first, lambda _: False, "guessing")
        learner.modules()
        learner.final()

    def begin(self, key: str) -> None:
        """A part of the course: pages, a story that goes wrong, a check that is not passed."""
        learner = self.learner(key)
        first = next(iter(learner.library.modules.values()))
        learner.read(first)
        learner.scenario(first, next(iter(first.scenarios)), "poor")
        learner.check(first, lambda _: False, "fairly")

    def renewals(self) -> None:
        """A certificate issued anew and one revoked, earlier certificates, more time, a leave, a refresher, other rules."""
        from course.certificates.actions import reissue, revoke  # noqa: PLC0415
        from course.refreshers.actions import extend, import_completion, make_policy, pause  # noqa: PLC0415
        from course.refreshers.rules import Policy  # noqa: PLC0415

        self.on("2025-04-01")
        today, by = self.now().date(), self.ids["admin"]
        with self.session() as session:
            at = self.now()
            (bea,), (cem,) = (
                [c["number"] for c in certificates(self.config, key)] for key in ("Bea Beispiel", "Cem Örnek")
            )
            reissue(session, bea, "Bea Beispiel-Muster", "She has married", by, at)
            revoke(session, cem, "Somebody else answered", by, at)
            import_completion(session, self.ids["dil"], date(2024, 9, 2), None, "Beacon Schools", "initial", "Shown on paper",
                              today, by, at)  # fmt: skip
            pause(session, self.ids["fay"], date(2025, 4, 7), date(2025, 9, 1), 14, "Parental leave", today, by, at)
        self.on("2025-08-20")
        today = self.now().date()
        with self.session() as session:
            extend(session, self.ids["dil"], date(2025, 10, 15), "Away for training", today, self.ids["mo"], self.now())
            rule = Policy(since=date(2025, 9, 1), pathway="early-years", period_months=6, window_days=30)
            make_policy(session, rule, today, "The inspectorate asks for it", by, self.now())
        self.on("2026-01-12")
        self.refresh("bea")
        self.command("refreshers", "guard")
        self.command("reminders", "send")
        self.command("boosters", "send")
        self.command("mail", "send")

    def refresh(self, key: str) -> None:
        from course.people.models import Person  # noqa: PLC0415
        from tests.recall.taking import answer_all, begin, tell_story  # noqa: PLC0415

        learner = self.learner(key)
        begin(learner.client)
        # A session that only reads: the pages write in between.
        engine = self.app.extensions["course"].engine.execution_options(writes=False)
        with Session(engine, expire_on_commit=False) as session:
            person: Any = session.get(Person, self.ids[key])
            tell_story(self.app, learner.client, person, session)
            answer_all(self.app, learner.client, person)

    def command(self, *words: str) -> None:
        with redirect_stdout(StringIO()):
            done = self.app.test_cli_runner().invoke(args=list(words))
        print(words, done.exit_code, done.output[-200:])

    def standings(self) -> dict[str, dict[str, Any]]:
        """How each person stands on DAYS, as this version works it out."""
        if not self.renews:
            return {}
        from course.refreshers.queries import people, policies  # noqa: PLC0415
        from course.refreshers.rules import standing  # noqa: PLC0415

        with self.session() as session:
            known, rules = people(session, ZONE), policies(session, ZONE)
        return {
            day: {one.email: plain(standing(one.facts, rules, date.fromisoformat(day))) for one in known}
            for day in DAYS
        }


def plain(stand: Any) -> dict[str, Any]:
    """A standing as JSON has it."""
    days = {name: getattr(stand, name) for name in ("due", "valid_until")}
    return {
        "state": stand.state,
        "course": stand.course,
        **{name: day.isoformat() if day else None for name, day in days.items()},
    }


def certificates(config: Any, name: str = "%") -> list[dict[str, Any]]:
    """The certificates in the database, oldest first, and what became of them."""
    with closing(sqlite3.connect(config.database_url.removeprefix("sqlite:///"))) as database:
        database.row_factory = sqlite3.Row
        rows = database.execute(
            "select id, number, name, course, completed_on, valid_until from certificate where name like ? order by id",
            (name,),
        )
        found = [dict(row) for row in rows]
        known = database.execute("select 1 from sqlite_master where name = 'certificate_change'").fetchone()
        changes = dict(database.execute("select certificate_id, kind from certificate_change")) if known else {}
    return [{**one, "change": changes.get(one["id"])} for one in found]


def inside(version: str, target: Path) -> None:
    """Tell the story with the code around, and keep the database and what the version says of it."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "course.db"
        # Only where its names are those of that version can the later story be told.
        kind = Story if version in WITH_OTHER_NAMES else importlib.import_module(LATER).LaterStory
        story = kind(version, database)
        story.tell()
        said = {
            "version": version,
            "commit": COMMITS[version],
            "secret_key": SECRET.format(version),
            "password": PASSWORD,
            "certificates": certificates(story.config),
            "standings": story.standings(),
        }
        story.app.extensions["course"].engine.dispose()
        with closing(sqlite3.connect(database)) as source:
            said["rows"] = {
                name: source.execute(f'select count(*) from "{name}"').fetchone()[0]
                for (name,) in source.execute("select name from sqlite_master where type = 'table' order by name")
            }
            dump = "\n".join(source.iterdump())
    with gzip.GzipFile(target / f"{version}.sql.gz", "wb", mtime=0) as file:
        file.write(dump.encode())
    (target / f"{version}.json").write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        inside(sys.argv[2], Path(sys.argv[3]))
    else:
        for one in sys.argv[1:] or [one for one in COMMITS if not (FILES / f"{one}.sql.gz").exists()]:
            make(one)
