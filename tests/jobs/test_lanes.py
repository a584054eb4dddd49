"""Mail has a lane of its own: it leaves while everything else is busy, and by one connection."""

from __future__ import annotations

import threading
from pathlib import Path

from app import create_app
from course import schema_upgrade
from course.clock import now
from course.context import make_context
from course.jobs.actions import enqueue
from course.jobs.queries import latest_jobs
from course.jobs.rules import LANE_THREADS, JobKind, JobRegistry, JobRun
from course.jobs.worker import JobWorker
from course.mail.jobs import JOBS as MAIL_JOBS
from course.mail.rules import RenderedMail
from course.web.unit_of_work import read_only_session, unit_of_work
from tests.conftest import make_config
from tests.support.outbox import queue_text
from tests.support.smtp import smtp_server


def test_mail_leaves_by_one_connection_while_exports_keep_every_other_thread_busy(tmp_path: Path) -> None:
    busy, free = threading.Semaphore(0), threading.Event()

    def export(_run: JobRun) -> None:
        busy.release()
        free.wait(60)

    threads = LANE_THREADS["general"]
    kind = JobKind("test.export", "Export", export, at_once=threads)
    with smtp_server() as inbox:
        url = f"sqlite:///{tmp_path / 'lanes.db'}"
        app = create_app(make_config(url, MAIL_URL=f"smtp://{inbox.host}:{inbox.port}"))
        schema_upgrade.upgrade(app.extensions["course"].engine)
        with app.app_context(), unit_of_work() as session:
            for _ in range(2 * threads):
                enqueue(make_context(session, None, now()), kind, {})
        worker = JobWorker(app, "test", JobRegistry((kind, *MAIL_JOBS)), now, poll=0.05)
        worker.start()
        try:
            assert all(busy.acquire(timeout=30) for _ in range(threads))
            with app.app_context(), unit_of_work() as session:
                for number in range(10):
                    message = RenderedMail("Hello", "Hello")
                    queue_text(session, f"k{number}", f"k{number}@example.org", message, now())
            assert len(inbox.wait_for(10, 30)) == 10
            assert inbox.connections == 1
            with app.app_context(), read_only_session() as session:
                running = [job for job in latest_jobs(session) if job.kind == "test.export" and job.state == "running"]
            assert len(running) == threads
        finally:
            free.set()
            assert worker.stop(30)
