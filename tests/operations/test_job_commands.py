"""`flask jobs`: the same rules as the page of jobs, and in the audit log."""

from __future__ import annotations

from datetime import timedelta

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.clock import now
from course.context import make_context
from course.jobs.actions import claim_job, enqueue, enqueue_regular, report_progress
from course.jobs.models import Job
from course.server.jobs import REGISTRY
from tests.makers import make_person, sign_in
from tests.pages import Client

pytestmark = pytest.mark.both_engines


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["jobs", *arguments])


def audit_events(session: Session) -> list[tuple[str, int | None]]:
    rows = select(AuditEntry.what, AuditEntry.actor_id).where(AuditEntry.what.startswith("job."))
    return [(row.what, row.actor_id) for row in session.execute(rows.order_by(AuditEntry.number))]


def test_jobs_are_listed_with_state_kind_owner_progress_and_since_when(app: Flask, session: Session) -> None:
    alex = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    pack = (
        enqueue(make_context(session, alex.id, now()), REGISTRY.by_name["evidence.pack"], {"secret": "sam@example.org"})
        or 0
    )
    claimed = claim_job(session, "general", REGISTRY.of_lane("general"), "worker on here", now())
    assert claimed is not None
    assert report_progress(session, claimed.claim, "Reading records", 2, 5)
    enqueue(make_context(session, alex.id, now()), REGISTRY.by_name["report.file"], {})
    enqueue_regular(session, REGISTRY.by_name["privacy.erase"], now(), now())
    session.commit()
    done = run(app, "list")
    assert done.exit_code == 0, done.output
    waiting, running = [line.split("\t") for line in done.stdout.splitlines()]
    assert running[:5] == [str(pack), "running", "evidence.pack", "Alex Morgan", "Reading records, 2 of 5"]
    assert waiting[1:5] == ["waiting", "report.file", "Alex Morgan", "Waiting to begin, 0 of 1"]
    assert [
        line.split("\t")[2] for line in run(app, "list", "--regular", "--kind", "privacy.erase").stdout.splitlines()
    ] == ["privacy.erase"]
    assert [line.split("\t")[0] for line in run(app, "list", "--state", "running").stdout.splitlines()] == [str(pack)]
    assert "no such jobs" in run(app, "list", "--state", "failed").stderr
    shown = run(app, "show", str(pack))
    for line in ("State: running", "Owner: Alex Morgan", "Worker: worker on here", "Progress: Reading records, 2 of 5"):
        assert line in shown.stdout
    assert "sam@example.org" not in shown.output
    assert run(app, "show", "999").exit_code == 1


def test_a_job_is_cancelled_and_repeated_by_the_rules_of_the_page(app: Flask, session: Session) -> None:
    pack = enqueue(make_context(session, None, now()), REGISTRY.by_name["evidence.pack"], {}) or 0
    link = (
        enqueue(
            make_context(session, None, now()), REGISTRY.by_name["auth.password_link"], {"email": "sam@example.org"}
        )
        or 0
    )
    writing = enqueue(make_context(session, None, now()), REGISTRY.by_name["people_import.apply"], {}) or 0
    row = session.get_one(Job, writing)
    row.state, row.lease_until = "running", now() + timedelta(minutes=2)
    session.commit()
    assert run(app, "repeat", str(pack)).exit_code == 1, "it waits"
    assert run(app, "cancel", str(pack)).exit_code == 0
    assert run(app, "cancel", str(pack)).exit_code == 1
    assert run(app, "repeat", str(pack)).exit_code == 0
    assert run(app, "cancel", str(writing)).exit_code == 1, "a list is written to its end"
    assert run(app, "cancel", str(link)).exit_code == 0
    session.expire_all()
    assert session.get_one(Job, link).arguments == {}, "an address goes with the work"
    assert run(app, "repeat", str(link)).exit_code == 1, "what it was asked for is not kept"
    assert run(app, "cancel", "999").exit_code == 1
    assert audit_events(session) == [("job.cancelled", None), ("job.repeated", None), ("job.cancelled", None)]


def test_regular_work_is_begun_at_once_from_the_command_and_from_the_page(
    app: Flask, session: Session, client: Client
) -> None:
    done = run(app, "run-now", "privacy.erase")
    assert (done.exit_code, "Erase data past its time" in done.stdout) == (0, True), done.output
    assert "is already waiting or running" in run(app, "run-now", "privacy.erase").stderr
    assert "backups.make, " in run(app, "run-now", "evidence.pack").stderr
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    sign_in(client, boss)
    page = client.get("/system/jobs?show=regular")
    assert "/system/jobs/regular/privacy.erase" in page.html
    # The client runs the jobs that wait after each form that it sends: the one of the command has ended after the sign-in.
    assert "begins within a few seconds" in client.follow(client.post("/system/jobs/regular/privacy.erase", {})).text
    assert run(app, "run-now", "privacy.erase").exit_code == 0
    assert "is already waiting or running" in client.follow(client.post("/system/jobs/regular/privacy.erase", {})).text
    client.post("/system/jobs/regular/evidence.pack", {}, 404)
    assert audit_events(session) == [("job.started", None), ("job.started", boss.id), ("job.started", None)]
