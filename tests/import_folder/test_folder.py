"""Lists in the import folder: taken once, whole, in order and by one worker; and what becomes of each file."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from course.audit.models import AuditEntry
from course.clock import now
from course.context import make_context
from course.health.disk import disk_health
from course.health.jobs import EXAMINERS
from course.import_folder import actions, jobs
from course.import_folder.actions import files
from course.import_folder.jobs import FolderBusyError, TakenFile, take_files
from course.import_folder.models import ImportFolderFile
from course.import_folder.rules import files as file_rules
from course.jobs.rules import JobRegistry
from course.jobs.worker import JobWorker
from course.mail.models import OutboxMail
from course.people.models import Person
from course.people_import.actions import LEASE
from course.people_import.models import ImportRun, PeopleImport
from course.web.unit_of_work import read_only_session, unit_of_work
from tests.makers import make_organisation, make_person, make_team, sign_in
from tests.pages import Client, Page, words
from tests.people_import.lists import choose, do
from tests.people_import.lists import look as look_at
from tests.support.rows import count

HEAD = "Email,Name,Team,Last day,Site\n"
LATER = timedelta(minutes=2)


def row(name: str, last_day: str = "") -> str:
    """A line of a list."""
    return f"{name.lower()}@example.org,{name} Lee,North,{last_day},Here\n"


FOUR = HEAD + "".join(map(row, ("Ann", "Bo", "Cy", "Di")))


def later() -> datetime:
    """When a file is complete that was written a moment ago."""
    return now() + LATER


@pytest.fixture
def app(archived_app: Flask) -> Flask:
    return archived_app


@pytest.fixture
def folder(app: Flask, tmp_path: Path) -> Path:
    """The import folder of the application, whose administrator has applied one list of this kind."""
    return prepare(app, tmp_path / "lists")


def prepare(app: Flask, path: Path) -> Path:
    path.mkdir()
    state = app.extensions["course"]
    app.extensions["course"] = replace(state, config=replace(state.config, import_folder=path))
    with app.app_context(), unit_of_work() as session:
        make_organisation(session)
        make_team(session, "North")
        make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    with app.app_context(), unit_of_work() as session:
        import_id, plan = look_at(session, HEAD + row("Ann"))
        do(session, import_id, plan)
    return path


def take(app: Flask) -> list[TakenFile]:
    with app.app_context():
        return take_files(later)


def outcomes(app: Flask) -> list[tuple[str, str]]:
    """The name and the outcome of each file that is taken now."""
    return [(one.name, one.outcome) for one in take(app)]


def people(app: Flask) -> list[str]:
    with app.app_context(), read_only_session() as session:
        rows = select(Person.name).where(Person.left_at.is_(None), Person.name.like("% Lee"))
        return [name.removesuffix(" Lee") for name in session.execute(rows.order_by(Person.name)).scalars()]


def there(folder: Path, place: str = "") -> list[str]:
    """The files in a folder, without the time in their names."""
    return sorted(file.name[18:] if place else file.name for file in (folder / place).iterdir() if not file.is_dir())


def waiting(page: Page) -> dict[str, str]:
    """The address of each list that waits."""
    links = [link for link in page.all("a") if link.find("b") is not None]
    return {words(link): link.get("href") or "" for link in links}


def events(app: Flask) -> list[tuple[str, int | None, str]]:
    """What the log says of lists: the event, who did it, and which connection."""
    with app.app_context(), read_only_session() as session:
        rows = select(AuditEntry.what, AuditEntry.actor_id, AuditEntry.details).where(AuditEntry.what.like("person.%"))
        return [
            (what, who, "Import folder" if "Import folder" in str(details) else "")
            for what, who, details in session.execute(rows.order_by(AuditEntry.number))
            if what in ("person.imported", "person.list_held", "person.list_refused")
        ][1:]


def test_a_list_is_applied_as_the_last_of_its_kind_was_and_the_same_one_again_does_nothing(
    app: Flask, folder: Path
) -> None:
    (folder / "staff.csv").write_text(FOUR)
    (folder / "copy of staff.csv.part").write_text(FOUR)
    with app.app_context():
        assert take_files(now) == [], "a file that has just been written is not complete"
    assert outcomes(app) == [("staff.csv", "apply")]
    assert people(app) == ["Ann", "Bo", "Cy", "Di"]
    assert (there(folder), there(folder, "done")) == (["copy of staff.csv.part"], ["staff.csv", "staff.csv.report.txt"])
    assert events(app) == [("person.imported", None, "Import folder")]
    with app.app_context(), read_only_session() as session:
        newest = session.execute(select(PeopleImport).order_by(PeopleImport.id.desc()).limit(1)).scalar_one()
        assert (newest.connection, newest.uploaded_by, newest.file_name) == ("Import folder", None, "staff.csv")
        imports = count(session, PeopleImport)
        added = select(AuditEntry.details).where(AuditEntry.what == "person.added").order_by(AuditEntry.number.desc())
        assert "Import folder" in str(session.execute(added.limit(1)).scalar_one())
    (folder / "again.csv").write_text(FOUR)
    assert outcomes(app) == [("again.csv", "same")]
    # What was taken back since is brought back by a list that differs from the newest, not only from the first.
    (folder / "a.csv").write_text(FOUR.replace("Bo Lee", "Bo Leigh"))
    (folder / "b.csv").write_text(FOUR)
    assert outcomes(app) == [("a.csv", "apply"), ("b.csv", "apply")], "in the order of their names"
    assert people(app) == ["Ann", "Bo", "Cy", "Di"]
    with app.app_context(), read_only_session() as session:
        assert count(session, PeopleImport) == imports + 2
        assert count(session, OutboxMail) == 0
    # Moving a file is the last change of it.
    with app.app_context():
        assert files.delete_old_files(folder, now() + timedelta(days=13)) == 0
        assert files.delete_old_files(folder, now() + timedelta(days=14, minutes=1)) == 8
    assert there(folder, "done") == []


def test_a_list_that_somebody_has_to_look_at_waits_on_the_page_until_a_newer_one_comes(
    app: Flask, folder: Path
) -> None:
    with app.app_context(), unit_of_work() as session:
        alex = session.execute(select(Person).where(Person.email == "alex@example.org")).scalar_one()
    names = [f"P{letter}" for letter in "abcdefgh"]
    (folder / "1.csv").write_text(HEAD + "".join(map(row, names)))
    assert outcomes(app) == [("1.csv", "apply")]
    leaving = f"{now():%Y-%m-%d}"
    (folder / "2.csv").write_text(HEAD + "".join(row(name, leaving) for name in names))
    (taken,) = take(app)
    assert [str(why) for why in taken.reasons] == ["8 of 10 people would leave by this list."]
    assert len(people(app)) == 9, "nothing has changed"
    assert "8 of 10 people would leave" in (next((folder / "done").glob("*2.csv.report.txt"))).read_text()
    client = sign_in(Client(app), alex)
    assert "1 list from the import folder waits for you" in client.get("/today").text
    page = client.get("/people/import/folder")
    assert "8 of 10 people would leave by this list." in page.text
    address = waiting(page)["2.csv"]
    preview = client.get(address)
    assert "Nothing has changed yet." in preview.text
    # A newer list takes its place; what asks something waits in turn, and a person applies it.
    (folder / "3.csv").write_text(HEAD + row("Zoe") + row("Pa").replace("North", "South"))
    (taken,) = take(app)
    assert "1 team would be added: South." in [str(why) for why in taken.reasons]
    page = client.get("/people/import/folder")
    assert list(waiting(page)) == ["3.csv"]
    assert client.flask.get(address).status_code in (303, 404), "the older list is not kept any more"
    address = waiting(page)["3.csv"]
    (mark,) = [one.get("value") or "" for one in client.get(address).all("input") if one.get("name") == "mark"]
    client.post(f"{address}/apply", {"mark": mark})
    assert "Zoe" in people(app)
    assert events(app)[-1] == ("person.imported", alex.id, ""), "whoever applies it does it"
    assert [what for what, _, via in events(app) if via] == ["person.imported", "person.list_held", "person.list_held"]
    assert "waits for you" not in client.get("/today").text
    with app.app_context(), read_only_session() as session:
        mails = session.execute(select(OutboxMail.recipient, OutboxMail.template)).all()
    assert [tuple(one) for one in mails] == [("alex@example.org", "held_list")] * 2
    # A column that nobody has matched.
    (folder / "4.csv").write_text("Email,Name,Team,Last day,Grade\n" + row("Ann"))
    (taken,) = take(app)
    assert [str(why) for why in taken.reasons] == ["This column is new, and no one has said what it contains: Grade."]


def test_what_is_no_list_is_refused_in_words_beside_it(app: Flask, folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text(FOUR)
    (folder / "a.pdf").write_bytes(b"%PDF-1.7")
    (folder / "b.csv").write_bytes(b"\xff\xfe" + "Email,Name\nann@example.org,Ann".encode("utf-16-le") + b"\x00\xd8a")
    (folder / "c.csv").write_bytes(b"x" * (5 * 1024 * 1024 + 1))
    (folder / "d.csv").symlink_to(secret)
    (folder / "e.xlsx").write_bytes(b"PK\x03\x04 broken")
    os.mkfifo(folder / "f.csv")
    (folder / "g.csv").mkdir()
    (folder / ".hidden.csv").write_text(FOUR)
    assert [name for name, outcome in outcomes(app) if outcome == "refuse"] == [
        "a.pdf",
        "b.csv",
        "c.csv",
        "d.csv",
        "e.xlsx",
        "f.csv",
    ]
    assert there(folder) == [".hidden.csv"]
    said = {file.name[18:-11]: file.read_text() for file in (folder / "refused").glob("*.report.txt")}
    for name, explanation in {
        "a.pdf": "“a.pdf” is not a list of people. Save it as “CSV UTF-8” (.csv)",
        "b.csv": "The letters in this file cannot be read. Save it again as “CSV UTF-8”.",
        "c.csv": "The file is larger than 5 MB. Divide the list, or save it as CSV.",
        "d.csv": "This is a link. Put the list itself into the folder.",
        "e.xlsx": "workbook",
        "f.csv": "This is not a file. Put the list itself into the folder.",
    }.items():
        assert explanation in said[name], name
    assert secret.read_text() == FOUR
    assert people(app) == ["Ann"]
    assert events(app) == [("person.list_refused", None, "Import folder")] * 6
    with app.app_context(), read_only_session() as session:
        assert count(session, OutboxMail) == 6
    # The same file again is refused again, but nobody is mailed about it again.
    (folder / "b2.csv").write_bytes((next((folder / "refused").glob("*b.csv"))).read_bytes())
    assert outcomes(app) == [("b2.csv", "refuse")]
    with app.app_context(), read_only_session() as session:
        assert count(session, OutboxMail) == 6


def test_a_file_that_is_written_while_it_is_read_is_left_for_later(folder: Path) -> None:
    file = folder / ".taken-staff.csv"
    file.write_bytes(b"x" * 1_000_000)
    stop = threading.Event()

    def write() -> None:
        with file.open("ab", buffering=0) as growing:
            while not stop.is_set() and growing.tell() < 4_000_000:
                growing.write(b"y")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with pytest.raises(files.FileInUseError):
            all(files.read_file(file) for _ in range(500))
    finally:
        stop.set()
        writer.join()
    files.put_back(folder, file)
    assert there(folder) == ["staff.csv"]


def test_what_a_killed_worker_was_doing_is_finished_once(app: Flask, folder: Path) -> None:
    # One was killed after it had taken a file, another after it had stored the list and moved the file.
    (folder / "staff.csv").write_text(FOUR)
    with app.app_context():
        taken = files.take_file(folder, "staff.csv")
        assert taken is not None
        assert there(folder) == [".taken-staff.csv"]
    with app.app_context(), unit_of_work() as session:
        assert actions.begin_turn(session, "killed", later())
    with app.app_context(), pytest.raises(FolderBusyError):
        take_files(later)
    with app.app_context():
        files.prepare_folder(folder)
        turn = jobs._Turn(folder, "killed", later)
        found, ids = turn._take(taken)
        assert found is not None
        assert ids is not None
    assert people(app) == ["Ann"]
    with app.app_context(), unit_of_work() as session:
        session.execute(update(ImportRun).where(ImportRun.import_id == ids[1]).values(lease_until=now() - LEASE))
    (folder / "staff.csv").write_text(FOUR + row("Ed"))
    later_still = later() + actions.TURN
    with app.app_context():
        assert [one.outcome for one in take_files(lambda: later_still)] == ["apply"]
    assert people(app) == ["Ann", "Bo", "Cy", "Di", "Ed"], "both lists, the older one first"
    with app.app_context(), read_only_session() as session:
        assert count(session, ImportFolderFile) == 2


def test_a_list_for_which_people_have_changed_meanwhile_is_worked_out_again(app: Flask, folder: Path) -> None:
    (folder / "staff.csv").write_text(FOUR)
    with app.app_context():
        files.prepare_folder(folder)
        taken = files.take_file(folder, "staff.csv")
        assert taken is not None
        with unit_of_work() as session:
            assert actions.begin_turn(session, "here", later())
        turn = jobs._Turn(folder, "here", later)
        _found, ids = turn._take(taken)
        assert ids is not None
        with unit_of_work() as session:
            make_person(session, "Bo Lee", "bo@example.org", password=None)
        assert turn._apply(*ids)
    assert people(app) == ["Ann", "Bo", "Cy", "Di"]
    with app.app_context(), read_only_session() as session:
        assert session.get_one(PeopleImport, ids[1]).applied_at is not None


def test_two_workers_take_a_list_once(committed: Flask, tmp_path: Path) -> None:
    folder = prepare(committed, tmp_path / "lists")
    (folder / "staff.csv").write_text(FOUR)
    gate, results = threading.Barrier(2), list[object]()

    def work() -> None:
        gate.wait()
        try:
            results.append(len(take(committed)))
        except FolderBusyError:
            results.append("busy")

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(map(str, results)) in (["1", "busy"], ["0", "1"])
    assert people(committed) == ["Ann", "Bo", "Cy", "Di"]
    with committed.app_context(), read_only_session() as session:
        assert count(session, ImportFolderFile) == 1
        assert count(session, PeopleImport) == 2
    assert there(folder, "done") == ["staff.csv", "staff.csv.report.txt"]


def test_the_worker_looks_at_night_and_the_command_at_any_time(
    app: Flask, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "staff.csv").write_text(FOUR)
    with app.app_context():
        night = later().replace(hour=2) + timedelta(days=1)
        assert jobs.TAKE.wanted is not None
        assert [jobs.TAKE.wanted(at) for at in (night, night.replace(hour=12))] == [True, False]
        worker = JobWorker(app, "test", JobRegistry(jobs.JOBS), lambda: night)
        worker.make_regular_jobs()
    assert worker.run_waiting() == 2
    assert people(app) == ["Ann", "Bo", "Cy", "Di"]
    monkeypatch.setattr(file_rules, "SETTLED_AFTER", timedelta())
    (folder / "staff.csv").write_text(FOUR + row("Ed"))
    (folder / "photo.jpg").write_bytes(b"\xff\xd8")
    done = app.test_cli_runner().invoke(args=["people", "import-folder"])
    assert done.exit_code == 2, done.output
    assert "staff.csv: applied." in done.output
    assert "photo.jpg: refused: it is now in the folder “refused”. “photo.jpg” is not a list of people." in done.output
    again = app.test_cli_runner().invoke(args=["people", "import-folder"])
    assert (again.exit_code, again.output) == (0, "There is no complete file in the folder.\n")


def test_a_folder_that_cannot_be_used_is_said_in_words_where_somebody_looks(app: Flask, folder: Path) -> None:
    with app.app_context(), read_only_session() as session:
        alex = session.execute(select(Person).where(Person.email == "alex@example.org")).scalar_one()
        assert disk_health().import_folder == "ok"
    client = sign_in(Client(app), alex)
    assert "Import folder" in client.get("/system").text
    (folder / "done").write_text("")
    for broken, word, said in (("file", "closed", "done is a file."), ("missing", "missing", "is missing.")):
        if broken == "missing":
            (folder / "done").unlink()
            folder.rmdir()
        with app.app_context():
            with pytest.raises(files.FolderError, match=said):
                take_files(later)
            assert disk_health().import_folder == word
            with read_only_session() as session:
                files_part = EXAMINERS[-1](session, now())
            assert files_part.area == "files"
            assert [one.words for one in files_part.findings if said in one.words]
        for address in ("/system", "/people/import/folder"):
            assert said in client.get(address).text
        done = app.test_cli_runner().invoke(args=["people", "import-folder"])
        assert (done.exit_code, said in done.output) == (1, True)


def test_a_context_of_the_folder_names_no_person(app: Flask, folder: Path) -> None:
    """The import of a list whose columns a person matches anew is that person's, and its profile counts in the next night."""
    (folder / "staff.csv").write_text("Mail,Who\nann@example.org,Ann Lee\nbo@example.org,Bo Lee\n")
    (taken,) = take(app)
    assert "No list with these columns has been applied yet." in str(taken.reasons[0])
    with app.app_context(), unit_of_work() as session:
        import_id = session.execute(select(ImportFolderFile.import_id)).scalar_one()
        assert import_id is not None
        plan = choose(session, import_id, {"email": 0, "name": 1})
        alex = session.execute(select(Person.id).where(Person.email == "alex@example.org")).scalar_one()
        do(session, import_id, plan)
        assert make_context(session, alex, now()).connection is None
    assert people(app) == ["Ann", "Bo"]
    (folder / "staff.csv").write_text("Mail,Who\nann@example.org,Ann Lee\ncy@example.org,Cy Lee\n")
    assert outcomes(app) == [("staff.csv", "apply")]
    assert people(app) == ["Ann", "Bo", "Cy"]
