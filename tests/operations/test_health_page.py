"""The page Health: programs that do regular work, the nightly check of the records, and room on the disks."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.backups.actions.recording import record_backup
from course.clock import now
from course.context import make_context
from course.health.jobs import NIGHTLY_EXAMINATION
from course.health.rules import Examination, Finding, disk_space, examinations_to_json
from course.health.rules.examination import EXAMINATION_LATE
from course.health.rules.readiness import LOW_FREE_BYTES, MIN_FREE_BYTES
from course.jobs.models import Job
from course.operations.rules import STOPPED_SHOWN, format_size
from course.server.actions import record_heartbeat, register_worker
from tests.operations.test_system import SECOND, administrator, card
from tests.pages import Client

pytestmark = pytest.mark.both_engines


def test_programs_that_were_stopped_in_good_order_stand_apart_and_are_forgotten_after_a_day(
    session: Session, client: Client
) -> None:
    administrator(session, client)
    names = [f"server on here, process {n}" for n in range(3)]
    numbers = [register_worker(session, name, now() - timedelta(days=2)) for name in names]
    record_heartbeat(session, numbers[0], names[0], now())
    record_heartbeat(session, numbers[1], names[1], now() - STOPPED_SHOWN + SECOND * 60, stopped=True)
    session.commit()
    said = card(client.get("/system"), "Regular work")
    assert "process 0: running, last seen" in said
    assert "1 program was stopped in the last dayserver on here, process 1: stopped on" in said
    assert "process 2: not seen since" in said
    assert said.count("not seen since") == 1
    record_heartbeat(session, numbers[1], names[1], now() - STOPPED_SHOWN - SECOND, stopped=True)
    session.commit()
    assert "process 1" not in card(client.get("/system"), "Regular work")


def test_the_newest_check_of_the_records_is_shown_with_what_to_do(session: Session, client: Client) -> None:
    administrator(session, client)
    assert "have not been checked yet" in card(client.get("/system"), "Check of the records")
    page = client.follow(client.post(f"/system/jobs/regular/{NIGHTLY_EXAMINATION.name}", {}))
    assert "Check of the records: the job begins" in page.text
    said = card(client.get("/system"), "Check of the records")
    # The database of a test has no backup: that needs a look, and is no fault.
    assert said.startswith("Check of the records Fine The records were checked on ")
    assert "What needs a look" in said
    assert "There is no backup that was verified.Run 'flask backup create FILE'" in said
    assert "What is wrong" not in said
    newest = session.execute(select(Job).where(Job.state == "done").order_by(Job.id.desc()).limit(1)).scalar_one()
    fault = Finding("Two rows are odd.", "Mend them.")
    newest.arguments = examinations_to_json([Examination("learning", 2, (fault,)), Examination("audit", 1, ())])
    session.commit()
    said = card(client.get("/system"), "Check of the records")
    assert said.startswith("Check of the records Check this The records were checked on ")
    assert "What is wrongTwo rows are odd.Mend them." in said
    newest.arguments = examinations_to_json([Examination("audit", 1, ())])
    newest.ended_at = now() - EXAMINATION_LATE + SECOND * 60
    session.commit()
    assert "Fine" in card(client.get("/system"), "Check of the records")
    newest.ended_at = now() - EXAMINATION_LATE - SECOND
    session.commit()
    assert "Check this The records were last checked on" in card(client.get("/system"), "Check of the records")


def test_a_backup_made_after_the_check_of_the_records_ends_its_note(session: Session, client: Client) -> None:
    administrator(session, client)
    client.post(f"/system/jobs/regular/{NIGHTLY_EXAMINATION.name}", {})
    assert "There is no backup that was verified." in card(client.get("/system"), "Check of the records")
    record_backup(make_context(session, None, now()), "/srv/copy.tar.gz", 3_400_000, now())
    session.commit()
    page = client.get("/system")
    assert card(page, "Backup").startswith("Backup Up to date")
    said = card(page, "Check of the records")
    assert said.startswith("Check of the records Fine")
    assert "no backup" not in said


# Free bytes for the database and for backups (None: not on this machine, -1: no such folder), and what is said.
ROOM = [
    (40_000_000_000, None, ("Enough", "For the database40 GB free"), ("For backups",)),
    (40_000_000_000, LOW_FREE_BYTES, ("Enough", "For backups1.0 GB free"), ("make room",)),
    (LOW_FREE_BYTES - 1, 2**40, ("Check this", "1,000 MB free. Less than 1.0 GB: make room soon."), ("Enough",)),
    (MIN_FREE_BYTES - 1, 2**40, ("Check this", "50 MB free. The disk is full, and nothing can be saved"), ("Enough",)),
    (None, MIN_FREE_BYTES - 1, ("Check this", "50 MB free. The disk is full, and no backup can be made"), ("For the",)),
    (2**40, -1, ("Check this", "The folder for backups is missing."), ("Enough",)),
]


@pytest.mark.parametrize(("database", "backups", "said", "unsaid"), ROOM)
def test_the_room_on_the_disks_is_told_in_plain_words(
    app: Flask, database: int | None, backups: int | None, said: tuple[str, ...], unsaid: tuple[str, ...]
) -> None:
    room = {"database": disk_space(database), "backups": disk_space(backups)}
    with app.test_request_context("/"):
        template = app.jinja_env.get_template("operations/room.html")
        html = template.render(room=room, size=format_size, least_room=LOW_FREE_BYTES)
    text = " ".join(re.sub("<[^>]+>", "", html).split())
    for part in said:
        assert part in text
    for part in unsaid:
        assert part not in text


def test_the_page_tells_the_room_for_the_database_only_where_it_is_a_file_here(
    session: Session, client: Client
) -> None:
    administrator(session, client)
    text = client.get("/system").text
    assert ("For the database" in text) == (session.get_bind().dialect.name == "sqlite")
