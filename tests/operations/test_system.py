"""Backups, the page System, and the list of outgoing mail."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import create_app
from course import schema_upgrade
from course.audit.models import AuditEntry
from course.backups.actions.archives import unpacked
from course.backups.actions.recording import record_backup
from course.backups.queries import newest_backups, program_version
from course.backups.rules import BACKUP_INTERVAL, is_backup_overdue
from course.clock import now
from course.context import make_context
from course.jobs.actions import claim_job, enqueue, enqueue_regular, fail_job
from course.jobs.models import Job
from course.mail import actions as mail
from course.mail.delivery import SenderSettings, deliver
from course.mail.jobs import render_waiting_mail
from course.mail.models import OutboxMail
from course.mail.rules import CLAIM_DURATION, TEXT_RETENTION, UNKNOWN_OUTCOME, RenderedMail
from course.operations.rules import MAX_MAIL_DELAY, format_size, is_mail_stalled
from course.server.actions import register_worker
from course.server.jobs import REGISTRY
from course.web.unit_of_work import unit_of_work
from tests.conftest import NOW, make_config
from tests.makers import make_person, sign_in
from tests.pages import Client, Page, words
from tests.support.asked import asked
from tests.support.outbox import queue_text
from tests.support.smtp import smtp_server

pytestmark = pytest.mark.both_engines

SECOND = timedelta(seconds=1)


def administrator(session: Session, client: Client) -> Client:
    return sign_in(client, make_person(session, "Alex Morgan", "alex@example.org", "administrator"))


def deeds(session: Session) -> list[str]:
    return list(session.execute(select(AuditEntry.what).order_by(AuditEntry.number)).scalars())


def queue(session: Session, key: str, state: Mapping[str, object] | None = None, **more: object) -> int:
    """A mail in some state; returns its id."""
    queue_text(session, key, f"{key}@example.org", RenderedMail(f"About {key}", "A secret link"), now())
    row = session.execute(select(OutboxMail).where(OutboxMail.key == key)).scalar_one()
    for name, value in {**(state or {}), **more}.items():
        setattr(row, name, value)
    session.commit()
    return row.id


SIZES = [(0, "1 KB"), (900, "1 KB"), (12_345, "12 KB"), (999_999, "1,000 KB"), (3_400_000, "3.4 MB"),
         (56_000_000, "56 MB"), (7_800_000_000, "7.8 GB"), (5_600_000_000_000, "5,600 GB")]  # fmt: skip


@pytest.mark.parametrize(("count", "expected"), SIZES)
def test_a_size_is_shown_with_its_unit(count: int, expected: str) -> None:
    assert format_size(count) == expected


def test_a_backup_is_old_after_a_week_and_when_there_is_none() -> None:
    assert is_backup_overdue(None, NOW)
    assert not is_backup_overdue(NOW - BACKUP_INTERVAL, NOW)
    assert is_backup_overdue(NOW - BACKUP_INTERVAL - SECOND, NOW)


def test_mail_is_stalled_when_due_mail_has_not_been_sent() -> None:
    assert not is_mail_stalled(None, NOW)
    assert not is_mail_stalled(NOW - MAX_MAIL_DELAY, NOW)
    assert is_mail_stalled(NOW - MAX_MAIL_DELAY - SECOND, NOW)


def test_a_backup_holds_everything_and_is_written_down(fresh_app: Flask, tmp_path: Path) -> None:
    with fresh_app.app_context(), unit_of_work() as session:
        make_person(session)
    runner, file = fresh_app.test_cli_runner(), tmp_path / "copy.tar.gz"
    done = runner.invoke(args=["backup", str(file)])
    assert done.exit_code == 0, done.output
    with unpacked(file, []) as backup, closing(sqlite3.connect(backup.database)) as copy:
        assert copy.execute("select name, email from person").fetchall() == [("Sam Okafor", "sam@example.org")]
        assert copy.execute("pragma integrity_check").fetchone() == ("ok",)
        assert copy.execute("pragma journal_mode").fetchone() == ("delete",)
        with pytest.raises(sqlite3.DatabaseError, match="only ever added to"):
            copy.execute("delete from audit_entry")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []
    with fresh_app.app_context(), unit_of_work() as session:
        found, verified = newest_backups(session)
        assert found is not None
        assert (found.file, found.size) == (str(file), file.stat().st_size)
        assert found == verified
        assert "backup.made" in deeds(session)


def test_a_backup_overwrites_nothing_and_says_where_it_cannot_write(fresh_app: Flask, tmp_path: Path) -> None:
    runner, file = fresh_app.test_cli_runner(), tmp_path / "copy.db"
    file.write_text("an older backup", encoding="utf-8")
    done = runner.invoke(args=["backup", str(file)])
    assert done.exit_code == 1
    assert "is there already" in done.output
    assert file.read_text(encoding="utf-8") == "an older backup"
    done = runner.invoke(args=["backup", str(tmp_path / "nowhere" / "copy.db")])
    assert done.exit_code == 1
    assert "cannot be written" in done.output
    with fresh_app.app_context(), unit_of_work() as session:
        assert newest_backups(session) == (None, None)


def test_a_backup_of_another_program_can_be_written_down(app: Flask, session: Session, tmp_path: Path) -> None:
    runner, file = app.test_cli_runner(), tmp_path / "dump"
    done = runner.invoke(args=["backup", "--done", str(file)])
    assert done.exit_code == 1
    assert "There is no file" in done.output
    file.write_bytes(b"x" * 3000)
    assert runner.invoke(args=["backup", "--done", str(file)]).exit_code == 0
    found, verified = newest_backups(session)
    assert found is not None
    assert (found.size, found.verified_at) == (3000, None), "nobody knows what is in it"
    assert verified is None


def card(page: Page, title: str) -> str:
    headed = ((part, part.find(".//h2")) for part in page.all("section"))
    return next(words(part) for part, heading in headed if heading is not None and words(heading).startswith(title))


def test_the_page_says_what_needs_a_look(session: Session, client: Client) -> None:
    administrator(session, client)
    page = client.get("/system")
    assert card(page, "Backup").startswith("Backup Check this No backup has been made yet.")
    assert card(page, "Mail").startswith("Mail Check this Mail is printed on the server and not sent")
    assert card(page, "Regular work").startswith("Regular work Check this No mail and no reminders are sent.")
    assert card(page, "Database").startswith("Database Up to date")
    kind = "SQLite" if session.get_bind().dialect.name == "sqlite" else "PostgreSQL"
    assert f"Kind{kind}" in card(page, "Database")
    assert f"Program{program_version()}" in card(page, "Versions")
    record_backup(make_context(session, None, now()), "/srv/copy.db", 3_400_000)
    session.commit()
    assert "Check this /srv/copy.db of " in card(client.get("/system"), "Backup")
    record_backup(make_context(session, None, now() - timedelta(days=2)), "/srv/copy.tar.gz", 3_400_000, now())
    register_worker(session, "server on here, process 7", now())
    queue(session, "late", next_try_at=now() - MAX_MAIL_DELAY - SECOND)
    page = client.get("/system")
    assert card(page, "Backup").startswith(
        "Backup Up to date The newest verified backup is 2 days old. It was made on "
    )
    assert card(page, "Regular work").startswith("Regular work Running server on here, process 7: running, last seen")
    assert "/srv/copy.tar.gz, 3.4 MB." in card(page, "Backup")
    assert "Is the server running" in card(page, "Mail")
    record_backup(make_context(session, None, now() - BACKUP_INTERVAL - SECOND), "/srv/copy.db", 3_400_000, now())
    session.commit()
    assert "Check this The newest verified backup is 7 days old." in card(client.get("/system"), "Backup")


def test_a_test_mail_goes_the_way_of_every_mail_and_its_state_is_shown(
    app: Flask, session: Session, client: Client
) -> None:
    administrator(session, client)
    page = client.follow(client.post("/system/test-mail", {}))
    assert "Your last testWaiting" in card(page, "Mail")
    with smtp_server() as inbox, app.app_context():
        address = f"smtp://{inbox.host}:{inbox.port}"
        render_waiting_mail()
        sender = SenderSettings(address, "course@example.org", "https://training.example.org", "UTC")
        assert deliver(unit_of_work, sender, now()) == 1
        (message,) = inbox.messages
    assert message["To"] == "alex@example.org"
    assert "Your last testSent" in card(client.get("/system"), "Mail")
    assert deeds(session)[-1] == "mail.tested"


def test_mail_is_not_said_to_work_before_any_has_left(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'mailing.db'}"
    app = create_app(make_config(url, MAIL_URL="smtp://127.0.0.1:2525"))
    app.config["LOG_REQUESTS"] = False
    schema_upgrade.upgrade(app.extensions["course"].engine)
    with app.app_context(), unit_of_work() as session:
        person = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    client = sign_in(Client(app), person)
    assert card(client.get("/system"), "Mail").startswith("Mail Check this No mail has been sent yet.")
    with app.app_context(), unit_of_work() as session:
        queue(session, "sent", sent_at=now(), next_try_at=None, tries=1)
    assert card(client.get("/system"), "Mail").startswith("Mail Working")


def mails(page: Page) -> list[str]:
    return [words(row.find(".//b")) for row in page.all("tr") if row.find(".//b") is not None]


def test_outgoing_mail_shows_what_became_of_each_and_never_its_text(session: Session, client: Client) -> None:
    administrator(session, client)
    queue(session, "waiting")
    queue(session, "tried", failure="451 busy", tries=1)
    queue(session, "failed", next_try_at=None, failure="550 no such mailbox", tries=1)
    queue(session, "sent", next_try_at=None, sent_at=now())
    page = client.get("/mail")
    assert mails(page) == [f"{key}@example.org" for key in ("sent", "failed", "tried", "waiting")]
    assert "A secret link" not in page.html
    assert "550 no such mailbox" in page.text
    for state, keys in {"waiting": ["tried", "waiting"], "failed": ["failed"], "sent": ["sent"], "x": None}.items():
        expected = mails(page) if keys is None else [f"{key}@example.org" for key in keys]
        assert mails(client.get(f"/mail?state={state}")) == expected


def test_pages_of_mail_keep_the_state(app: Flask, session: Session, client: Client) -> None:
    administrator(session, client)
    for number in range(70):
        queue(session, f"k{number}")
    queue(session, "gone", next_try_at=None, sent_at=now())
    page = client.get("/mail?state=waiting")
    assert len(mails(page)) == 50
    link = next(a for a in page.all("a") if words(a) == "Older mails")
    with asked(app) as statements:
        older = client.get(link.get("href", ""))
    assert mails(older)[-1] == "k0@example.org"
    assert len(mails(older)) == 20
    assert len(statements) <= 3, statements
    with asked(app) as statements:
        client.get("/system")
    assert len(statements) <= 10, statements


# For each state of a mail: what it is, and whether it is offered and accepted to send it again.
RETRIES: list[tuple[str, dict[str, object], bool]] = [
    ("given up", {"next_try_at": None, "failure": "550 no", "tries": 6}, True),
    ("given up long ago", {"next_try_at": None, "failure": "550 no", "tries": 6, "text": ""}, False),
    ("waits for hours", {"next_try_at": CLAIM_DURATION * 3, "failure": "451 busy", "tries": 3}, True),
    ("perhaps being sent now", {"next_try_at": CLAIM_DURATION - SECOND * 60, "failure": "451 busy", "tries": 3}, False),
    ("sent", {"next_try_at": None, "sent_at": timedelta(), "text": ""}, False),
]


@pytest.mark.parametrize(("state", "again"), [row[1:] for row in RETRIES], ids=[row[0] for row in RETRIES])
def test_only_a_mail_that_was_not_sent_and_is_not_being_sent_can_be_retried(
    session: Session, client: Client, state: dict[str, object], again: bool
) -> None:
    administrator(session, client)
    at = now()
    number = queue(session, "k", state={n: at + v if isinstance(v, timedelta) else v for n, v in state.items()})
    assert ("Send again to k@example.org" in client.get("/mail").text) == again
    page = client.follow(client.post(f"/mail/{number}/retry", {}))
    assert ("will be sent again" in page.text) == again
    row = session.get(OutboxMail, number, populate_existing=True)
    assert row is not None
    assert (row.next_try_at is not None and row.next_try_at <= now() and row.tries == 0) == again
    assert (deeds(session)[-1] == "mail.retried") == again


def test_the_texts_of_mails_that_were_given_up_are_forgotten_after_a_week(session: Session) -> None:
    at = now()
    queue(session, "old", next_try_at=None, failure="550", queued_at=at - TEXT_RETENTION)
    queue(session, "new", next_try_at=None, failure="550", queued_at=at - TEXT_RETENTION + SECOND)
    queue(session, "waiting", queued_at=at - TEXT_RETENTION)
    mail.erase_old_texts(session, at)
    session.commit()
    kept = {m.key: bool(m.text) for m in session.execute(select(OutboxMail)).scalars()}
    assert kept == {"old": False, "new": True, "waiting": True}


def test_the_page_of_jobs_says_what_is_done_for_whom_and_offers_to_cancel_and_to_repeat(
    session: Session, client: Client
) -> None:
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    sign_in(client, boss)
    pack = enqueue(make_context(session, boss.id, now()), REGISTRY.by_name["evidence.pack"], {}) or 0
    link = (
        enqueue(
            make_context(session, None, now()), REGISTRY.by_name["auth.password_link"], {"email": "sam@example.org"}
        )
        or 0
    )
    claimed = claim_job(session, "mail", REGISTRY.of_lane("mail"), "test", now())
    assert claimed is not None
    assert fail_job(session, REGISTRY.by_name["auth.password_link"], claimed.claim, "It was refused.", now())
    enqueue_regular(session, REGISTRY.by_name["privacy.erase"], now(), now())
    session.commit()
    page = client.get("/system/jobs")
    assert "/system/jobs" in client.get("/system").html
    for part in ("Evidence pack", "Alex Morgan", "Link to choose a password", "It was refused.", "Cancel job"):
        assert part in page.text
    assert "sam@example.org" not in page.html
    assert f"/system/jobs/{link}/repeat" not in page.html, "what it was asked for is not kept"
    assert "Erase data past its time" not in page.text
    assert "Erase data past its time" in client.get("/system/jobs?show=regular").text
    assert [f"job {number}:" in client.get("/system/jobs?show=open").text for number in (pack, link)] == [True, False]
    with asked(client.app) as statements:
        client.get("/system/jobs?show=failed")
    assert len(statements) <= 5, statements
    page = client.follow(client.post(f"/system/jobs/{pack}/cancel", {}))
    assert "The job is cancelled." in page.text
    assert f"/system/jobs/{pack}/repeat" in page.html
    assert "cannot be repeated" in client.follow(client.post(f"/system/jobs/{link}/repeat", {})).text
    assert deeds(session)[-1] == "job.cancelled"


@pytest.mark.parametrize(("state", "cancelled"), [("waiting", True), ("running", False)])
def test_a_list_that_is_being_applied_cannot_be_cancelled(
    session: Session, client: Client, state: str, cancelled: bool
) -> None:
    """It is written to its end whatever happens, so the page must not say that it was stopped."""
    administrator(session, client)
    number = enqueue(make_context(session, None, now()), REGISTRY.by_name["people_import.apply"], {})
    session.execute(update(Job).where(Job.id == number).values(state=state, lease_until=now() + timedelta(minutes=2)))
    session.commit()
    address = f"/system/jobs/{number}/cancel"
    assert (address in client.get("/system/jobs").html) == cancelled
    page = client.follow(client.post(address, {}))
    assert ("The job is cancelled." in page.text, "cannot be stopped" in page.text) == (cancelled, not cancelled)
    assert session.get_one(Job, number, populate_existing=True).state == ("cancelled" if cancelled else "running")


def test_a_mail_whose_sender_died_is_left_to_an_administrator(session: Session, client: Client) -> None:
    administrator(session, client)
    number = queue(session, "k", next_try_at=None, failure=UNKNOWN_OUTCOME, claimed_at=now(), tries=1)
    assert "Not known whether they were sent" in client.get("/system").text
    page = client.get("/mail?state=unknown")
    assert "it is not known whether it left" in page.text
    assert "Send again to k@example.org" in page.text
    client.post(f"/mail/{number}/arrived", {})
    assert deeds(session)[-1] == "mail.confirmed"
    assert mails(client.get("/mail?state=sent")) == ["k@example.org"]
    assert mails(client.get("/mail?state=unknown")) == []
